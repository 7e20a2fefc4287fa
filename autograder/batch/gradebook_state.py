"""Compare the gradebook with ``source/`` before a run, and with results afterwards."""

from __future__ import annotations

from autograder.batch.result import JobResult, MaxPoints
from autograder.nbgrader_plugins import gradebook_reader
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.gradebook_reader import StoredScores


class GradebookState:
    """What the gradebook holds for an assignment when a run begins.

    Args:
        scores: What was read from the gradebook.
    """

    def __init__(self, scores: StoredScores) -> None:
        self.points = scores.points

    @classmethod
    def read(cls, db_url: str, assignment: str, max_points: MaxPoints) -> GradebookState:
        """Read the gradebook.

        Args:
            db_url: The gradebook's address.
            assignment: The assignment's name.
            max_points: The graded cells of ``source/``.

        Raises:
            CourseError: The gradebook can't be read, or its cells aren't those of ``source/``.
            GradebookLockedError: Another program has locked it.
        """
        scores = gradebook_reader.read_scores(db_url, assignment)
        cells = {(notebook, cell) for notebook, maxima in max_points.items() for cell in maxima}
        if scores.cells != cells:
            differing = ", ".join(sorted({cell for _, cell in scores.cells ^ cells}))
            raise CourseError(
                f"{assignment}: source/ and the gradebook have different cells: {differing}."
                f" Run: nbgrader generate_assignment {assignment} --force"
            )
        return cls(scores)

    def holds(self, student: str, result: JobResult) -> bool:
        """Return whether a student's stored points are exactly those of a result."""
        expected = {
            (name, score.name): score.points
            for name, notebook in result.notebooks.items()
            for score in notebook.verdicts
        }
        return expected == self.points.get(student, {})
