"""Extend the due date of one student, and read how long an assignment stays open."""

from __future__ import annotations

import difflib
import shlex
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import Assignment, Gradebook, MissingEntry, SubmittedAssignment
from sqlalchemy import func, select

from autograder import deadlines
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.gradebook_connection import connect
from autograder.student_names import printable, why_invalid
from course.deadlines import END_OF_TIME, LateRule


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
        >>> print(parse_duration("+48h"))
        2 days, 0:00:00

    Raises:
        CourseError: The text is something else.
    """
    try:
        return deadlines.parse_duration(text)
    except ValueError as error:
        raise CourseError(str(error)) from error


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
                f"{paths.assignment} has no due date. Set one: python -m autograder deadlines"
                f" {paths.assignment} '2026-12-01 18:00 UTC'"
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


def last_open_date(gradebook: Any, assignment: Any, rule: LateRule | None) -> datetime | None:
    """Return until when anybody can still earn points: their due date, and the time after it."""
    return closing_date(last_due_date(gradebook, assignment), timedelta(), rule)


def closing_date(
    due_date: datetime | None, extension: timedelta, rule: LateRule | None
) -> datetime | None:
    """Return until when a student with an extension can still earn points.

    Example:
        >>> due = datetime(2026, 3, 1)
        >>> print(closing_date(due, timedelta(days=2), LateRule(penalty=10, cut_off_s=86400)))
        2026-03-04 00:00:00
    """
    if due_date is None:
        return None
    try:
        return due_date + extension + timedelta(seconds=rule.closes_after_s if rule else 0)
    except OverflowError:  # after the year 9999
        return END_OF_TIME


def read_extensions(db_url: str) -> dict[str, dict[str, timedelta]]:
    """Return the extensions that were given, by assignment and student.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    handed_in, given = SubmittedAssignment, defaultdict[str, dict[str, timedelta]](dict)
    query = (
        select(Assignment.name, handed_in.student_id, handed_in.extension)
        .join(Assignment, Assignment.id == handed_in.assignment_id)
        .where(handed_in.extension.is_not(None))
    )
    with connect(db_url) as connection:
        for name, student, extension in connection.execute(query):
            given[name][student] = extension
    return dict(given)


def set_due_date(paths: CoursePaths, due_date: datetime | None) -> datetime | None:
    """Set when an assignment is due for everybody; return when it was due before.

    Raises:
        CourseError: The gradebook doesn't have the assignment.
    """
    with Gradebook(paths.db_url, str(paths.course.course_id)) as gradebook:
        try:
            assignment = gradebook.find_assignment(paths.assignment)
        except MissingEntry as error:
            raise CourseError(
                f"{printable(paths.assignment)} isn't in the gradebook yet. Run: nbgrader"
                f" generate_assignment {shlex.quote(paths.assignment)}"
            ) from error
        before: datetime | None = assignment.duedate
        assignment.duedate = due_date
        gradebook.db.commit()
    return before
