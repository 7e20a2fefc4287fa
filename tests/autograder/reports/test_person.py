"""All data about one person: exported without the answers, and erased without a trace."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from autograder.__main__ import main
from deploy.feedback.request_log import RequestLog
from tests.autograder.runs import slow
from tests.autograder.small import LESSON, NOTEBOOK
from tests.hostile.batch import nbgrader

pytestmark = slow

SECRET = "s" * 32


@pytest.fixture
def course(tmp_path: Path, graded_course: Path) -> Path:
    """A graded class with released feedback, an exchange and a Check record."""
    course = Path(shutil.copytree(graded_course, tmp_path / "class" / "course"))
    exchange, record = tmp_path / "class" / "exchange", tmp_path / "asked.db"
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.Exchange.root = {str(exchange)!r}\nc.CheckRecord.path = {str(record)!r}\n")
    log = RequestLog(record)
    for student in ("ada", "late"):
        log.add(student, LESSON, "single", "", "wrong")
        page = course / "feedback" / student / LESSON / NOTEBOOK.replace("ipynb", "html")
        page.parent.mkdir(parents=True)
        page.write_text(f"feedback for {student}")
        (page.parent / "submission_secret.txt").write_text(SECRET + student)
    log.close()
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        gradebook.execute("update student set last_name = 'Lovelace' where id = 'ada'")
    inbound = exchange / "autoencoders" / "inbound"
    for name in ("ada", "adam"):
        shutil.copytree(
            course / "submitted" / "ada" / LESSON, inbound / f"{name}+{LESSON}+2026-03-01+x"
        )
    (exchange / "autoencoders" / "feedback").mkdir()
    code, output = nbgrader(course, "release_feedback", LESSON)
    assert code == 0, output
    return course


def run(course: Path, *arguments: str) -> int:
    return main(["person", *arguments, "--root", str(course)])


def traces(folder: Path, name: str) -> list[str]:
    """Return every file that has the name in its path or in its content."""
    word = re.compile(rf"(?<![0-9A-Za-z]){name}(?![0-9A-Za-z])")
    return [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and word.search(path.relative_to(folder).as_posix() + path.read_text("utf-8", "replace"))
    ]


def test_the_export_holds_everything_but_the_answers(course: Path, tmp_path: Path) -> None:
    target = tmp_path / "ada.zip"
    assert run(course, "ada", "export", "--to", str(target)) == 0
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {name.split("/")[0] for name in files} == {
        *("README.txt", "gradebook.json", "checks.json", "submitted", "feedback", "exchange")
    }
    (submission,) = json.loads(files["gradebook.json"])["submissions"]
    assert submission["assignment"] == LESSON
    assert submission["score"] == submission["max_score"] > 0
    (check,) = json.loads(files["checks.json"])["asked"]
    assert check["student"] == "ada"
    assert not [name for name, content in files.items() if b"BEGIN HIDDEN" in content]
    assert not [name for name in files if "autograded" in name or "adam" in name]


def test_links_in_a_submission_are_not_followed(course: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the key of the machine")
    folder = course / "submitted" / "ada" / LESSON
    (folder / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    target = tmp_path / "ada.zip"
    assert run(course, "ada", "export", "--to", str(target)) == 1
    with zipfile.ZipFile(target) as archive:
        assert not [name for name in archive.namelist() if name.endswith(("link", "pipe"))]


def test_a_dry_run_changes_nothing(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = traces(course.parent, "ada")
    assert run(course, "ada", "erase", "--dry-run") == 0
    assert traces(course.parent, "ada") == before
    output = capsys.readouterr().out
    for place in ("gradebook", "Check record", "submitted/ada", ".grading", "inbound/ada+"):
        assert place in output
    assert "backups" in output


def test_erasing_leaves_no_trace_and_touches_nobody_else(course: Path, tmp_path: Path) -> None:
    pages = course.parent / "exchange" / "autoencoders" / "feedback"
    assert len(list(pages.iterdir())) == 2
    others = traces(course.parent, "late")
    assert run(course, "ada", "erase") == 0
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        dump = "\n".join(gradebook.iterdump())
    assert "'ada'" not in dump
    assert "'late'" in dump
    assert b"Lovelace" not in (course / "gradebook.db").read_bytes()  # nor on a free page
    assert traces(course.parent, "ada") == []
    assert traces(course.parent, "late") == others
    assert len(list(pages.iterdir())) == 1
    with sqlite3.connect(tmp_path / "asked.db") as record:
        assert record.execute("select student from asked").fetchall() == [("late",)]
    assert run(course, "ada", "erase") == 1  # nothing is left


@pytest.mark.parametrize("name", ["../late", "*", "a" * 200])
def test_a_name_that_no_student_can_have_is_refused(
    course: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(course, name, "erase") == 1
    assert "can't be a student's id" in capsys.readouterr().err
