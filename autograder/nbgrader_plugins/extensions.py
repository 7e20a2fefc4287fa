"""Extend the due date of one student, and read how long an assignment stays open."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from sqlalchemy import func, select

from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.student_names import printable, why_invalid

MAX_DAYS: Final = 3650
_DURATION: Final = re.compile(r"\+?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", re.ASCII)


@dataclass(frozen=True)
class Extension:
    """An extension that was just set.

    Attributes:
        due_date: When the assignment is due for everybody, in UTC without a time zone.
        before: The student's extension so far.
        now: The new one.
    """

    due_date: datetime
    before: timedelta
    now: timedelta


def parse_duration(text: str) -> timedelta:
    """Return a duration that is written in weeks, days, hours and minutes; 0 is none.

    Example:
        >>> print(parse_duration("+48h"), "|", parse_duration("1d12h"), "|", parse_duration("0"))
        2 days, 0:00:00 | 1 day, 12:00:00 | 0:00:00

    Raises:
        CourseError: The text is something else.
    """
    if text.lstrip("+") == "0":
        return timedelta()
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()) or len(text) > 20:
        raise CourseError(f"{text!a} isn't a duration. Write +48h, +2d or +1d12h; 0 for none.")
    weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    if weeks * 7 + days + hours / 24 + minutes / 1440 > MAX_DAYS:
        raise CourseError(f"{text} is more than {MAX_DAYS:,} days.")
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def extend(paths: CoursePaths, student: str, extension: timedelta) -> Extension:
    """Give a student this much more time after the due date, in place of any earlier extension.

    A student who has not submitted anything yet gets an empty submission in the gradebook, as
    nbgrader keeps extensions there.

    Raises:
        CourseError: The assignment has no due date, or nobody knows the student.
    """
    if problem := why_invalid(student):
        raise CourseError(f"{problem}.")
    with Gradebook(paths.db_url, str(paths.course.course_id)) as gradebook:
        try:
            due_date = gradebook.find_assignment(paths.assignment).duedate
        except MissingEntry as error:
            raise CourseError(f"{paths.assignment} isn't in the gradebook yet.") from error
        if due_date is None:
            raise CourseError(
                f"{paths.assignment} has no due date. Set one: nbgrader db assignment add"
                f" {paths.assignment} --duedate '2026-12-01 18:00:00 UTC'"
            )
        known = {str(row.id) for row in gradebook.students} | paths.submissions().keys()
        if student not in known:
            similar = ", ".join(map(printable, difflib.get_close_matches(student, known)))
            hint = f"Did you mean {similar}?" if similar else "Add it: nbgrader db student add"
            raise CourseError(f"No student {printable(student)!r} in this course. {hint}")
        gradebook.update_or_create_student(student)
        try:
            submission = gradebook.find_submission(paths.assignment, student)
        except MissingEntry:
            submission = gradebook.add_submission(paths.assignment, student)
        before = submission.extension or timedelta()
        submission.extension = extension or None
        gradebook.db.commit()
    return Extension(due_date, before, extension)


def last_due_date(gradebook: Any, assignment: Any) -> datetime | None:
    """Return when the assignment is due for the student with the longest extension."""
    if assignment.duedate is None:
        return None
    longest = select(func.max(SubmittedAssignment.extension)).filter_by(assignment_id=assignment.id)
    extension = gradebook.db.scalar(longest) or timedelta()
    due_date: datetime = assignment.duedate + max(extension, timedelta())
    return due_date
