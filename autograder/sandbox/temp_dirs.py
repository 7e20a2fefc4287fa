"""Temporary folders that are removed even if the process that made them was killed.

Each folder is locked for as long as its process lives, so one that nobody has locked is stale.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

_fcntl: Any = None
with contextlib.suppress(ImportError):  # Windows: nothing is locked there, nothing swept
    import fcntl as _fcntl

Purpose = Literal["grading", "kernel", "kernel-home", "forkserver", "forkserver-home"]
MIN_STALE_AGE_S: Final = 60.0  # a new folder may not be locked yet
_PREFIX: Final = "autograder-"


def try_lock(fd: int) -> bool:
    """Lock an open file or folder until it is closed; return False if somebody else holds it.

    On Windows nothing is locked, and the result is always True.
    """
    if _fcntl is not None:
        try:
            _fcntl.flock(fd, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        except OSError:
            return False
    return True


@contextlib.contextmanager
def temp_dir(purpose: Purpose) -> Iterator[Path]:
    """Make a folder that only this user can enter, and remove it afterwards.

    Example:
        >>> with temp_dir("kernel") as folder:
        ...     folder.is_dir()
        True
    """
    with (
        tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{purpose}-") as name,
        contextlib.ExitStack() as stack,
    ):
        if _fcntl is not None:
            fd = os.open(name, os.O_RDONLY)
            stack.callback(os.close, fd)
            try_lock(fd)
        yield Path(name)


def remove_stale(parent: Path | None = None, min_age_s: float = MIN_STALE_AGE_S) -> list[Path]:
    """Remove this user's folders whose process has ended; return their paths.

    ``parent`` is the system's temporary folder by default; younger folders are left alone.
    """
    if _fcntl is None:
        return []
    removed = []
    for folder in sorted(Path(parent or tempfile.gettempdir()).glob(f"{_PREFIX}*")):
        with contextlib.suppress(OSError):  # another user's, or removed meanwhile
            status = folder.lstat()
            if status.st_uid != os.geteuid() or time.time() - status.st_mtime < min_age_s:
                continue
            fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if try_lock(fd):
                    shutil.rmtree(folder)
                    removed.append(folder)
            finally:
                os.close(fd)
    return removed
