"""Compute late penalties again, in all assignments, without grading anything.

The due date, an extension or the late policy may have changed. Late days also connect assignments:
an earlier submission that takes one more leaves one less for the next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder import score_history
from autograder.batch.changes import differs
from autograder.batch.gradebook_lock import retry_while_locked
from autograder.batch.report import ReportLine
from autograder.nbgrader_plugins import gradebook_connection, gradebook_reader
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from autograder.nbgrader_plugins.late_policy import LatePolicy, read_policy
from autograder.score_history import CauseKind, ScoreChange


def recompute(  # noqa: PLR0913  (what, for whom, by whom and why)
    root: Path,
    config: Config,
    assignments: Iterable[str] | None = None,
    students: Collection[str] | None = None,
    *,
    causes: dict[str, CauseKind] | None = None,
    by: str = "",
    dry_run: bool = False,
    notify: Callable[[str], object] = lambda _: None,
) -> dict[str, list[ReportLine]]:
    """Set all late penalties anew; return whose score changes, by assignment.

    Each change is added to the student's history, so that feedback explains it.

    Args:
        root: The course folder.
        config: The contents of its ``nbgrader_config.py``.
        assignments: Their names; by default all in the gradebook.
        students: Their ids; by default everybody.
        causes: Why, where it isn't the policy or the due date, by assignment.
        by: Who caused it; the account by default.
        dry_run: Whether to change nothing.
        notify: Gets a message while another program locks the gradebook.

    Raises:
        CourseError: The gradebook or ``deadlines.toml`` can't be read.
        RunStoppedError: Another program kept the gradebook locked.
    """
    read_policy(config)  # an invalid one stops here, before anything changes
    db_url = CoursePaths.from_config(config, "").db_url
    names = gradebook_reader.read_due_dates(db_url) if assignments is None else assignments
    changed = {}
    for name in names:
        try:
            stored = gradebook_reader.read_scores(db_url, name)
        except CourseError:  # no cells yet: only its due date is in the gradebook
            continue
        policy = LatePolicy(config, db_url, name)
        maximum = sum(stored.maxima.values())
        cause = (causes or {}).get(name, "late")
        lines = []
        for student, before in sorted(stored.submissions.items()):
            is_chosen = students is None or student in students
            if not is_chosen or not before.is_graded or policy.is_current(student, before):
                continue
            if dry_run:
                now = _predict(policy, student, before)
            else:
                apply = functools.partial(_apply, policy, db_url, name, student, before)
                now = retry_while_locked(apply, db_url, notify)
            if now is None or not differs(before.penalty, now.penalty):
                continue
            lines.append(_line(student, before, now, maximum, str(score_history.Cause(kind=cause))))
            if not dry_run:
                change = ScoreChange(
                    score=(before.score, now.score),
                    maximum=maximum,
                    penalty=(before.penalty, now.penalty),
                    causes=(score_history.Cause(kind=cause),),
                    by=by or score_history.current_user(),
                )
                path = score_history.history_path(root, name, student)
                score_history.append(path, [change])
        if lines:
            changed[name] = lines
    return changed


def others(config: Config, assignment: str) -> Iterator[str]:
    """Yield the assignments whose penalties this one can change: those that share late days."""
    policy = read_policy(config)
    if policy and policy.late_days:
        db_url = CoursePaths.from_config(config, "").db_url
        yield from (name for name in gradebook_reader.read_due_dates(db_url) if name != assignment)


def _apply(
    policy: LatePolicy, db_url: str, assignment: str, student: str, before: StoredSubmission
) -> StoredSubmission | None:
    """Let nbgrader's step set the penalties; return what the gradebook then holds."""
    try:
        for notebook in before.penalties:
            policy.apply(student, notebook)
    except SQLAlchemyError as error:
        if gradebook_connection.is_lock_error(error):
            raise GradebookLockedError from error
        raise
    return gradebook_reader.read_submission(db_url, assignment, student)


def _predict(policy: LatePolicy, student: str, before: StoredSubmission) -> StoredSubmission | None:
    expected = policy.expected(student, before)
    if expected is None:
        return None
    return StoredSubmission(**{**vars(before), "penalties": dict(expected)})


def _line(
    student: str, before: StoredSubmission, now: StoredSubmission, maximum: float, cause: str
) -> ReportLine:
    return ReportLine(
        student,
        "needs review" if now.needs_review else "graded",
        now.score,
        maximum,
        unchanged=True,
        before=before.score,
        penalty=now.penalty,
        causes=(cause,),
    )
