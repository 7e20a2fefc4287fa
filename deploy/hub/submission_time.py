"""The real time of a submission, from time stamps that no student can set.

Linux records every change of a file or folder (its ctime), and no program can choose that time. A
restore creates all files anew, so the backup remembers the times; each stays valid while the
submission's content is unchanged.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from course.server.receipts import Receipt, hash_files

REMEMBERED_FILE: Final = "arrivals.json"  # in the course folder, written by a restore
RememberedTimes = Mapping[str, tuple[str, str]]  # folder name -> (SHA-256 of the content, time)


def content_hash(folder: Path) -> str:
    """Return the SHA-256 of a submission's content, as in receipts."""
    return Receipt("", "", "", "", hash_files(folder)).content


def newest_change(folder: Path) -> datetime:
    """Return when a folder or anything in it was last added or changed.

    Example:
        >>> newest_change(Path("/nowhere"))
        Traceback (most recent call last):
        FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'
    """
    newest = folder.lstat().st_ctime
    for _, folders, files, opened in os.fwalk(folder):  # follows no links
        stats = [os.fstat(opened), *(_stat(name, opened) for name in (*folders, *files))]
        newest = max([newest, *(stat.st_ctime for stat in stats if stat)])
    return datetime.fromtimestamp(newest, UTC)


def submission_time(folder: Path, known: RememberedTimes) -> datetime:
    """Return when a submission in the exchange was made; `known` is from `read_remembered`."""
    if folder.name in known:
        expected, time = known[folder.name]
        if content_hash(folder) == expected:
            return datetime.fromisoformat(time)
    return newest_change(folder)


def read_remembered(course_folder: Path) -> RememberedTimes:
    """Return the submissions from before the last restore; empty if there was none."""
    path = course_folder / REMEMBERED_FILE
    if not path.exists():
        return {}
    times: dict[str, tuple[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return times


def _stat(name: str, folder: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:  # removed in the meantime, which changes the folder's own ctime
        return None
