"""Write graded submissions through nbgrader's converter, for courses that add steps to it."""

from __future__ import annotations

import copy
import logging
import sys
from logging.handlers import BufferingHandler

from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.grading.grade_notebook import GradedNotebook, use_results
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError, is_lock_error


class NotWrittenError(RuntimeError):
    """nbgrader refused to write a result; the message says why."""


class ErrorLog(BufferingHandler):
    """Records the errors that nbgrader logs to `logger` while it writes one submission."""

    def __init__(self, student: str) -> None:
        super().__init__(capacity=sys.maxsize)
        name = f"autograder.batch.{student}"
        self.logger = logging.Logger(name, logging.ERROR)  # noqa: LOG001  (for one submission only)
        self.logger.addHandler(self)

    def gradebook_was_locked(self) -> bool:
        """Return whether another program had locked the gradebook."""
        return any(is_lock_error(record.getMessage()) for record in self.buffer)

    def last_line(self) -> str:
        """Return the last line of the last error, or of the last traceback if there was one."""
        messages = [record.getMessage() for record in self.buffer]
        tracebacks = [text for text in messages if text.startswith("Traceback")]
        text = (tracebacks or messages or [""])[-1].strip()
        line = text.splitlines()[-1] if text else ""
        return line.partition(": ")[2] if tracebacks else line


class ConverterWriter:
    """Writes results by running ``nbgrader autograde`` on them."""

    def __init__(self, config: Config, assignment: str) -> None:
        self._config, self._assignment = config, assignment

    def close(self) -> None:
        """Do nothing: the converter closes the gradebook after each submission."""

    def write(
        self,
        student: str,
        graded: dict[str, GradedNotebook],
        *,
        unchanged: bool = False,  # noqa: ARG002  (nbgrader flags what was scored by hand)
    ) -> None:
        """Write the results of one submission; as `DirectWriter.write`."""
        log = ErrorLog(student)
        config = copy.deepcopy(self._config)
        course = CourseDirectory(config=config, assignment_id=self._assignment, student_id=student)
        converter = Autograde(coursedir=course, config=config)
        converter.log, converter.force = log.logger, True
        with use_results(graded):
            try:
                converter.start()
            except Exception as error:
                if log.gradebook_was_locked():
                    raise GradebookLockedError from error
                raise NotWrittenError(log.last_line() or str(error)) from error
        if not CoursePaths(course, self._assignment).has_graded(student, graded):
            raise NotWrittenError(log.last_line() or "nbgrader didn't write the graded notebooks.")
