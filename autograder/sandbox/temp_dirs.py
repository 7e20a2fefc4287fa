"""Folders for what is needed for a while, and clearing away what a killed process has left.

A folder is locked as long as its process lives, and the system frees a lock when a process ends,
however it ends. So what nobody holds is left over, whoever asks and whatever its number was.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from autograder.sandbox import file_locks

KINDS: Final = ("grading", "kernel", "kernel-home", "nursery", "nursery-home")
YOUNG: Final = 60.0  # seconds; a new folder may not be locked yet
_MARK: Final = "autograder-"


@contextlib.contextmanager
def temp_dir(kind: str) -> Iterator[Path]:
    """Make a folder that only we can enter; it goes when this ends.

    Example:
        >>> with folder("kernel") as place:
        ...     place.is_dir()
        True

    Args:
        kind: What it is for, one of `KINDS`.
    """
    with tempfile.TemporaryDirectory(prefix=f"{_MARK}{kind}-") as name:
        if not file_locks.able():
            yield Path(name)
            return
        number = os.open(name, os.O_RDONLY)
        try:
            file_locks.take(number)
            yield Path(name)
        finally:
            os.close(number)


def remove_stale(place: Path | None = None, older: float = YOUNG) -> list[Path]:
    """Remove our folders that nobody holds; return where they were.

    Args:
        place: Where to look; the system's folder for such things if None.
        older: Seconds that a folder must be old.
    """
    if not file_locks.able():
        return []
    swept = []
    for found in sorted(Path(place or tempfile.gettempdir()).glob(f"{_MARK}*")):
        with contextlib.suppress(OSError):  # somebody else's, or gone meanwhile
            state = found.lstat()
            if state.st_uid != os.geteuid() or time.time() - state.st_mtime < older:
                continue
            number = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if file_locks.take(number):
                    shutil.rmtree(found)
                    swept.append(found)
            finally:
                os.close(number)
    return swept
