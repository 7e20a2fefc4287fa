"""The only part of a run that reads and writes the gradebook and ``autograded/``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from traitlets.config import Config

from autograder.batch.gradebook_lock import retry_while_locked
from autograder.batch.result import JobResult, MaxPoints
from autograder.nbgrader_plugins import gradebook_reader
from autograder.nbgrader_plugins.converter_writer import ConverterWriter
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.direct_writer import DirectWriter
from autograder.nbgrader_plugins.gradebook_reader import CellPoints


class GradebookWriter:
    """Writes the results of one assignment, as ``nbgrader autograde`` would."""

    def __init__(self, config: Config, assignment: str, notify: Callable[[str], object]) -> None:
        self._assignment, self._notify = assignment, notify
        self._paths = CoursePaths.from_config(config, assignment)
        self.db_url = self._paths.db_url
        writer = DirectWriter if DirectWriter.supports(config) else ConverterWriter
        self._writer: DirectWriter | ConverterWriter = writer(config, assignment)
        self._points: Mapping[str, CellPoints] = {}

    def close(self) -> None:
        """Close the gradebook."""
        self._writer.close()

    def read(self, max_points: MaxPoints) -> None:
        """Read what the gradebook holds already; see `holds`.

        Raises:
            CourseError: The gradebook can't be read, or its cells aren't those of ``source/``.
            RunStoppedError: Another program kept the gradebook locked.
        """
        read = functools.partial(gradebook_reader.read_scores, self.db_url, self._assignment)
        stored = retry_while_locked(read, self.db_url, self._notify)
        cells = {(notebook, cell) for notebook, maxima in max_points.items() for cell in maxima}
        if stored.cells != cells:
            differing = ", ".join(sorted({cell for _, cell in stored.cells ^ cells}))
            raise CourseError(
                f"{self._assignment}: source/ and the gradebook have different cells: {differing}."
                f" Run: nbgrader generate_assignment {self._assignment} --force"
            )
        self._points = stored.points

    def holds(self, student: str, result: JobResult) -> bool:
        """Return whether gradebook and ``autograded/`` held this result when they were read."""
        points = {
            (name, score.name): score.points
            for name, notebook in result.notebooks.items()
            for score in notebook.scores
        }
        is_graded = self._paths.has_graded(student, result.notebooks)
        return is_graded and points == self._points.get(student, {})

    def write(self, student: str, result: JobResult) -> None:
        """Write the results of one submission; wait while another program locks the gradebook.

        Raises:
            NotWrittenError: nbgrader refused the result; nothing was written.
            ValueError: A notebook in the result is invalid.
            RunStoppedError: Another program kept the gradebook locked.
        """
        graded = result.notebooks
        for notebook in graded.values():
            _ = notebook.nb  # an invalid one raises here, before anything is written
        retry_while_locked(lambda: self._writer.write(student, graded), self.db_url, self._notify)
