"""The one writer of a run: nobody but this process writes the gradebook and the graded notebooks.

They come about as they do with ``nbgrader autograde``.
"""

from __future__ import annotations

import copy
import logging
from pathlib import Path
from typing import Any, Final

from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.judge.grading import Graded, ready
from autograder.run.direct import Direct, possible

QUIET: Final = logging.ERROR


class NotWrittenError(RuntimeError):
    """nbgrader refused to write a result; the message says why."""


class Writer:
    """Writes results of one assignment.

    Args:
        config: What ``nbgrader_config.py`` says.
        assignment: The assignment's name.
    """

    def __init__(self, config: Config, assignment: str) -> None:
        self._config, self._assignment = config, assignment
        self._direct = Direct(config, assignment) if possible(config) else None

    def close(self) -> None:
        """Close the gradebook."""
        if self._direct is not None:
            self._direct.close()

    def write(self, student: str, notebooks: dict[str, Any]) -> None:
        """Write one submission's results.

        Args:
            student: Whose they are.
            notebooks: By notebook, `Graded` in JSON.

        Raises:
            NotWrittenError: Nothing was written, or nbgrader says that something is wrong.
            ValueError: A result is no graded notebook.
        """
        graded = {name: Graded.from_json(data) for name, data in notebooks.items()}
        said = _Said()
        log = logging.Logger(f"autograder.run.{student}", QUIET)  # noqa: LOG001  (of this call alone)
        log.addHandler(said)
        if self._direct is None:
            self._convert(student, graded, log, said)
            return
        try:
            self._direct.write(student, graded, log)
        except (MissingEntry, LookupError, OSError, SQLAlchemyError) as error:
            raise NotWrittenError(said.last() or str(error)) from error

    def _convert(
        self, student: str, graded: dict[str, Graded], log: logging.Logger, said: _Said
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
                raise NotWrittenError(said.last() or str(error)) from error
        folder = Path(course.format_path(course.autograded_directory, student, self._assignment))
        missing = [name for name in graded if not (folder / f"{name}.ipynb").is_file()]
        if missing:
            raise NotWrittenError(said.last() or f"{missing[0]}.ipynb was not written")


class _Said(logging.Handler):
    """Keeps what nbgrader complains about."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(record.getMessage())

    def last(self) -> str:
        """Return the last line of the last complaint; that of an exception, if there was one."""
        raised = [text for text in self._lines if text.startswith("Traceback")]
        text = (raised or self._lines or [""])[-1].strip()
        line = text.splitlines()[-1] if text else ""
        return line.partition(": ")[2] if raised else line
