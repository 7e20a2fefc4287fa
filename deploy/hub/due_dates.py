"""When each assignment is due for a student, and what a late submission costs."""

from __future__ import annotations

import contextlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from nbgrader.api import Assignment
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder import deadlines
from autograder.deadlines import LateRules, LateRulesError
from autograder.nbgrader_plugins import late_days
from autograder.nbgrader_plugins.late_days import LateWork

_TTL_S: Final = 15.0  # a class that opens its pages at once costs one look into the gradebook


class DueDates:
    """The deadlines of all assignments, reread every few seconds.

    Example:
        >>> DueDates("sqlite:////nowhere/gradebook.db", Path("/nowhere")).of("ada")
        {}

    Args:
        gradebook: The gradebook's SQLAlchemy URL.
        course_folder: The folder that may hold ``deadlines.toml``.
    """

    def __init__(self, gradebook: str, course_folder: Path) -> None:
        self._engine = create_engine(_read_only(gradebook))
        self._course_folder = course_folder
        self._read_at = -_TTL_S
        self._policy: LateRules | None = None
        self._general: dict[str, datetime] = {}
        self._works: dict[str, list[LateWork]] = {}

    def of(self, student: str) -> dict[str, Any]:
        """Return a `course.deadlines.DueDate` as JSON for each assignment that is due.

        A student's extensions and late days count. While gradebook or policy can't be read, what
        was read last holds.
        """
        if time.monotonic() - self._read_at >= _TTL_S:
            self._read()
        works = late_days.spend(self._policy or LateRules(), self._works.get(student, []))
        result = late_days.deadlines_of(self._policy, self._general, works)
        return {name: deadline.model_dump(mode="json") for name, deadline in result.items()}

    def _read(self) -> None:
        self._read_at = time.monotonic()
        with contextlib.suppress(LateRulesError):
            self._policy = deadlines.read(self._course_folder)
        due = select(Assignment.name, Assignment.duedate).where(Assignment.duedate.is_not(None))
        with contextlib.suppress(SQLAlchemyError):  # no gradebook yet, or it is locked
            with self._engine.connect() as connection:
                general = {row.name: row.duedate for row in connection.execute(due)}
                self._works = late_days.read_submissions(connection)
            self._general = general


def _read_only(gradebook: str) -> str:
    """Return the URL with which SQLite neither creates nor changes the file."""
    url = make_url(gradebook)
    if url.get_backend_name() != "sqlite" or not url.database:
        return gradebook
    return f"sqlite:///file:{quote(url.database)}?mode=ro&uri=true"
