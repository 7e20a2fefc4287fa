"""Wait for a gradebook that another program has locked, and name that program."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import psutil

from autograder.batch.report import RunStoppedError
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError, sqlite_path

Result = TypeVar("Result")
LOCK_TIMEOUT_S: Final = 600.0  # somebody may have left a database browser open
RETRY_INTERVAL_S: Final = 0.5  # SQLite itself already waits five seconds in each attempt


def retry_while_locked(
    action: Callable[[], Result],
    db_url: str,
    notify: Callable[[str], object],
    timeout_s: float = LOCK_TIMEOUT_S,
) -> Result:
    """Run an action on the gradebook, again and again while it raises `GradebookLockedError`.

    `notify` receives one message for each program that holds the lock.

    Raises:
        RunStoppedError: The gradebook stayed locked.
    """
    deadline, notified = time.monotonic() + timeout_s, set[str]()
    while True:
        try:
            return action()
        except GradebookLockedError:
            holders = " and ".join(lock_holders(db_url)) or "another program"
            if time.monotonic() > deadline:
                raise RunStoppedError(
                    f"The gradebook was locked by {holders} for {timeout_s:.0f} s. Close it there."
                ) from None
            if holders not in notified:
                notify(f"The gradebook is locked by {holders}. Waiting for it to be released.")
                notified.add(holders)
            time.sleep(RETRY_INTERVAL_S)


def lock_holders(db_url: str) -> list[str]:
    """Return which processes hold a lock on the gradebook's file, where ``/proc/locks`` says so."""
    try:
        status = os.stat(sqlite_path(db_url))  # type: ignore[arg-type]  # noqa: PTH116  (None raises)
        locks = Path("/proc/locks").read_text(encoding="ascii")
    except (OSError, TypeError):
        return []
    inode = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    pids = dict.fromkeys(map(int, re.findall(rf" (\d+) {inode} ", locks)))
    return [_describe(pid) for pid in pids if pid not in {0, os.getpid()}]


def _describe(pid: int) -> str:
    with suppress(psutil.Error):
        return f"process {pid} ({psutil.Process(pid).name()})"
    return f"process {pid}"
