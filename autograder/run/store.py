"""What a run has done, kept in the course's folder: a run that ends early goes on from there.

Each result lies in a file of its own, ``.grading/ASSIGNMENT/STUDENT.json``, under a key made from
all that decides about it. A result is kept before it is written to the gradebook, and marked
when it has been; so nothing is run twice, and nothing is lost between the two.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FOLDER: Final = ".grading"


@dataclass(frozen=True)
class Kept:
    """One result as it is kept.

    Attributes:
        key: From what it was made.
        result: What `task.work` returned.
        written: Whether it stands in the gradebook.
    """

    key: str
    result: dict[str, Any]
    written: bool


class Store:
    """The results of one assignment.

    Args:
        root: The course's folder.
        assignment: The assignment's name.
    """

    def __init__(self, root: Path, assignment: str) -> None:
        self.folder = root / FOLDER / assignment

    def get(self, student: str, key: str) -> Kept | None:
        """Return the result for a submission, if it was made from just that."""
        try:
            data = json.loads(self._path(student).read_bytes())
            kept = Kept(data["key"], dict(data["result"]), bool(data["written"]))
        except (OSError, ValueError, KeyError, TypeError):  # none, or cut off
            return None
        return kept if kept.key == key else None

    def put(self, student: str, kept: Kept) -> None:
        """Keep a result, wholly or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(student)
        beside = path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"key": kept.key, "written": kept.written, "result": kept.result}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"
