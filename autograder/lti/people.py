"""The platform's members and the course's students: who is who.

LTI Names and Role Provisioning Services 2.0; LTI 1.3, appendix A: role vocabularies.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from autograder.lti.client import Service, ServiceClient
from autograder.lti.platform import LtiError
from autograder.nbgrader_plugins.roster import StudentEntry
from autograder.student_names import printable

ROSTER: Final = Service(
    "application/vnd.ims.lti-nrps.v2.membershipcontainer+json",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
)
LEARNER: Final = "Learner"
INSTRUCTOR: Final = "Instructor"
MAX_MEMBERS: Final = 200_000
_VOCABULARY: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_MAX_CHARS: Final = 128
_MAX_NAME: Final = 31  # of an account on a hub


def clean(value: Any) -> str:
    r"""Return a text of the platform on one line, without control characters, and not too long.

    Example:
        >>> clean("Ada\x1b[2J\n"), clean(None)
        ('Ada[2J', '')
    """
    text = unicodedata.normalize("NFC", value) if isinstance(value, str) else ""
    text = "".join(one if one.isprintable() else " " * one.isspace() for one in text)
    return " ".join(text.split())[:_MAX_CHARS].rstrip()


Text = Annotated[str, BeforeValidator(clean)]


class Member(BaseModel):
    """A member of the platform's course, as in its roster; what we don't use is ignored.

    Example:
        >>> Member(user_id="7", roles=["Learner"], email="ada@uni.example").is_learner
        True
    """

    model_config = ConfigDict(frozen=True)

    user_id: str = Field(min_length=1, max_length=255)
    status: Text = ""
    roles: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    given_name: Text = ""
    family_name: Text = ""
    email: Text = ""
    username: Text = Field(default="", alias="ext_user_username")
    sourcedid: Text = Field(default="", alias="lis_person_sourcedid")

    @property
    def is_learner(self) -> bool:
        """Whether this is an active learner."""
        return LEARNER in context_roles(self.roles) and self.status in {"", "Active"}

    def __str__(self) -> str:
        """Return a name to show."""
        name = f"{self.given_name} {self.family_name}".strip()
        return printable(name or self.email or self.user_id)[:_MAX_CHARS]


def context_roles(roles: Iterable[str]) -> set[str]:
    """Return the roles in the course itself; being an instructor elsewhere doesn't count.

    Example:
        >>> base = "http://purl.imsglobal.org/vocab/lis/v2/"
        >>> context_roles([base + "institution/person#Instructor", base + "membership#Learner"])
        {'Learner'}
    """
    found = set()
    for role in roles:
        rest = role.removeprefix(_VOCABULARY)
        if rest is role or rest == role:
            if re.fullmatch(r"[A-Za-z]+", role):  # the short form
                found.add(role)
        elif rest.startswith("#"):
            found.add(rest[1:])
        elif rest.startswith("/"):  # such as /Instructor#TeachingAssistant
            found.add(rest[1:].partition("#")[0])
    return found


def student_id(member: Member, kind: str) -> str:
    """Return the student's id that follows from the platform's names; empty if it has none.

    Args:
        member: Whose.
        kind: One of `autograder.lti.platform.USERNAMES`.

    Example:
        >>> student_id(Member(user_id="7", email="Ada.Lovelace@uni.example"), "email")
        'ada-lovelace'
    """
    if kind == "sub":
        text = member.user_id
        if not re.fullmatch(rf"[a-z][a-z0-9_-]{{0,{_MAX_NAME - 1}}}", text):
            text = f"lti-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]}"
        return text
    names = {
        "email": member.email.partition("@")[0],
        "username": member.username,
        "sourcedid": member.sourcedid,
    }
    text = unicodedata.normalize("NFKD", names[kind]).encode("ascii", "ignore").decode().lower()
    text = re.sub("[^a-z0-9_-]+", "-", text).strip("-")
    if text and not text[0].isalpha():
        text = f"s-{text}"
    return text[:_MAX_NAME]


@dataclass(frozen=True)
class Matching:
    """Who is who.

    Attributes:
        known: The members who are in the gradebook, by student id.
        new: Those who aren't, by the id they would get.
        problems: Who can't be matched, and why.
    """

    known: dict[str, Member] = field(default_factory=dict)
    new: dict[str, Member] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def match(
    members: Iterable[Member],
    students: Iterable[StudentEntry],
    kind: str,
    users: Mapping[str, str] | None = None,
) -> Matching:
    """Find the student of each learner: by the platform's id, by e-mail address, by name.

    Nobody gets another person's grades: if two could be the same student, neither is matched.

    Args:
        members: The roster.
        students: The gradebook's.
        kind: Where a student's id comes from, as in `student_id`.
        users: Student ids by the platform's ids, of those who have logged in.
    """
    entries = {one.id: one for one in students}
    by_number = {one.lms_user_id: one.id for one in entries.values() if one.lms_user_id}
    by_number |= users or {}
    emails = Counter(one.email.casefold() for one in entries.values() if one.email)
    by_email = {
        one.email.casefold(): one.id
        for one in entries.values()
        if emails[one.email.casefold()] == 1
    }
    chosen: dict[str, list[Member]] = {}
    matching = Matching()
    for member in members:
        if not member.is_learner:
            continue
        name = by_number.get(member.user_id) or by_email.get(member.email.casefold())
        name = name or student_id(member, kind)
        if not name:
            matching.problems.append(f"{member}: the LMS gives no {kind}.")
        elif (entry := entries.get(name)) and not _may_be(entry, member, by_number):
            matching.problems.append(f"{member}: {printable(name)} is somebody else here.")
        else:
            chosen.setdefault(name, []).append(member)
    for name, found in chosen.items():
        if len({member.user_id for member in found}) > 1:
            names = " and ".join(f"{member} ({printable(member.user_id)})" for member in found)
            matching.problems.append(f"{names} would both be {printable(name)}.")
        else:
            (matching.known if name in entries else matching.new)[name] = found[0]
    return matching


def _may_be(entry: StudentEntry, member: Member, by_number: Mapping[str, str]) -> bool:
    if by_number.get(member.user_id) == entry.id:
        return True
    if entry.id in by_number.values():  # it belongs to another number
        return False
    emails = {entry.email.casefold(), member.email.casefold()} - {""}
    return len(emails) < 2


def read_members(client: ServiceClient) -> tuple[list[Member], list[str]]:
    """Return the roster, and what is wrong with entries that can't be used.

    Raises:
        LtiError: The platform refuses, or can't be reached.
    """
    members, problems = [], []
    for page in client.pages(client.platform.memberships_url, ROSTER, "read the roster"):
        entries = page.get("members") if isinstance(page, dict) else None
        if not isinstance(entries, list):
            raise LtiError("The LMS's roster has no list of members.")
        for entry in entries:
            try:
                members.append(Member.model_validate(entry))
            except ValidationError as error:
                places = ", ".join(str(one["loc"][0]) for one in error.errors() if one["loc"])
                problems.append(f"An entry of the roster is invalid: {printable(places)}.")
        if len(members) > MAX_MEMBERS:
            raise LtiError(f"The LMS's roster has more than {MAX_MEMBERS:,} members.")
    return members, problems
