"""Read an assignment's cells and all its scores from the gradebook, in a few queries."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import Connection, func, inspect, select

from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.gradebook_connection import connect, sqlite_path

CellKey = tuple[str, str]  # notebook and cell
CellPoints = Mapping[CellKey, float | None]  # None where a cell isn't graded yet

_CELL = BaseCell.__table__.c  # its columns alone, without joining the table of each cell type


@dataclass
class StoredSubmission:
    """What the gradebook holds about one submission.

    Attributes:
        points: The automatic score of each cell; None where there is none.
        manual: What a person gave for a cell instead.
        extra: What a person gave for a cell on top.
        needs_review: The cells that a person must look at.
        penalties: The late penalty of each notebook; None without one.
        extension: How long after the due date it is due for this student.
        seconds_late: How long after that it was handed in.
    """

    points: dict[CellKey, float | None] = field(default_factory=dict)
    manual: dict[CellKey, float] = field(default_factory=dict)
    extra: dict[CellKey, float] = field(default_factory=dict)
    needs_review: set[CellKey] = field(default_factory=set)
    penalties: dict[str, float | None] = field(default_factory=dict)
    extension: timedelta = timedelta()
    seconds_late: float = 0.0

    @property
    def by_hand(self) -> set[CellKey]:
        """The cells that a person has scored."""
        return set(self.manual)

    @property
    def is_graded(self) -> bool:
        """False for a row that only holds an extension, and where nothing could be graded."""
        return bool(self.manual or any(self._given()))

    def earned(self, cell: CellKey) -> float | None:
        """Return a cell's points with what a person gave; None if it isn't graded yet."""
        given = self.manual.get(cell, self.points.get(cell))
        # As in nbgrader, extra credit counts only where there is a score.
        return None if given is None else given + self.extra.get(cell, 0.0)

    @property
    def scores(self) -> dict[str, float]:
        """The score of each notebook, with what a person gave, before the late penalty."""
        scores = dict.fromkeys(self.penalties, 0.0)
        for notebook, cell in self.points:
            points = self.earned((notebook, cell)) or 0.0
            scores[notebook] = scores.get(notebook, 0.0) + points
        return scores

    def _given(self) -> Iterator[bool]:
        return (points is not None for points in self.points.values())

    @property
    def penalty(self) -> float:
        """The late penalty."""
        return sum(penalty or 0.0 for penalty in self.penalties.values())

    @property
    def score(self) -> float:
        """The score as the export has it: with what a person gave, less the late penalty."""
        return max(0.0, sum(self.scores.values()) - self.penalty)


@dataclass(frozen=True)
class StoredScores:
    """The graded cells of one assignment with their maxima, and all submissions, by student."""

    maxima: Mapping[CellKey, float]
    submissions: Mapping[str, StoredSubmission]
    due_date: datetime | None = None  # in UTC without a time zone

    @property
    def points(self) -> dict[str, CellPoints]:
        """The automatic scores, by student."""
        return {student: stored.points for student, stored in self.submissions.items()}


def read_scores(db_url: str, assignment: str) -> StoredScores:
    """Read the cells and scores of an assignment.

    Raises:
        CourseError: The gradebook can't be read or doesn't contain the assignment.
        GradebookLockedError: Another program has locked it.
    """
    generate = f"nbgrader generate_assignment {shlex.quote(assignment)}"
    path = sqlite_path(db_url)
    if path is not None and not path.is_file():
        raise CourseError(f"There is no gradebook {path} yet. Create it with: {generate}")
    with connect(db_url) as connection:
        if not inspect(connection).has_table(Assignment.__tablename__):
            raise CourseError(f"The gradebook is empty. Fill it with: {generate}")
        maxima = _maxima(connection, assignment)
        if not maxima:
            raise CourseError(f"{assignment} isn't in the gradebook yet. Run: {generate}")
        due_date = connection.scalar(
            select(Assignment.duedate).where(Assignment.name == assignment)
        )
        return StoredScores(maxima, read_submissions(connection, assignment), due_date)


def read_due_dates(db_url: str) -> dict[str, datetime | None]:
    """Return when each assignment in the gradebook is due for everybody, by name.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    path = sqlite_path(db_url)
    if path is not None and not path.is_file():
        return {}
    with connect(db_url) as connection:
        if not inspect(connection).has_table(Assignment.__tablename__):
            return {}
        query = select(Assignment.name, Assignment.duedate).order_by(
            Assignment.duedate, Assignment.name
        )
        return {row.name: row.duedate for row in connection.execute(query)}


