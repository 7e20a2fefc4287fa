"""Grade files are read back by the rules that each LMS documents for its import."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path
from typing import Final

import pytest

from autograder import audit_log
from autograder.__main__ import main
from autograder.course_page import exports
from autograder.lms import grade_files
from autograder.lms.grade_files import GradedAssignment, GradeFileError, Roster
from autograder.nbgrader_plugins import export
from autograder.nbgrader_plugins.course_config import read_config
from tests.autograder.runs import slow
from tests.autograder.small import LESSON

ROOT = Path(__file__).resolve().parents[3]
ADA = Roster("ada", "Ada", "Lovelace", "ada@example.org")
BEN = Roster("ben", "Ben", "=1+1", "ben@example.org")
GRADES = [
    GradedAssignment("01-intro", 7, {"ada": 6.5, "ben": 1 / 3}),
    GradedAssignment("02-next", 10, {"ada": 0.0}),
]
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,01-intro (4711),Essay (4712),Final Score\r\n"
    "    Points Possible,,,,,7.00,5.00,(read only)\r\n"
    '"Lovelace, Ada",81,,ada,Autoencoders,,4.00,80\r\n'
    '"Babbage, Ben",82,,BEN,Autoencoders,1.00,,20\r\n'
    '"Hopper, Cleo",83,,cleo,Autoencoders,5.00,3.00,60\r\n'
    '"Student, Test",84,,x1,Autoencoders,,,\r\n'
)


def read_canvas(content: bytes) -> dict[str, dict[str, str]]:
    """The scores by SIS login and assignment, as Canvas's importer finds them."""
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    assert "Student" in header[0]
    assert "ID" in header[1]
    columns = 3 + sum("SIS" in name for name in header)
    assert "Section" in header[columns - 1]
    titles = {n: re.sub(r" \(\d+\)$", "", header[n]) for n in range(columns, len(header))}
    return {
        row[header.index("SIS Login ID")] or row[0].strip(): {
            title: row[n] for n, title in titles.items()
        }
        for row in rows
    }


@pytest.mark.parametrize("filled", [True, False])
def test_canvas(filled: bool) -> None:
    if filled:
        content, unknown = grade_files.fill("canvas", CANVAS.encode(), GRADES, [ADA, BEN])
        assert unknown == ["Hopper, Cleo", "Student, Test"]
    else:
        content = grade_files.create("canvas", [ADA, BEN], GRADES)
    scores = read_canvas(content)
    ben = "BEN" if filled else "ben"
    assert (scores["ada"]["01-intro"], scores["ada"]["02-next"]) == ("6.5", "0")
    assert (scores[ben]["01-intro"], scores[ben]["02-next"]) == ("0.33", "")
    assert float(scores["Points Possible"]["01-intro"]) == 7
    assert scores["Points Possible"]["02-next"] == "10"
    if filled:  # everything else is as Canvas wrote it
        assert scores["cleo"] | {"02-next": ""} == scores["cleo"]
        assert scores["ada"]["Essay"] == "4.00"
        assert content.decode().startswith(CANVAS.split("\r\n", maxsplit=1)[0])


def test_moodle_fills_its_own_export_in_place() -> None:
    template = (
        "First name,Last name,ID number,Email address,Assignment: 01-intro (Real),Course total\n"
        "Ada,Lovelace,,ADA@example.org,-,-\nBen,Babbage,,ben@example.org,2,-\n"
    )
    content, unknown = grade_files.fill("moodle", template.encode(), GRADES[:1], [ADA, BEN])
    assert not unknown
    ada, ben = csv.DictReader(io.StringIO(content.decode()))
    assert ada["Assignment: 01-intro (Real)"] == "6.5"
    assert ben["Assignment: 01-intro (Real)"] == "0.33"
    assert ada["Course total"] == "-"
    assert b"\r" not in content


def test_moodle_gets_a_file_with_logins() -> None:
    rows = list(
        csv.DictReader(io.StringIO(grade_files.create("moodle", [ADA, BEN], GRADES).decode()))
    )
    assert [row["Username"] for row in rows] == ["ada", "ben"]
    assert rows[1]["Last name"] == "'=1+1"  # no formula for a spreadsheet
    assert rows[0]["02-next"] == "0"


def test_blackboard_keeps_column_ids_delimiter_and_encoding() -> None:
    header = ["Last Name", "First Name", "Username", "01-intro [Total Pts: 7 Score] |12345"]
    lines = ["\t".join(f'"{value}"' for value in row) for row in (header, ["L", "A", "ada", ""])]
    template = ("\r\n".join(lines) + "\r\n").encode("utf-16")
    content, unknown = grade_files.fill("blackboard", template, GRADES[:1], [ADA])
    assert not unknown
    assert content[:2] == template[:2]
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-16")), delimiter="\t")
    assert row["01-intro [Total Pts: 7 Score] |12345"] == "6.5"
    created = grade_files.create("blackboard", [ADA], GRADES).decode().split("\r\n")[1]
    assert created == '"Lovelace","Ada","ada","6.5","0"'


