"""When a submission really came: by the machine's own mark on its files, which no student can set.

Linux marks every change of a file or a folder (its ctime), and no program can choose that time. A
restore makes all files anew; what came when is remembered by the backup, for as long as a
submission is what it was then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from course.server.receipts import Receipt, hash_files

FILE: Final = "arrivals.json"  # in the course folder: what a restore remembers
Known = Mapping[str, tuple[str, str]]  # a folder's name -> SHA-256 of its content, time


def content(folder: Path) -> str:
    """Return the SHA-256 of a submission's content, as receipts have it."""
    return Receipt("", "", "", "", hash_files(folder)).content


def newest_change(folder: Path) -> datetime:
    """Return when a folder, or anything in it, was put there or changed for the last time.

    Example:
        >>> newest_change(Path("/nowhere"))
        Traceback (most recent call last):
        FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'
    """
    newest = folder.lstat().st_ctime
    for _, folders, files, opened in os.fwalk(folder):  # which follows no link
        marks = [os.fstat(opened), *(_mark(name, opened) for name in (*folders, *files))]
        newest = max([newest, *(mark.st_ctime for mark in marks if mark)])
    return datetime.fromtimestamp(newest, UTC)


def submission_time(folder: Path, known: Known) -> datetime:
    """Return when a submission came.

    Args:
        folder: The submission, in the exchange.
        known: What `remembered` returns.
    """
    if folder.name in known:
        was, when = known[folder.name]
        if content(folder) == was:
            return datetime.fromisoformat(when)
    return newest_change(folder)


def remembered(course_folder: Path) -> Known:
    """Return what came before the last restore, by the folder's name; nothing without one."""
    path = course_folder / FILE
    if not path.exists():
        return {}
    found: dict[str, tuple[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _mark(name: str, folder: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:  # gone in the meantime, which the folder's own mark tells
        return None
