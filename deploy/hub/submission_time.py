"""The real time of a submission, from time stamps that no student can set.

A restore creates all files anew, so the backup remembers the times; each stays valid while the
submission's content is unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from autograder.nbgrader_plugins.timestamps import newest_change
from course.server.receipts import Receipt, hash_files

REMEMBERED_FILE: Final = "arrivals.json"  # in the course folder, written by a restore
RememberedTimes = Mapping[str, tuple[str, str]]  # folder name -> (SHA-256 of the content, time)


def content_hash(folder: Path) -> str:
    """Return the SHA-256 of a submission's content, as in receipts."""
    return Receipt("", "", "", "", hash_files(folder)).content


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
