"""The one writer of a run: nobody but this process writes the gradebook and the graded notebooks.

They come about as they do with ``nbgrader autograde``.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.batch import gradebook_state
from autograder.batch.gradebook_lock import GradebookLockedError, retry_while_locked
from autograder.batch.gradebook_state import GradebookState
from autograder.batch.result import Frames
from autograder.grading.grade_notebook import GradedNotebook, ready
from autograder.nbgrader_plugins.direct_writer import DirectWriter, possible

QUIET: Final = logging.ERROR


class NotWrittenError(RuntimeError):
    """nbgrader refused to write a result; the message says why."""


class GradebookWriter:
    """Writes results of one assignment.

    Args:
        config: What ``nbgrader_config.py`` says.
        assignment: The assignment's name.
        tell: Is told what a person should know meanwhile.
    """

    def __init__(self, config: Config, assignment: str, tell: Callable[[str], object]) -> None:
        self._config, self._assignment, self._tell = config, assignment, tell
        self._direct = DirectWriter(config, assignment) if possible(config) else None
        self.db_url = str(CourseDirectory(config=config).db_url)

    def close(self) -> None:
        """Close the gradebook."""
        if self._direct is not None:
            self._direct.close()

    def standing(self, expected: Frames) -> GradebookState:
        """Return what the gradebook knows already.

        Args:
            expected: What there is to earn, from ``source/``.

        Raises:
            CourseError: It knows no such assignment, or other questions of it.
            StoppedError: Another program has locked it, for long.
        """
        return retry_while_locked(
            lambda: gradebook_state.look(self.db_url, self._assignment, expected),
            self.db_url,
            self._tell,
        )

    def there(self, student: str, notebooks: dict[str, Any]) -> bool:
        """Whether the graded notebooks lie in their place.

        Args:
            student: Whose they are.
            notebooks: By notebook.
        """
        course = CourseDirectory(config=self._config)
        folder = Path(course.format_path(course.autograded_directory, student, self._assignment))
        return all((folder / f"{name}.ipynb").is_file() for name in notebooks)

    def write(self, student: str, notebooks: dict[str, Any]) -> None:
        """Write one submission's results; wait if another program has locked the gradebook.

        Args:
            student: Whose they are.
            notebooks: By notebook, `Graded` in JSON.

        Raises:
            NotWrittenError: Nothing was written, or nbgrader says that something is wrong.
            ValueError: A result is no graded notebook.
            StoppedError: Another program has locked the gradebook, for long.
        """
        graded = {name: GradedNotebook.from_json(data) for name, data in notebooks.items()}
        retry_while_locked(lambda: self._write(student, graded), self.db_url, self._tell)

    def _write(self, student: str, graded: dict[str, GradedNotebook]) -> None:
        said = _Said()
        log = logging.Logger(f"autograder.run.{student}", QUIET)  # noqa: LOG001  (of this call alone)
        log.addHandler(said)
        if self._direct is None:
            self._convert(student, graded, log, said)
            return
        try:
            self._direct.write(student, graded, log)
        except (MissingEntry, LookupError, OSError, SQLAlchemyError) as error:
            if gradebook_state.locked(error):
                raise GradebookLockedError from error
            raise NotWrittenError(said.last() or str(error)) from error

    def _convert(
        self, student: str, graded: dict[str, GradedNotebook], log: logging.Logger, said: _Said
    ) -> None:
        """Let nbgrader's converter do it, which knows steps that an instructor has added."""
        config = copy.deepcopy(self._config)
        course = CourseDirectory(config=config, assignment_id=self._assignment, student_id=student)
        converter = Autograde(coursedir=course, config=config)
        converter.log, converter.force = log, True
        with ready(graded):
            try:
                converter.start()
            except Exception as error:
                if said.locked():
                    raise GradebookLockedError from error
                raise NotWrittenError(said.last() or str(error)) from error
        if not self.there(student, graded):
            raise NotWrittenError(said.last() or "The graded notebooks were not written.")


class _Said(logging.Handler):
    """Keeps what nbgrader complains about."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(record.getMessage())

    def locked(self) -> bool:
        """Whether another program had locked the gradebook."""
        return any("OperationalError" in text and "is locked" in text for text in self._lines)

    def last(self) -> str:
        """Return the last line of the last complaint; that of an exception, if there was one."""
        raised = [text for text in self._lines if text.startswith("Traceback")]
        text = (raised or self._lines or [""])[-1].strip()
        line = text.splitlines()[-1] if text else ""
        return line.partition(": ")[2] if raised else line
