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
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Connection, create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from autograder.nbgrader_plugins.course_paths import CourseError

CellKey = tuple[str, str]  # notebook and cell
CellPoints = Mapping[CellKey, float | None]  # None where a cell isn't graded yet

_CELL = BaseCell.__table__.c  # its columns alone, without joining the table of each cell type


class GradebookLockedError(RuntimeError):
    """Another program has locked the gradebook."""


@dataclass(frozen=True)
class StoredScores:
    """The graded cells of one assignment and, by student, their automatic scores."""

    cells: frozenset[CellKey]
    points: Mapping[str, CellPoints]


def read_scores(db_url: str, assignment: str) -> StoredScores:
    """Read the cells and scores of an assignment.

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
            return StoredScores(frozenset(cells), _points(connection, assignment))
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


def is_lock_error(error: BaseException | str) -> bool:
    """Return whether an error or its text is SQLite's about a file another program has locked.

    Example:
        >>> is_lock_error(OSError("database is locked"))
        True
    """
    return "database is locked" in str(error) or "database table is locked" in str(error)


def _cells(connection: Connection, assignment: str) -> list[CellKey]:
    query = (
        select(Notebook.name, _CELL.name)
        .join(Notebook, Notebook.id == _CELL.notebook_id)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .where(Assignment.name == assignment, _CELL.type.in_(("GradeCell", "TaskCell")))
    )
    return [(notebook, cell) for notebook, cell in connection.execute(query)]


def _points(connection: Connection, assignment: str) -> dict[str, CellPoints]:
    query = (
        select(SubmittedAssignment.student_id, Notebook.name, _CELL.name, Grade.auto_score)
        .select_from(Grade)
        .join(BaseCell.__table__, _CELL.id == Grade.cell_id)
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
