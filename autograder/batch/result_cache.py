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

from pydantic import BaseModel

from autograder.batch.inputs import GradingInputs
from autograder.batch.result import JobResult
from autograder.sandbox import temp_dirs
from autograder.score_history import FOLDER
from course import atomic_write


class CacheEntry(BaseModel):
    """A stored result, its key, and what that was made from."""

    key: str
    inputs: GradingInputs | None = None
    result: JobResult


class RunInProgressError(RuntimeError):
    """Another run is grading the same assignment."""


class ResultCache:
    """The results of one assignment."""

    def __init__(self, root: Path, assignment: str, db_url: str) -> None:
        self.folder = root / FOLDER / assignment
        self._db_hash = hashlib.sha256(db_url.encode()).hexdigest()  # a URL may hold a password

    @contextlib.contextmanager
    def lock(self, *, read_only: bool = False) -> Iterator[None]:
        """Keep other runs from grading the assignment; with `read_only`, without any change.

        Raises:
            RunInProgressError: Another run is grading it now.
        """
        path = self.folder / "lock"
        if read_only and not path.exists():
            yield
            return
        if not read_only:
            self._make_private_folder()
        with path.open("r" if read_only else "a+", encoding="ascii") as file:
            if not temp_dirs.try_lock(file.fileno()):
                file.seek(0)
                raise RunInProgressError(
                    f"Another run is grading {self.folder.name}"
                    f" (process {file.read().strip() or 'unknown'}). Wait for it or stop it."
                )
            if read_only:
                yield
                return
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def get(self, student: str, key: str) -> JobResult | None:
        """Return a student's result if it is stored under this key."""
        entry = self.entry(student)
        return entry.result if entry and entry.key == key else None

    def entry(self, student: str) -> CacheEntry | None:
        """Return a student's latest result with its key."""
        try:
            return CacheEntry.model_validate_json(self._result_path(student).read_bytes())
        except (OSError, ValueError):  # missing or truncated
            return None

    def put(self, student: str, key: str, text: str, inputs: GradingInputs | None = None) -> None:
        """Store a result, a JSON text, under a hash of everything that decides about it."""
        self._make_private_folder()
        # A result that a power cut damages is unreadable, and the submission is graded again.
        made_from = inputs.model_dump_json() if inputs else "null"
        entry = f'{{"key": {json.dumps(key)}, "inputs": {made_from}, "result": {text}}}'
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
