"""Connect to a gradebook, and say what is wrong if that can't be done."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from autograder.nbgrader_plugins.course_paths import CourseError


class GradebookLockedError(RuntimeError):
    """Another program has locked the gradebook."""


@contextlib.contextmanager
def connect(db_url: str) -> Iterator[Connection]:
    """Connect to a gradebook, to read from it.

    Raises:
        CourseError: The gradebook can't be read.
        GradebookLockedError: Another program has locked it.
    """
    try:
        with _engine(db_url).connect() as connection:
            yield connection
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


@functools.cache
def _engine(db_url: str) -> Engine:
    return create_engine(db_url, poolclass=NullPool)  # it keeps no connection


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
