"""What the gradebook and the course's folders hold about one student.

The folders ``autograded/`` and ``.grading/`` also hold the instructor's hidden tests and keys. So
they are erased with the student's data, but are no part of the copy that the student gets: all they
say about the student is in the gradebook and on the feedback pages.
"""

from __future__ import annotations

import contextlib
import glob
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import Exchange
from nbgrader.utils import notebook_hash
from traitlets.config import Config

from autograder.nbgrader_plugins import gradebook_connection, release_feedback
from autograder.nbgrader_plugins.feedback import SECRET

_PERSONAL: Final = ("id", "first_name", "last_name", "email", "lms_user_id")


class PersonalFolders:
    """Where a student's files are in the course folder and the exchange.

    Attributes:
        shareable: Those that the student may have a copy of.
        internal: Those that also hold the instructor's answers.
    """

    def __init__(self, config: Config, student: str) -> None:
        course = CourseDirectory(config=config)
        self._course, self._student = course, student
        self._exchange = Path(Exchange(config=config).root, str(course.course_id))
        steps = (course.submitted_directory, course.feedback_directory)
        self.shareable = [path for step in steps for path in self._of_step(step)]
        pattern = f"{glob.escape(student)}+*"
        self.shareable += sorted((self._exchange / "inbound").glob(pattern))
        self.internal = self._of_step(course.autograded_directory)
        self.internal += sorted(
            path
            for suffix in ("json", "jsonl", "sent", "written")
            for path in Path(course.root, ".grading").glob(f"*/{glob.escape(student)}.{suffix}")
        )

    def released_pages(self) -> list[Path]:
        """Return the released feedback pages; only the secrets in ``feedback/`` name them."""
        pages = []
        for folder in self._of_step(self._course.feedback_directory):
            with contextlib.suppress(OSError, ValueError):  # never released
                secret = release_feedback.read_secret(folder / SECRET)
                for page in sorted(folder.glob("*.html")):
                    name = notebook_hash(secret=secret, notebook_id=page.stem)
                    pages.append(self._exchange / "feedback" / f"{name}.html")
        return [page for page in pages if page.is_file()]

    def _of_step(self, directory: str) -> list[Path]:
        pattern = self._course.format_path(directory, glob.escape(self._student), "*")
        return sorted(Path(path) for path in glob.glob(pattern))  # noqa: PTH207  (an absolute pattern)


def read_entries(db_url: str, student: str) -> dict[str, Any]:
    """Return a student's rows of the gradebook; empty for a student it doesn't list."""
    with Gradebook(db_url) as gradebook:
        try:
            person = gradebook.find_student(student)
        except MissingEntry:
            return {}
        return {
            **{name: getattr(person, name) for name in _PERSONAL},
            "submissions": [
                {
                    "assignment": submission.assignment.name,
                    "submitted": str(submission.timestamp or ""),
                    "extension": str(submission.extension or ""),
                    "late_penalty": submission.late_submission_penalty,
                    "score": submission.score,
                    "max_score": submission.max_score,
                    "answers": list(_answers(submission)),
                }
                for submission in person.submissions
            ],
        }


def _answers(submission: Any) -> Iterator[dict[str, Any]]:
    for notebook in submission.notebooks:
        comments = {comment.name: comment for comment in notebook.comments}
        for grade in notebook.grades:
            comment = comments.get(grade.name)
            yield {
                "notebook": notebook.name,
                "cell": grade.name,
                "score": grade.score,
                "automatic_score": grade.auto_score,
                "manual_score": grade.manual_score,
                "extra_credit": grade.extra_credit,
                "max_score": grade.max_score,
                "needs_review": grade.needs_manual_grade,
                "automatic_comment": comment.auto_comment if comment else None,
                "manual_comment": comment.manual_comment if comment else None,
            }


def remove_entries(db_url: str, student: str) -> None:
    """Remove a student's rows from the gradebook, with all submissions, points and comments."""
    with Gradebook(db_url) as gradebook, contextlib.suppress(MissingEntry):
        gradebook.remove_student(student)
    path = gradebook_connection.sqlite_path(db_url)
    if path is not None:
        # Erased rows stay on free pages until the file is rewritten, if it is not in use.
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(path, timeout=10)) as database,
        ):
            database.execute("vacuum")
