"""The roster: who is added, who is who, and who stays."""

from __future__ import annotations

import pytest

from autograder import audit_log
from autograder.__main__ import main
from autograder.lti.people import Member, context_roles, match, student_id
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.roster import StudentEntry, read_students
from tests.autograder.lti.conftest import Course
from tests.lti_platform import ROLE, Platform, member


def read(course: Course, *arguments: str) -> int:
    return main(["lms", "roster", "--root", str(course.root), *arguments])


def students(course: Course) -> dict[str, StudentEntry]:
    return {entry.id: entry for entry in read_students(read_config(course.root))}


def test_learners_of_all_pages_are_added_and_nobody_is_removed(
    course: Course, platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.members += [
        member("u4", "Dora", "Dora.Maar@uni.example", family_name="Maar"),
        member("u5", "Gone", "gone@uni.example", status="Inactive"),
        member("u6", "Boss", "boss@uni.example", roles=["http://x/institution/person#Student"]),
    ]
    course.students("emil")
    assert read(course, "--dry-run") == 0
    assert students(course)["ada"] == StudentEntry("ada")
    assert audit_log.read(course.root) == []
    assert read(course, "--by", "ines") == 0
    after = students(course)
    assert list(after) == ["ada", "ben", "cleo", "dora-maar", "emil"]
    assert after["dora-maar"] == StudentEntry(
        "dora-maar", "Dora", "Maar", "Dora.Maar@uni.example", "u4"
    )
    assert after["ada"].lms_user_id == "u1"
    output = capsys.readouterr().out
    assert "+ dora-maar  Dora Maar Dora.Maar@uni.example" in output
    assert "~ ada  first name – → Ada, last name – → Lovelace" in output
    assert "= emil  isn't in the LMS's roster and stays" in output
    assert "Students in the gradebook: 4 before, 5 after." in output
    assert audit_log.read(course.root)[-1].details == {"added": 1, "changed": 3}
    assert read(course) == 0
    assert len(audit_log.read(course.root)) == 1  # nothing new


def test_a_known_number_counts_more_than_a_name(course: Course, platform: Platform) -> None:
    """Somebody whose address changes stays the same student."""
    assert read(course) == 0
    platform.members[0]["email"] = "married@uni.example"
    assert read(course) == 0
    assert list(students(course)) == ["ada", "ben", "cleo"]
    assert students(course)["ada"].email == "married@uni.example"


def learner(number: str, email: str = "") -> Member:
    return Member(user_id=number, roles=(f"{ROLE}Learner",), email=email)


def test_nobody_takes_another_persons_place() -> None:
    known = [StudentEntry("ada", email="ada@uni.example"), StudentEntry("ben", lms_user_id="u2")]
    taken = match([learner("u9", "ada@elsewhere.example")], known, "email")
    assert not taken.known
    assert "ada is somebody else here" in taken.problems[0]
    taken = match([learner("u9", "ben@elsewhere.example")], known, "email")
    assert not taken.known
    assert not taken.new
    both = match([learner("u1", "eva@a.example"), learner("u2x", "eva@b.example")], [], "email")
    assert not both.new
    assert "would both be eva" in both.problems[0]
    assert match([learner("u1")], [], "email").problems == ["u1: the LMS gives no email."]
    bound = match([learner("u9", "x@y.example")], known, "email", {"u9": "ada"})
    assert list(bound.known) == ["ada"]


def test_only_roles_in_the_course_count() -> None:
    base = "http://purl.imsglobal.org/vocab/lis/v2/"
    assert context_roles([f"{base}institution/person#Instructor"]) == set()
    assert context_roles([f"{base}system/person#Administrator"]) == set()
    assert context_roles([f"{base}membership/Instructor#TeachingAssistant"]) == {"Instructor"}
    assert context_roles(["Learner", "urn:lti:role:ims/lis/Instructor"]) == {"Learner"}
    assert context_roles([f"{base}membershipX#Instructor", f"{base}membership"]) == set()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("email", "jorg-o-neil"),
        ("username", "s-4711"),
        ("sourcedid", "x" * 31),
        ("sub", "lti-6b3e1dbf4cf3e3ef"),
    ],
)
def test_ids_can_be_accounts(kind: str, expected: str) -> None:
    person = Member(
        user_id="9F/../x",
        email="Jörg.O'Neil@uni.example",
        ext_user_username="4711",
        lis_person_sourcedid="X" * 50,
    )
    name = student_id(person, kind)
    assert name == expected or (kind == "sub" and name.startswith("lti-") and len(name) == 20)
    assert student_id(Member(user_id="ada-7"), "sub") == "ada-7"


def test_the_key_is_made_once_and_stays_private(
    course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    path = course.root / ".grading" / "lti-key.pem"
    path.unlink()
    command = ["lms", "key", "--root", str(course.root)]
    assert main(command) == 0
    first = capsys.readouterr()
    assert path.stat().st_mode & 0o077 == 0
    assert main(command) == 0
    assert capsys.readouterr().out == first.out
    assert '"d"' not in first.out
    assert "PRIVATE" not in first.out + first.err
    assert main([*command, "--pem"]) == 0
    assert capsys.readouterr().out.startswith("-----BEGIN PUBLIC KEY-----")
    path.chmod(0o644)
    assert main(command) == 2
    assert f"chmod 600 {path}" in capsys.readouterr().err
    path.write_text("not a key")
    path.chmod(0o600)
    assert main(command) == 2
    assert "not a key" not in capsys.readouterr().err
