"""The gradebook's students, with their ids at a learning management system."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Final

from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

FIELDS: Final = ("first_name", "last_name", "email", "lms_user_id")


@dataclass(frozen=True)
class StudentEntry:
    """A student as the gradebook knows them.

    Attributes:
        id: The id here.
        first_name: May be empty, as all others.
        last_name: As above.
        email: As above.
        lms_user_id: The id at the LMS.
    """

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""


def read_students(config: Config) -> list[StudentEntry]:
    """Return all students of a course's gradebook, by id."""
    with Gradebook(CourseDirectory(config=config).db_url) as gradebook:
        entries = [
            StudentEntry(one.id, *(str(getattr(one, name) or "") for name in FIELDS))
            for one in gradebook.students
        ]
    return sorted(entries, key=lambda entry: entry.id)


def write_students(config: Config, entries: Iterable[StudentEntry]) -> None:
    """Add students, or replace what is known about them; scores stay, and nobody is removed."""
    with Gradebook(CourseDirectory(config=config).db_url) as gradebook:
        for entry in entries:
            values = asdict(entry)
            gradebook.update_or_create_student(values.pop("id"), **values)
