"""Late days: how many each submission spends of a student's budget for the term.

They are spent automatically and in order of submission. A submission takes the fewest days that
lower its penalty as far as what is left can, and none after the cut-off. So the due dates, the
extensions and the times in the gradebook decide, and all can be computed again at any time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from nbgrader.api import Assignment, SubmittedAssignment
from sqlalchemy import Connection, select

from autograder.deadlines import LateRules
from autograder.nbgrader_plugins import gradebook_connection
from course.deadlines import END_OF_TIME, DueDate


@dataclass(frozen=True)
class LateWork:
    """What the deadlines mean for one assignment of one student.

    Attributes:
        assignment: Its name.
        due: With the student's extension, in UTC without a time zone.
        extension: How much of that is the extension.
        submitted: When it was handed in, likewise; None if it wasn't.
        days_spent: The late days that it takes.
        percent: What it loses of its points.
    """

    assignment: str
    due: datetime
    extension: timedelta = timedelta()
    submitted: datetime | None = None
    days_spent: int = 0
    percent: float = 0.0

    @property
    def seconds_late(self) -> float:
        """How late it was handed in; 0 if it wasn't late."""
        if self.submitted is None:
            return 0.0
        return max(0.0, (self.submitted - self.due).total_seconds())


def spend(policy: LateRules, works: Iterable[LateWork]) -> dict[str, LateWork]:
    """Return one student's assignments with the late days that each takes, by name.

    Example:
        >>> policy, due = LateRules(penalty=10, late_days=1), datetime(2026, 3, 1)
        >>> late = [LateWork(name, due, submitted=due + timedelta(hours=2)) for name in "ab"]
        >>> [(work.days_spent, work.percent) for work in spend(policy, late).values()]
        [(1, 0.0), (0, 10.0)]
    """
    left, result = policy.late_days, {}
    for work in sorted(
        works, key=lambda one: (one.submitted or END_OF_TIME, one.due, one.assignment)
    ):
        rule = policy.rule(work.assignment)
        days = rule.days_to_spend(work.seconds_late, left)
        left -= days
        percent = rule.percent(work.seconds_late, days)
        result[work.assignment] = replace(work, days_spent=days, percent=percent)
    return result


def read_submissions(
    connection: Connection, student: str | None = None
) -> dict[str, list[LateWork]]:
    """Return what the gradebook says about everybody, or about one student, by student.

    It lists graded submissions and extensions.
    """
    handed_in = SubmittedAssignment
    query = (
        select(handed_in.student_id, handed_in.timestamp, handed_in.extension)
        .add_columns(Assignment.name, Assignment.duedate)
        .join(Assignment, Assignment.id == handed_in.assignment_id)
        .where(Assignment.duedate.is_not(None))
    )
    if student is not None:
        query = query.where(handed_in.student_id == student)
    works: dict[str, list[LateWork]] = defaultdict(list)
    for student_id, submitted, given, name, due in connection.execute(query):
        extension = given or timedelta()
        works[student_id].append(LateWork(name, _later(due, extension), extension, submitted))
    return dict(works)


def read(
    connection: Connection, policy: LateRules, student: str | None = None
) -> dict[str, dict[str, LateWork]]:
    """Return the same with what each submission takes and loses, by student and assignment."""
    works = read_submissions(connection, student)
    return {student_id: spend(policy, own) for student_id, own in works.items()}


def days_left(policy: LateRules, works: Mapping[str, LateWork], assignment: str = "") -> int:
    """Return how many late days a student has left.

    Args:
        policy: The course's rules.
        works: The student's, from `read`.
        assignment: One to be handed in now, whose own earlier submission then takes none.
    """
    others = spend(policy, [work for name, work in works.items() if name != assignment])
    return policy.late_days - sum(work.days_spent for work in others.values())


def days_spent_on(
    db_url: str, policy: LateRules, student: str, assignment: str, seconds_late: float
) -> int:
    """Return the late days that a submission takes, which may not be in the gradebook yet.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    with gradebook_connection.connect(db_url) as connection:
        works = read(connection, policy, student).get(student, {})
        due = connection.scalar(select(Assignment.duedate).where(Assignment.name == assignment))
    work = works.get(assignment) or LateWork(assignment, due or END_OF_TIME)
    submitted = _later(work.due, timedelta(seconds=seconds_late))
    return spend(policy, (works | {assignment: replace(work, submitted=submitted)}).values())[
        assignment
    ].days_spent


def deadlines_of(
    policy: LateRules | None, due_dates: Mapping[str, datetime], works: Mapping[str, LateWork]
) -> dict[str, DueDate]:
    """Return what one student may know about each assignment that is due, by name.

    Args:
        policy: The course's rules; None if nothing but the due dates is known.
        due_dates: When each is due for everybody.
        works: The student's, from `read`.
    """
    result = {}
    for name, due in due_dates.items():
        work = works.get(name) or LateWork(name, due)
        rule = policy.rule(name) if policy else None
        result[name] = DueDate(
            due=work.due,
            extension_s=int(work.extension.total_seconds()),
            rule=rule,
            days_left=days_left(policy, works, name)
            if policy and rule and rule.late_days
            else None,
        )
    return result


def _later(time: datetime, delay: timedelta) -> datetime:
    try:
        return time + delay
    except OverflowError:  # after the year 9999
        return END_OF_TIME
