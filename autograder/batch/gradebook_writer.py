"""The only process of a run that writes to the gradebook and to ``autograded/``."""

from __future__ import annotations

from collections.abc import Callable

from traitlets.config import Config

from autograder.batch.gradebook_lock import retry_while_locked
from autograder.batch.gradebook_state import GradebookState
from autograder.batch.result import JobResult, MaxPoints
from autograder.grading.grade_notebook import GradedNotebook
from autograder.nbgrader_plugins.converter_writer import ConverterWriter
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.direct_writer import DirectWriter


class GradebookWriter:
    """Writes the results of one assignment, as ``nbgrader autograde`` would.

    Args:
        config: The contents of ``nbgrader_config.py``.
        assignment: The assignment's name.
        notify: Receives messages for the person who started the run.
    """

    def __init__(self, config: Config, assignment: str, notify: Callable[[str], object]) -> None:
        self._assignment, self._notify = assignment, notify
        self._paths = CoursePaths(config, assignment)
        self.db_url = self._paths.db_url
        writer = DirectWriter if DirectWriter.supports(config) else ConverterWriter
        self._writer: DirectWriter | ConverterWriter = writer(config, assignment)

    def close(self) -> None:
        """Close the gradebook."""
        self._writer.close()

    def read_state(self, max_points: MaxPoints) -> GradebookState:
        """Return what the gradebook holds already.

        Args:
            max_points: The graded cells of ``source/``.

        Raises:
            CourseError: The gradebook can't be read, or its cells aren't those of ``source/``.
            RunStoppedError: Another program kept the gradebook locked.
        """
        return retry_while_locked(
            lambda: GradebookState.read(self.db_url, self._assignment, max_points),
            self.db_url,
            self._notify,
        )

    def has_notebooks(self, student: str, result: JobResult) -> bool:
        """Return whether the graded notebooks exist in ``autograded/``."""
        return self._paths.has_graded(student, result.notebooks)

    def write(self, student: str, result: JobResult) -> None:
        """Write the results of one submission; wait while another program locks the gradebook.

        Args:
            student: The student's name.
            result: The result of the job.

        Raises:
            NotWrittenError: nbgrader refused the result; nothing was written.
            ValueError: A notebook in the result is invalid.
            RunStoppedError: Another program kept the gradebook locked.
        """
        graded = {
            name: GradedNotebook.from_json(notebook.model_dump())
            for name, notebook in result.notebooks.items()
        }
        retry_while_locked(lambda: self._writer.write(student, graded), self.db_url, self._notify)
