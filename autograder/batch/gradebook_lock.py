"""Waiting for a gradebook that another program has locked, and saying which."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy.engine import make_url

from autograder.batch.report_line import StoppedError

Found = TypeVar("Found")
PATIENCE: Final = 600.0  # seconds; somebody may have gone for a coffee with a window open
PAUSE: Final = 0.5  # seconds between two tries; SQLite itself waits for five in each


class GradebookLockedError(RuntimeError):
    """Another program has locked the gradebook."""


def retry_while_locked(
    act: Callable[[], Found],
    db_url: str,
    tell: Callable[[str], object],
    patience: float = PATIENCE,
) -> Found:
    """Do something with the gradebook, again and again as long as it is locked.

    Args:
        act: What to do; it raises `LockedError` if it has done nothing for that reason.
        db_url: The gradebook's address.
        tell: Is told, once for each, who has locked it.
        patience: Seconds to wait in all.

    Raises:
        StoppedError: It stayed locked.
    """
    ends, told = time.monotonic() + patience, set[str]()
    while True:
        try:
            return act()
        except GradebookLockedError:
            who = " and ".join(holders(db_url)) or "another program"
            if time.monotonic() > ends:
                raise StoppedError(
                    f"The gradebook was locked by {who} for {patience:.0f} s. Close it there."
                ) from None
            if who not in told:
                tell(f"The gradebook is locked by {who}. The run waits until it is free.")
                told.add(who)
            time.sleep(PAUSE)


def file(db_url: str) -> Path | None:
    """Return the file of a gradebook; None if it has none, as on a server.

    Example:
        >>> file("sqlite:////srv/course/gradebook.db")
        PosixPath('/srv/course/gradebook.db')
    """
    url = make_url(db_url)
    named = url.database or ""
    return Path(named) if url.get_backend_name() == "sqlite" and named else None


def holders(db_url: str) -> list[str]:
    """Return who holds a lock on the gradebook's file, as far as the system tells (Linux does)."""
    path = file(db_url)
    found: dict[str, None] = {}
    with suppress(OSError, TypeError):
        state = os.stat(path)  # type: ignore[arg-type]  # noqa: PTH116  (None raises, as meant)
        place = f"{os.major(state.st_dev):02x}:{os.minor(state.st_dev):02x}:{state.st_ino}"
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.replace("->", "").split()
            if len(words) > 5 and words[5] == place and int(words[4]) not in {os.getpid(), -1, 0}:
                found[_named(int(words[4]))] = None
    return list(found)


def _named(pid: int) -> str:
    with suppress(OSError):
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        return f"process {pid} ({name})"
    return f"process {pid}"
