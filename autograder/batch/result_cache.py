"""Results kept in the course folder, so that an interrupted run continues where it stopped.

Each result is a file, ``.grading/ASSIGNMENT/STUDENT.json``, under a key made from everything that
decides about it. It is stored before it is written to the gradebook; ``STUDENT.written`` then says
to which gradebook. So no submission is graded twice, and none is lost between the two steps. The
folder contains everybody's answers and points, so only its owner may read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel

from autograder.batch.result import JobResult
from autograder.sandbox import temp_dirs
from course import atomic_write

FOLDER: Final = ".grading"


class _CacheEntry(BaseModel):
    key: str
    result: JobResult


class RunInProgressError(RuntimeError):
    """Another run is grading the same assignment."""


class ResultCache:
    """The results of one assignment."""

    def __init__(self, root: Path, assignment: str, db_url: str) -> None:
        self.folder = root / FOLDER / assignment
        self._db_hash = hashlib.sha256(db_url.encode()).hexdigest()  # a URL may hold a password

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other runs from grading the assignment.

        Raises:
            RunInProgressError: Another run is grading it now.
        """
        self._make_private_folder()
        with (self.folder / "lock").open("a+", encoding="ascii") as file:
            if not temp_dirs.try_lock(file.fileno()):
                file.seek(0)
                raise RunInProgressError(
                    f"Another run is grading {self.folder.name}"
                    f" (process {file.read().strip() or 'unknown'}). Wait for it or stop it."
                )
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def get(self, student: str, key: str) -> JobResult | None:
        """Return a student's result if it is stored under this key."""
        try:
            entry = _CacheEntry.model_validate_json(self._result_path(student).read_bytes())
        except (OSError, ValueError):  # missing or truncated
            return None
        return entry.result if entry.key == key else None

    def put(self, student: str, key: str, text: str) -> None:
        """Store a result, a JSON text, under a hash of everything that decides about it."""
        self._make_private_folder()
        # A result that a power cut damages is unreadable, and the submission is graded again.
        entry = f'{{"key": {json.dumps(key)}, "result": {text}}}'
        atomic_write.write_text(self._result_path(student), entry)

    def delete(self, student: str) -> None:
        """Delete a student's result."""
        self._result_path(student).unlink(missing_ok=True)

    def is_written(self, student: str, key: str) -> bool:
        """Return whether the result under this key was written to the gradebook in full."""
        try:
            return self._mark_path(student).read_text(encoding="ascii") == self._mark(key)
        except (OSError, ValueError):
            return False

    def mark_written(self, student: str, key: str) -> None:
        """Record that a result is in the gradebook."""
        self._mark_path(student).write_text(self._mark(key), encoding="ascii")

    def clear_mark(self, student: str) -> None:
        """Record that a result is about to be written, so the gradebook may hold part of it."""
        self._mark_path(student).unlink(missing_ok=True)

    def _make_private_folder(self) -> None:
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_mode & 0o077 and folder.stat().st_uid == os.geteuid():
                folder.chmod(0o700)

    def _result_path(self, student: str) -> Path:
        return self.folder / f"{student}.json"

    def _mark_path(self, student: str) -> Path:
        return self.folder / f"{student}.written"

    def _mark(self, key: str) -> str:
        return f"{key} {self._db_hash}"
