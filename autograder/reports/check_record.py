"""The record of the Check button, as far as the course folder's owner may read it.

On a hub the feedback service keeps it, in SQLite: who asked what, when, and with which result.
``c.CheckRecord.path`` names the file; a course without such a service has none.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from traitlets import Unicode
from traitlets.config import Configurable

from autograder.nbgrader_plugins.course_paths import CourseError

COUNTED: Final = ("right", "wrong")
_TABLES: Final = ("asked", "handed_in")


@dataclass(frozen=True)
class Check:
    """One press of the Check button that got an answer; times are in UTC."""

    student: str
    question: str
    time: datetime
    right: bool


class CheckRecord(Configurable):
    """The file that the feedback service writes.

    Example:
        >>> CheckRecord().rows_of("ada")
        {}
    """

    path = Unicode(
        help="The SQLite file in which the feedback service records each use of the Check button."
    ).tag(config=True)

    def checks(self, assignment: str) -> list[Check]:
        """Return the checks of an assignment's questions, in the order in which they came.

        Raises:
            CourseError: The file can't be read.
        """
        with self._open() as database:
            if database is None:
                return []
            rows = database.execute(
                "select student, question, time, said from asked"
                " where assignment = ? and said in (?, ?) order by number",
                (assignment, *COUNTED),
            )
            return [
                Check(student, question, datetime.fromisoformat(time), result == "right")
                for student, question, time, result in rows
            ]

    def rows_of(self, student: str) -> dict[str, list[dict[str, Any]]]:
        """Return all rows about a student, by table.

        Raises:
            CourseError: The file can't be read.
        """
        with self._open() as database:
            if database is None:
                return {}
            return {table: list(_rows(database, table, student)) for table in _TABLES}

    def erase(self, student: str) -> None:
        """Remove all rows about a student.

        Raises:
            CourseError: The file can't be written.
        """
        with self._open() as database:
            if database is not None:
                database.execute("pragma secure_delete = on")
                for table in _TABLES:
                    database.execute(f"delete from {table} where student = ?", (student,))  # noqa: S608  (our own names)
                database.commit()

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection | None]:
        if not self.path or not Path(self.path).is_file():
            yield None
            return
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=10)) as database:
                yield database
        except (sqlite3.Error, ValueError) as error:
            raise CourseError(f"Can't use the Check record {self.path}: {error}") from error


def _rows(database: sqlite3.Connection, table: str, student: str) -> Iterator[dict[str, Any]]:
    cursor = database.execute(f"select * from {table} where student = ?", (student,))  # noqa: S608  (our own names)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))
