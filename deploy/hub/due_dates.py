"""When each assignment is due for a student, from the gradebook."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from nbgrader.api import Assignment, Student, SubmittedAssignment
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

_TTL_S: Final = 15.0  # a class that opens its pages at once costs one look into the gradebook


class DueDates:
    """The due dates of all assignments, reread every few seconds.

    Example:
        >>> DueDates("sqlite:////nowhere/gradebook.db").of("ada")
        {}

    Args:
        gradebook: The gradebook's SQLAlchemy URL.
    """

    def __init__(self, gradebook: str) -> None:
        self._engine = create_engine(_read_only(gradebook))
        self._read_at = -_TTL_S
        self._general: dict[str, datetime] = {}
        self._own: dict[tuple[str, str], datetime] = {}

    def of(self, student: str) -> dict[str, str]:
        """Return when each assignment that has a due date is due, in ISO 8601.

        A student's extensions count. While the gradebook can't be read, what was read last holds.
        """
        if time.monotonic() - self._read_at >= _TTL_S:
            self._read()
        return {
            name: self._own.get((student, name), due).replace(tzinfo=UTC).isoformat()
            for name, due in self._general.items()
        }

    def _read(self) -> None:
        self._read_at = time.monotonic()
        due = select(Assignment.name, Assignment.duedate).where(Assignment.duedate.is_not(None))
        extended = (
            select(Student.id, Assignment.name, Assignment.duedate, SubmittedAssignment.extension)
            .join(SubmittedAssignment, SubmittedAssignment.student_id == Student.id)
            .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
            .where(SubmittedAssignment.extension.is_not(None), Assignment.duedate.is_not(None))
        )
        try:
            with Session(self._engine) as session:
                general = {row.name: row.duedate for row in session.execute(due)}
                own = {
                    (student, name): date + extension
                    for student, name, date, extension in session.execute(extended)
                }
        except SQLAlchemyError:  # no gradebook yet, or it is locked
            return
        self._general, self._own = general, own


def _read_only(gradebook: str) -> str:
    """Return the URL with which SQLite neither creates nor changes the file."""
    url = make_url(gradebook)
    if url.get_backend_name() != "sqlite" or not url.database:
        return gradebook
    return f"sqlite:///file:{quote(url.database)}?mode=ro&uri=true"
