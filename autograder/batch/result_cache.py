"""What a run has done, kept in the course's folder: a run that ends early goes on from there.

Each result lies in a file of its own, ``.grading/ASSIGNMENT/STUDENT.json``, under a key made from
all that decides about it. A result is kept before it is written to the gradebook. When it has been,
``STUDENT.written`` says so, and of which gradebook. So nothing is run twice, and nothing is lost
between the two. The folder holds everybody's answers and points, so nobody else may look into it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from autograder.sandbox import file_locks
from course import atomic_write

FOLDER: Final = ".grading"


class RunInProgressError(RuntimeError):
    """Another run over the same assignment is going on."""


class ResultCache:
    """The results of one assignment.

    Args:
        root: The course's folder.
        assignment: The assignment's name.
        gradebook: The gradebook's address.
    """

    def __init__(self, root: Path, assignment: str, gradebook: str) -> None:
        self.folder = root / FOLDER / assignment
        # An address may hold a password.
        self._gradebook = hashlib.sha256(gradebook.encode()).hexdigest()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, no other run over the assignment can begin.

        Raises:
            BusyError: One is going on.
        """
        self._make()
        with (self.folder / "lock").open("a+", encoding="ascii") as file:
            if not file_locks.take(file.fileno()):
                file.seek(0)
                raise RunInProgressError(
                    f"Another run over {self.folder.name} is going on"
                    f" (process {file.read().strip() or 'unknown'}). Wait for it or stop it."
                )
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def get(self, student: str, key: str) -> dict[str, Any] | None:
        """Return the result for a submission, if it was made from just that."""
        try:
            data = json.loads(self._path(student).read_bytes())
            found, result = str(data["key"]), dict(data["result"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):  # none, or cut off
            return None
        return result if found == key else None

    def put(self, student: str, key: str, text: str) -> None:
        """Keep a result, wholly or not at all.

        Args:
            student: Whose it is.
            key: From what it was made.
            text: The result, as the text of a JSON object.
        """
        self._make()
        # A result that a power cut damages is unreadable, and the submission is graded again.
        entry = f'{{"key": {json.dumps(key)}, "result": {text}}}'
        atomic_write.write_text(self._path(student), entry)

    def drop(self, student: str) -> None:
        """Forget a result."""
        self._path(student).unlink(missing_ok=True)

    def written(self, student: str, key: str) -> bool:
        """Whether a result has been written wholly to this gradebook, as far as is known here."""
        try:
            return self._mark(student).read_text(encoding="ascii") == f"{key} {self._gradebook}"
        except (OSError, ValueError):
            return False

    def note(self, student: str, key: str | None) -> None:
        """Note which result has been written to the gradebook; None while one is being written."""
        if key is None:
            self._mark(student).unlink(missing_ok=True)
        else:  # one that is cut off is no mark
            self._mark(student).write_text(f"{key} {self._gradebook}", encoding="ascii")

    def _make(self) -> None:
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if folder.stat().st_mode & 0o077 and folder.stat().st_uid == os.geteuid():
                folder.chmod(0o700)

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"

    def _mark(self, student: str) -> Path:
        return self.folder / f"{student}.written"
