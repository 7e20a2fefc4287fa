"""What the gradebook knows of an assignment before a run: its questions, and everybody's points."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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
from sqlalchemy import Connection, create_engine, inspect, select
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from autograder.batch import gradebook_lock
from autograder.batch.course_folder import CourseError
from autograder.batch.gradebook_lock import GradebookLockedError
from autograder.batch.result import Frames

Points = Mapping[tuple[str, str], float | None]  # by notebook and cell
_NONE: Final[Points] = {}


@dataclass(frozen=True)
class GradebookState:
    """Everybody's points in one assignment.

    Attributes:
        points: By student.
    """

    points: Mapping[str, Points] = field(default_factory=dict)

    def holds(self, student: str, result: dict[str, Any]) -> bool:
        """Whether these are the points that a result gives, one for one.

        Args:
            student: Whose.
            result: What `task.work` returned.
        """
        wanted = {
            (name, verdict["name"]): verdict["points"]
            for name, notebook in result["notebooks"].items()
            for verdict in notebook["verdicts"]
        }
        return wanted == self.points.get(student, _NONE)


def look(db_url: str, assignment: str, expected: Frames) -> GradebookState:
    """Read it, in two queries.

    Args:
        db_url: The gradebook's address.
        assignment: The assignment's name.
        expected: What there is to earn, from ``source/``.

    Raises:
        CourseError: There is no such gradebook, or it does not know just these questions.
        LockedError: Another program has locked it.
    """
    generate = f"nbgrader generate_assignment {assignment}"
    path = gradebook_lock.file(db_url)
    if path is not None and not path.is_file():
        raise CourseError(f"There is no gradebook {path} yet; it is made by: {generate}")
    try:
        engine = create_engine(db_url, poolclass=NullPool)
        with engine.connect() as connection:
            if not inspect(connection).has_table(Assignment.__tablename__):
                raise CourseError(f"The gradebook is empty; it is filled by: {generate}")
            known = _questions(connection, assignment)
            wanted = {(name, cell) for name, maxima in expected.items() for cell in maxima}
            if not known:
                raise CourseError(f"The gradebook does not know {assignment} yet; run: {generate}")
            if known != wanted:
                differing = ", ".join(sorted({cell for _, cell in known ^ wanted}))
                raise CourseError(
                    f"{assignment}: source/ and the gradebook differ in {differing};"
                    f" run: {generate} --force"
                )
            return GradebookState(_points(connection, assignment))
    except ModuleNotFoundError as error:
        raise CourseError(
            f"c.CourseDirectory.db_url needs the Python package {error.name}; for PostgreSQL:"
            " pip install '.[hub]'"
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise CourseError(
            f"c.CourseDirectory.db_url is no address of a database: {error}"
        ) from error
    except OperationalError as error:
        if locked(error):
            raise GradebookLockedError from error
        raise CourseError(f"The gradebook can't be read: {error.orig}") from error
    except SQLAlchemyError as error:
        raise CourseError(f"The gradebook can't be read: {error}") from error


def locked(error: BaseException) -> bool:
    """Whether this is SQLite's word for a file that another program has locked.

    Example:
        >>> locked(OSError("database is locked"))
        True
    """
    return "database is locked" in str(error) or "database table is locked" in str(error)


def _questions(connection: Connection, assignment: str) -> set[tuple[str, str]]:
    found = set()
    for kind in (GradeCell, TaskCell):
        rows = (
            select(Notebook.name, BaseCell.__table__.c.name)
            .select_from(BaseCell.__table__)
            .join(kind.__table__, kind.__table__.c.id == BaseCell.__table__.c.id)
            .join(Notebook, Notebook.id == BaseCell.__table__.c.notebook_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .where(Assignment.name == assignment)
        )
        found |= {(notebook, cell) for notebook, cell in connection.execute(rows)}
    return found


def _points(connection: Connection, assignment: str) -> dict[str, Points]:
    rows = (
        select(
            *(SubmittedAssignment.student_id, Notebook.name),
            *(BaseCell.__table__.c.name, Grade.auto_score),
        )
        .select_from(Grade)
        .join(BaseCell.__table__, BaseCell.__table__.c.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .where(Assignment.name == assignment)
    )
    found: dict[str, dict[tuple[str, str], float | None]] = defaultdict(dict)
    for student, notebook, cell, points in connection.execute(rows):
        found[student][notebook, cell] = points
    return dict(found)
