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
        if stored.seconds_late <= 0:
            return not any(stored.penalties.values())
        step, is_current = self._step, True
        step.assignment_id, step.student_id, step.db_url = self._assignment, student, self._db_url
        try:
            step.init_plugin()
            for name, penalty in stored.penalties.items():
                step.notebook_id, score = name, stored.scores[name]
                expected = step.plugin_inst.late_submission_penalty(
                    student, score, stored.seconds_late
                )
                expected = min(max(0.0, expected or 0.0), score)
                is_current &= abs((penalty or 0.0) - expected) < 1e-9
        except Exception:  # noqa: BLE001  (a course's own policy may need all of nbgrader's step)
            return False
        return is_current

    def apply(self, student: str, notebook: str) -> None:
        """Let nbgrader's step set or remove the penalty of a submitted notebook."""
        names = {"assignment": self._assignment, "student": student, "notebook": notebook}
        resources = {"nbgrader": names | {"db_url": self._db_url}}
        self._step.preprocess(nbformat.v4.new_notebook(), resources)
