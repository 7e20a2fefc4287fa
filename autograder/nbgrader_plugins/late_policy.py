"""What a late submission costs, by the course's late policy and nbgrader's own step for it."""

from __future__ import annotations

import logging
from pathlib import Path

import nbformat.v4
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder import deadlines
from autograder.deadlines import LateRules, LateRulesError
from autograder.nbgrader_plugins import late_days
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from course.deadlines import LateRule


class DeadlinePolicy(LateSubmissionPlugin):
    """The late rules of ``deadlines.toml``, as nbgrader's plugin for late submissions.

    Without that file it does what nbgrader's own plugin does.

    Example:
        ``c.AssignLatePenalties.plugin_class = DeadlinePolicy``
    """

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return how many points a notebook loses.

        Raises:
            LateRulesError: ``deadlines.toml`` is invalid.
        """
        policy = deadlines.read(Path(CourseDirectory(config=self.config).root))
        if policy is None:
            penalty: float | None = super().late_submission_penalty(
                student_id, score, total_seconds_late
            )
            return penalty
        step = self.parent  # nbgrader's step, which knows the rest
        rule, days = policy.rule(step.assignment_id), 0
        if rule.late_days:
            days = late_days.days_spent_on(
                step.db_url, policy, student_id, step.assignment_id, total_seconds_late
            )
        return score * rule.percent(total_seconds_late, days) / 100


def read_policy(config: Config) -> LateRules | None:
    """Return the late rules of a course; None without ``deadlines.toml``.

    Raises:
        CourseError: The file is invalid.
    """
    try:
        return deadlines.read(Path(CourseDirectory(config=config).root))
    except LateRulesError as error:
        raise CourseError(str(error)) from error


def effective_rule(config: Config, assignment: str) -> LateRule | None:
    """Return what a late submission costs; None if there is no rule, or a plugin that isn't known.

    Raises:
        CourseError: ``deadlines.toml`` is invalid.
    """
    plugin = AssignLatePenalties(config=config).plugin_class
    if plugin not in {DeadlinePolicy, LateSubmissionPlugin}:
        return None
    policy = read_policy(config) if plugin is DeadlinePolicy else None
    if policy:
        return policy.rule(assignment)
    is_zero = plugin(config=config).penalty_method == "zero"
    return LateRule(cut_off_s=0) if is_zero else None


class LatePolicy:
    """``c.AssignLatePenalties`` and its plugin for one assignment."""

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
