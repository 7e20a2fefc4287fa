"""What a late submission costs, by the course's late policy and nbgrader's own step for it."""

from __future__ import annotations

import logging

import nbformat.v4
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission


class LatePolicy:
    """``c.AssignLatePenalties`` and ``c.LateSubmissionPlugin`` for one assignment."""

    def __init__(self, config: Config, db_url: str, assignment: str) -> None:
        self._db_url, self._assignment = db_url, assignment
        self._step = AssignLatePenalties(config=config)
        self._step.log = logging.Logger("late", logging.ERROR)  # noqa: LOG001  (others keep theirs)

    def is_current(self, student: str, stored: StoredSubmission) -> bool:
        """Return whether the policy would set the penalties that the gradebook has.

        The due date, an extension or the policy may have changed since, or a person the score.
        """
        expected = self.expected(student, stored)
        return expected is not None and all(
            abs((penalty or 0.0) - expected[name]) < 1e-9
            for name, penalty in stored.penalties.items()
        )

    def expected(self, student: str, stored: StoredSubmission) -> dict[str, float] | None:
        """Return the penalty of each notebook; None if only nbgrader's whole step can tell."""
        scores = stored.scores
        if stored.seconds_late <= 0:
            return dict.fromkeys(scores, 0.0)
        step, penalties = self._step, {}
        step.assignment_id, step.student_id, step.db_url = self._assignment, student, self._db_url
        try:
            step.init_plugin()
            for name, score in scores.items():
                step.notebook_id = name
                penalty = step.plugin_inst.late_submission_penalty(
                    student, score, stored.seconds_late
                )
                penalties[name] = min(max(0.0, penalty or 0.0), score)
        except Exception:  # noqa: BLE001  (a course's own policy may need all of nbgrader's step)
            return None
        return penalties

    def apply(self, student: str, notebook: str) -> None:
        """Let nbgrader's step set or remove the penalty of a submitted notebook."""
        names = {"assignment": self._assignment, "student": student, "notebook": notebook}
        resources = {"nbgrader": names | {"db_url": self._db_url}}
        self._step.preprocess(nbformat.v4.new_notebook(), resources)