def test_ilias_status_file() -> None:
    titles = "update,usr_id,login,lastname,firstname,status,mark,notice,comment,plagiarism"
    template = (
        f"{titles},plag_comment\n0,311,ada,L,A,notgraded,,,,,\n0,312,cleo,H,C,notgraded,,,,,\n"
    )
    content, unknown = grade_files.fill("ilias", template.encode(), GRADES[:1], [ADA])
    ada, cleo = csv.DictReader(io.StringIO(content.decode()))
    assert (ada["update"], ada["status"], ada["mark"]) == ("1", "passed", "6.5")
    assert (cleo["update"], cleo["status"]) == ("0", "notgraded")
    assert ada["usr_id"] == "311"
    assert len(unknown) == 1
    failed, _ = grade_files.fill("ilias", template.encode(), GRADES[:1], [ADA], pass_share=0.95)
    assert next(csv.DictReader(io.StringIO(failed.decode())))["status"] == "failed"
    with pytest.raises(GradeFileError, match="one assignment"):
        grade_files.fill("ilias", template.encode(), GRADES, [ADA])
    with pytest.raises(GradeFileError, match="--template"):
        grade_files.create("ilias", [ADA], GRADES)


ILIAS: Final = (
    '"update";"usr_id";"login";"lastname";"firstname";"status";"mark";"notice";"comment";'
    '"plagiarism";"plag_comment"\r\n'
    '"0";"311";"ada";"Lovelace";"Ada";"notgraded";"";"";"Nice; ""really""";"";""\r\n'
    '"0";"312";"truncated";"Cut";"Off";"passed";"3";"by hand";"";"";""\r\n'
    '"0";"313";"nobody";"=1+1";"No";"notgraded";"";"";"";"none";""\r\n'
)


def import_ilias(content: bytes, members: dict[str, dict[str, str]]) -> None:
    """Change the marks of an exercise as ILIAS does: only rows with ``update``, by ``usr_id``."""
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    header, *rows = reader
    for values in rows:
        row = dict(zip(header, values, strict=True))
        if row["update"] in {"", "0"}:
            continue
        assert row["status"] in {"notgraded", "passed", "failed"}
        member = members[row["usr_id"]]
        assert member["login"] == row["login"]
        names = ("status", "mark", "notice", "comment", "plagiarism", "plag_comment")
        member.update({name: row[name] for name in names})


def ilias_members() -> dict[str, dict[str, str]]:
    """The members of the exercise, as ILIAS has them."""
    rows = csv.DictReader(io.StringIO(ILIAS, newline=""), delimiter=";")
    return {row["usr_id"]: row for row in rows}


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"PK\3\4", "spreadsheet"), (b"a,b\n1,2\n", "no column holds the login"), (b"", "empty")],
)
def test_a_file_that_can_not_be_filled_says_why(content: bytes, reason: str) -> None:
    with pytest.raises(GradeFileError, match=reason):
        grade_files.fill("canvas", content, GRADES)


class TestCommand:
    pytestmark = slow

    def test_only_final_scores_are_written(
        self, graded_course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "import.csv"
        arguments = ("--to", str(target), "--root", str(graded_course))
        assert main(["lms", "canvas", LESSON, *arguments]) == 1
        scores = {student: row[LESSON] for student, row in read_canvas(target.read_bytes()).items()}
        assert scores["ada"] == scores["Points Possible"] != ""
        assert scores["truncated"] == ""
        assert f"{LESSON}, truncated: " in capsys.readouterr().err

    def test_what_ilias_exports_goes_back_with_the_scores_alone(
        self, graded_course: Path, tmp_path: Path
    ) -> None:
        """Through the command, and through the course page's form."""
        template, target = tmp_path / "status.csv", tmp_path / "import.csv"
        template.write_text(ILIAS, newline="")
        arguments = ("--template", str(template), "--to", str(target), "--root", str(graded_course))
        assert main(["lms", "ilias", LESSON, *arguments]) == 1  # two have no final score
        course = Path(shutil.copytree(graded_course, tmp_path / "course"))
        page = exports.make_file(course, [LESSON], "ilias", ILIAS.encode(), "ines")
        assert page.content == target.read_bytes()
        assert audit_log.read(course)[-1].details["format"] == "ilias"
        members, before = ilias_members(), ilias_members()
        import_ilias(page.content, members)
        maximum = export.read_grades(read_config(course), [LESSON]).maxima[LESSON]
        changed = {"status": "passed", "mark": f"{maximum:g}", "update": "0"}
        assert members == before | {"311": before["311"] | changed}
        rest = page.content.decode().splitlines()
        assert rest[0] == ILIAS.splitlines()[0]
        assert rest[2:] == ILIAS.splitlines()[2:]

    def test_it_succeeds_if_every_score_is_final(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada = {"student_id": "ada", "first_name": "Ada", "last_name": "Lovelace", "email": ""}
        row = {"student_id": "ada", "assignment": "01-intro", "status": "graded", "score": "6"}
        table = export.GradeTable({"01-intro": 7}, [ada], [row])
        monkeypatch.setattr(export, "read_grades", lambda *_: table)
        arguments = ("--to", str(tmp_path / "new.csv"), "--root", str(ROOT))
        assert main(["lms", "canvas", *arguments]) == 0

    def test_an_unknown_assignment_writes_nothing(
        self, graded_course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        target = tmp_path / "import.csv"
        arguments = ("--to", str(target), "--root", str(graded_course))
        assert main(["lms", "moodle", "99-none", *arguments]) == 2
        assert not target.exists()
        assert "99-none isn't in the gradebook" in capsys.readouterr().err
