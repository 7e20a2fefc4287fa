"""Write to the audit log what people change in formgrader, and who they are.

Formgrader takes its handlers from a list when its server starts, after it has read
``nbgrader_config.py``. There `install` replaces them by handlers that do the same and log it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from nbgrader.api import MissingEntry

from autograder import audit_log
from autograder.nbgrader_plugins import public_deadlines
from autograder.nbgrader_plugins.course_paths import CourseError

_HANDLERS: Final = "nbgrader.server_extensions.formgrader.apihandlers"
MAX_COMMENT_CHARS: Final = 500  # of each comment in the log


def install() -> None:
    """Let formgrader's handlers log what they change, if this process has loaded formgrader."""
    module = sys.modules.get(_HANDLERS)
    if module is None:
        return
    mixins: dict[type, type] = {
        module.GradeHandler: _LogScore,
        module.CommentHandler: _LogComment,
        module.AssignmentHandler: _LogDueDate,
    }
    module.default_handlers[:] = [
        (pattern, _logging(handler, mixins.get(handler, _NameUser)), *more)
        for pattern, handler, *more in module.default_handlers
    ]


def _logging(handler: type, mixin: type) -> type:
    if issubclass(handler, _NameUser):  # the settings are read more than once
        return handler
    return type(handler.__name__, (mixin, handler), {})


class _NameUser:
    """Tell the audit log whose request this is; releases and runs that it starts log themselves."""

    current_user: Any
    coursedir: Any
    gradebook: Any
    log: Any

    async def prepare(self) -> None:
        """Find out who is logged in."""
        await super().prepare()  # type: ignore[misc]  # tornado's
        audit_log.acting_user.set(_account(self.current_user))

    def record(self, action: str, **details: Any) -> None:
        """Add a line to the log."""
        audit_log.try_record(Path(self.coursedir.root), action, self.log, **details)

    def put_and_record(
        self, key: str, action: str, read: Callable[[str], tuple[dict[str, Any], Any]]
    ) -> None:
        """Let formgrader do its work, and record what differs afterwards."""
        try:
            _, before = read(key)
        except MissingEntry:
            before = None
        super().put(key)  # type: ignore[misc]  # formgrader's
        where, now = read(key)
        if now != before:
            self.record(action, **where, before=before, now=now)


class _LogScore(_NameUser):
    def put(self, grade_id: str) -> None:
        """Change a score."""
        self.put_and_record(grade_id, "score", self._read)

    def _read(self, grade_id: str) -> tuple[dict[str, Any], Any]:
        grade = self.gradebook.find_grade_by_id(grade_id)
        scores = (grade.manual_score, grade.extra_credit)
        return _place(grade), "{} + {}".format(*scores) if scores[1] else scores[0]


class _LogComment(_NameUser):
    def put(self, comment_id: str) -> None:
        """Change a comment."""
        self.put_and_record(comment_id, "comment", self._read)

    def _read(self, comment_id: str) -> tuple[dict[str, Any], Any]:
        comment = self.gradebook.find_comment_by_id(comment_id)
        text = comment.manual_comment or ""
        cut = text if len(text) <= MAX_COMMENT_CHARS else f"{text[:MAX_COMMENT_CHARS]}…"
        return _place(comment), cut


class _LogDueDate(_NameUser):
    def put(self, name: str) -> None:
        """Change a due date, and publish it."""
        self.put_and_record(name.strip(), "due date", self._read)
        try:
            public_deadlines.publish(self.coursedir.config)
        except (CourseError, OSError) as error:
            self.log.warning("The due date is not published in the exchange: %s", error)

    def _read(self, name: str) -> tuple[dict[str, Any], Any]:
        return {"assignment": name}, str(self.gradebook.find_assignment(name).duedate)


def _place(entry: Any) -> dict[str, Any]:
    """Return where a grade or comment belongs."""
    submission = entry.notebook.assignment
    return {
        "student": submission.student.id,
        "assignment": submission.assignment.name,
        "notebook": entry.notebook.name,
        "cell": entry.name,
    }


def _account(user: Any) -> str:
    """Return who is logged in; empty on a server that asks for a token only."""
    name = str(getattr(user, "name", ""))
    return "" if name.startswith("Anonymous ") else str(getattr(user, "username", ""))