def read_submission(db_url: str, assignment: str, student: str) -> StoredSubmission | None:
    """Read the scores of one submission; None if there is none.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    with connect(db_url) as connection:
        return read_submissions(connection, assignment, student).get(student)


def require_same_cells(
    assignment: str, in_gradebook: Mapping[CellKey, float], in_source: Mapping[CellKey, float]
) -> None:
    """Check that the gradebook has the graded cells of ``source/``, with the same points.

    Raises:
        CourseError: It hasn't; a score could exceed the maximum, or its cell be missing.
    """
    if dict(in_gradebook) == dict(in_source):
        return
    differing = sorted({cell for _, cell in dict(in_gradebook.items() ^ in_source.items())})
    kind = "points" if in_gradebook.keys() == in_source.keys() else "cells"
    raise CourseError(
        f"{assignment}: source/ and the gradebook have different {kind}: {', '.join(differing)}."
        " Update the gradebook and release/, which keeps what was scored by hand, and then grade"
        f" again: nbgrader generate_assignment {shlex.quote(assignment)}"
    )


def _maxima(connection: Connection, assignment: str) -> dict[CellKey, float]:
    graded, tasks = GradeCell.__table__, TaskCell.__table__
    query = (
        select(Notebook.name, _CELL.name, func.coalesce(graded.c.max_score, tasks.c.max_score))
        .select_from(BaseCell.__table__)
        .outerjoin(graded, graded.c.id == _CELL.id)
        .outerjoin(tasks, tasks.c.id == _CELL.id)
        .join(Notebook, Notebook.id == _CELL.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .where(Assignment.name == assignment, _CELL.type.in_(("GradeCell", "TaskCell")))
    )
    return {(notebook, cell): maximum for notebook, cell, maximum in connection.execute(query)}


def read_submissions(
    connection: Connection, assignment: str, student: str | None = None
) -> dict[str, StoredSubmission]:
    """Return the submissions of an assignment, or that of one student, by student."""
    handed_in = SubmittedAssignment
    query = (
        select(handed_in.student_id, handed_in.timestamp, handed_in.extension, Assignment.duedate)
        .add_columns(Notebook.name.label("notebook"), _CELL.name.label("cell"))
        .add_columns(SubmittedNotebook.late_submission_penalty, Grade.auto_score)
        .add_columns(Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade)
        .select_from(Grade)
        .join(BaseCell.__table__, _CELL.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
    )
    if student is not None:
        query = query.where(SubmittedAssignment.student_id == student)
    submissions: dict[str, StoredSubmission] = defaultdict(StoredSubmission)
    for row in connection.execute(query):
        stored, key = submissions[row.student_id], (row.notebook, row.cell)
        stored.points[key] = row.auto_score
        if row.manual_score is not None:
            stored.manual[key] = row.manual_score
        if row.extra_credit:
            stored.extra[key] = row.extra_credit
        if row.needs_manual_grade:
            stored.needs_review.add(key)
        stored.penalties[row.notebook] = row.late_submission_penalty
        stored.extension = row.extension or timedelta()
        if row.timestamp and row.duedate:
            late = row.timestamp - row.duedate - stored.extension
            stored.seconds_late = max(0.0, late.total_seconds())
    return dict(submissions)
