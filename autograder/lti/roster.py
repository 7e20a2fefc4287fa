"""Add the learners of the platform's course to the gradebook; nobody is ever removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from traitlets.config import Config

from autograder.lti.client import ServiceClient
from autograder.lti.people import Member, match, read_members
from autograder.nbgrader_plugins import roster
from autograder.nbgrader_plugins.roster import StudentEntry
from autograder.student_names import printable

_TITLES: Final = {
    "first_name": "first name",
    "last_name": "last name",
    "email": "e-mail",
    "lms_user_id": "LMS id",
}


@dataclass(frozen=True)
class RosterPlan:
    """What the gradebook has now, and what it would have.

    Attributes:
        before: Its students, by id.
        after: Those that are added or changed, by id.
        absent: Its students who aren't in the roster; they stay.
        problems: Who can't be added, and why.
    """

    before: dict[str, StudentEntry]
    after: dict[str, StudentEntry] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def added(self) -> list[str]:
        """The ids of new students."""
        return [name for name in self.after if name not in self.before]

    def lines(self) -> Iterator[str]:
        """Yield a line about each student who changes, then the counts."""
        for name, entry in sorted(self.after.items()):
            known = self.before.get(name)
            if known is None:
                person = " ".join(filter(None, [entry.first_name, entry.last_name, entry.email]))
                yield f"+ {printable(name)}  {printable(person)}"
                continue
            changes = [
                f"{title} {printable(getattr(known, key)) or '–'} →"
                f" {printable(getattr(entry, key))}"
                for key, title in _TITLES.items()
                if getattr(known, key) != getattr(entry, key)
            ]
            yield f"~ {printable(name)}  {', '.join(changes)}"
        for name in self.absent:
            yield f"= {printable(name)}  isn't in the LMS's roster and stays in the gradebook"
        count = len(self.before) + len(self.added)
        yield f"Students in the gradebook: {len(self.before)} before, {count} after."


def make_plan(config: Config, client: ServiceClient) -> RosterPlan:
    """Compare the platform's roster with the gradebook.

    Raises:
        LtiError: The platform refuses, or can't be reached.
    """
    members, problems = read_members(client)
    students = roster.read_students(config)
    matching = match(members, students, client.platform.username, client.platform.users)
    before = {entry.id: entry for entry in students}
    wanted = {
        name: _merge(before.get(name, StudentEntry(name)), member)
        for name, member in (matching.known | matching.new).items()
    }
    return RosterPlan(
        before,
        {name: entry for name, entry in wanted.items() if before.get(name) != entry},
        [name for name in before if name not in wanted],
        problems + matching.problems,
    )


def _merge(entry: StudentEntry, member: Member) -> StudentEntry:
    """Take over what the platform knows; what it leaves out stays."""
    values: dict[str, Any] = {
        "first_name": member.given_name,
        "last_name": member.family_name,
        "email": member.email,
        "lms_user_id": member.user_id,
    }
    return replace(entry, **{name: value for name, value in values.items() if value})
