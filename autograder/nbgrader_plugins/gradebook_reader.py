"""Read an assignment's cells and all its scores from the gradebook, in a few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from autograder.nbgrader_plugins.course_paths import CourseError

CellKey = tuple[str, str]  # notebook and cell


class GradebookLockedError(RuntimeError):
    """Another program has locked the gradebook."""


@dataclass(frozen=True)
class StoredScores:
    """What the gradebook holds for one assignment.

    Attributes:
        cells: The graded cells.
        points: By student, the automatic score of each cell; None where it isn't graded yet.
    """

    cells: frozenset[CellKey]
    points: Mapping[str, Mapping[CellKey, float | None]]


def read_scores(db_url: str, assignment: str) -> StoredScores:
    """Read the cells and scores of an assignment.

    Args:
        db_url: The gradebook's address.
        assignment: The assignment's name.

    Raises:
        CourseError: The gradebook can't be read or doesn't contain the assignment.
        GradebookLockedError: Another program has locked it.
    """
    generate = f"nbgrader generate_assignment {assignment}"
    path = sqlite_path(db_url)
    if path is not None and not path.is_file():
        raise CourseError(f"There is no gradebook {path} yet. Create it with: {generate}")
    try:
        engine = create_engine(db_url, poolclass=NullPool)
        with engine.connect() as connection:
            if not inspect(connection).has_table(Assignment.__tablename__):
                raise CourseError(f"The gradebook is empty. Fill it with: {generate}")
            cells = _cells(connection, assignment)
            if not cells:
                raise CourseError(f"{assignment} isn't in the gradebook yet. Run: {generate}")
            return StoredScores(cells, _points(connection, assignment))
    except ModuleNotFoundError as error:
        raise CourseError(
            f"c.CourseDirectory.db_url needs the Python package {error.name}; for PostgreSQL:"
            " pip install '.[hub]'"
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise CourseError(f"c.CourseDirectory.db_url isn't a database URL: {error}") from error
    except OperationalError as error:
        if is_lock_error(error):
            raise GradebookLockedError from error
        raise CourseError(f"Can't read the gradebook: {error.orig}") from error
    except SQLAlchemyError as error:
        raise CourseError(f"Can't read the gradebook: {error}") from error


def sqlite_path(db_url: str) -> Path | None:
    """Return the file of an SQLite gradebook; None for a database server.

    Example:
        >>> sqlite_path("sqlite:////srv/course/gradebook.db")
        PosixPath('/srv/course/gradebook.db')
    """
    url = make_url(db_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def is_lock_error(error: BaseException) -> bool:
    """Return whether SQLite reports a file that another program has locked.

    Example:
        >>> is_lock_error(OSError("database is locked"))
        True
    """
    return "database is locked" in str(error) or "database table is locked" in str(error)


def _cells(connection: Connection, assignment: str) -> frozenset[CellKey]:
    cells: set[CellKey] = set()
    for kind in (GradeCell, TaskCell):
        query = (
            select(Notebook.name, BaseCell.__table__.c.name)
            .select_from(BaseCell.__table__)
            .join(kind.__table__, kind.__table__.c.id == BaseCell.__table__.c.id)
            .join(Notebook, Notebook.id == BaseCell.__table__.c.notebook_id)
            .join(Assignment, Assignment.id == Notebook.assignment_id)
            .where(Assignment.name == assignment)
        )
        cells |= {(notebook, cell) for notebook, cell in connection.execute(query)}
    return frozenset(cells)


def _points(connection: Connection, assignment: str) -> dict[str, dict[CellKey, float | None]]:
    query = (
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
    points: dict[str, dict[CellKey, float | None]] = defaultdict(dict)
    for student, notebook, cell, score in connection.execute(query):
        points[student][notebook, cell] = score
    return dict(points)
