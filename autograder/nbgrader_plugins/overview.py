"""What the course page shows of the gradebook, in a few queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    Grade,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import Select, case, func, inspect, select
from traitlets.config import Config

from autograder.nbgrader_plugins.collect import CollectFiles
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.gradebook_connection import connect, sqlite_path


@dataclass(frozen=True)
class AssignmentOverview:
    """How far an assignment is.

    Attributes:
        name: The assignment.
        due_date: In UTC without a time zone.
        released: Whether students can fetch it.
        submitted: How many submissions have been collected.
        graded: How many of them are graded, with nothing left to do.
        waiting: How many need a person.
    """

    name: str
    due_date: datetime | None = None
    released: bool = False
    submitted: int = 0
    graded: int = 0
    waiting: int = 0

    @property
    def not_graded(self) -> int:
        """How many submissions have not been graded yet.

        Example:
            >>> AssignmentOverview("01-intro", submitted=5, graded=3, waiting=1).not_graded
            1
        """
        return max(0, self.submitted - self.graded - self.waiting)


def read_overview(config: Config) -> list[AssignmentOverview]:
    """Return all assignments in ``source/``, by name.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    course = CourseDirectory(config=config)
    due_dates, counts = _read_gradebook(str(course.db_url))
    outbound = Path(CollectFiles(config=config).root, course.course_id, "outbound")
    return [
        AssignmentOverview(
            name,
            due_dates.get(name),
            released=(outbound / name).is_dir(),
            submitted=len(CoursePaths(course, name).students()),
            graded=counts[name, "graded"],
            waiting=counts[name, "waiting"],
        )
        for name in assignment_names(config)
    ]


def assignment_names(config: Config) -> list[str]:
    """Return the names of all assignments in ``source/``."""
    source = CoursePaths.from_config(config, "any").source
    return sorted({path.parent.name for path in source.parent.glob("*/*.ipynb")})


def _read_gradebook(db_url: str) -> tuple[dict[str, datetime | None], Counter[tuple[str, str]]]:
    is_waiting = func.sum(case((Grade.needs_manual_grade, 1), else_=0))
    query = (
        select(Assignment.name, is_waiting)
        .select_from(Grade)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .group_by(Assignment.name, SubmittedAssignment.id)
        # A row without scores only holds an extension.
        .having(func.count(Grade.auto_score) + func.count(Grade.manual_score) + is_waiting > 0)
    )
    counts: Counter[tuple[str, str]] = Counter()
    for name, waiting in _read(db_url, query):
        counts[name, "waiting" if waiting else "graded"] += 1
    due_dates = dict(map(tuple, _read(db_url, select(Assignment.name, Assignment.duedate))))
    return due_dates, counts


def submission_ids(db_url: str, assignment: str) -> dict[str, str]:
    """Return the id of a notebook of each student, with which formgrader opens it."""
    query = (
        select(SubmittedAssignment.student_id, SubmittedNotebook.id)
        .select_from(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .where(Assignment.name == assignment)
        .order_by(Notebook.name.desc())
    )
    return {str(student): str(number) for student, number in _read(db_url, query)}


def read_students(db_url: str) -> list[str]:
    """Return the ids of all students in the gradebook."""
    return [str(student) for (student,) in _read(db_url, select(Student.id).order_by(Student.id))]


def _read(db_url: str, query: Select[Any]) -> list[Any]:
    """Return the rows of a query; none if there is no gradebook yet."""
    path = sqlite_path(db_url)
    if path is not None and not path.is_file():
        return []
    with connect(db_url) as connection:
        if not inspect(connection).has_table(Assignment.__tablename__):
            return []
        return list(connection.execute(query))
