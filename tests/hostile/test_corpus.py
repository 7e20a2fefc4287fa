"""A class of attackers and unlucky people: each gets what is fair, in one run of the grader.

Two honest students hand in as well, the first and the last in the list. Whatever the others
do, those two have full marks.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.kernels import isolation
from autograder.kernels.limits import Limits
from tests.autograder import lessons
from tests.autograder.small import LESSON, NOTEBOOK, open_course
from tests.hostile.corpus import Entry, Fair, Submission, entries

MISSING = isolation.what_is_missing()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("hostile"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]
CORPUS = {entry.name: entry for entry in entries()}
FULL: Fair = {"single": 1, "several": 2, "double-test": 2, "half-test": 3}
NEIGHBOURS = ("aaa-neighbour", "zzz-neighbour")
EVERYBODY = [*CORPUS, *NEIGHBOURS]
KEEPER = "keeper"  # in the gradebook from the beginning; hands in nothing
SECRET = f"secret{uuid.uuid4().hex}"
MARK = f"mark{uuid.uuid4().hex}"
SETTINGS = """
c.Grade.cell_seconds = 4
c.Grade.start_seconds = 3
c.Grade.notebook_seconds = 60
"""


@dataclass
class Graded:
    """What the run left.

    Attributes:
        course: The instructor's folder.
        code: The exit code of ``nbgrader autograde``.
        said: What it said.
        before: The hash of each file in ``source/`` before the run.
        left: Processes that still bore the mark of the run some seconds after it.
        rows: The export, by student.
    """

    course: Path
    code: int
    said: str
    before: dict[str, str]
    left: list[str]
    rows: dict[str, dict[str, str]]

    def notebook(self, student: str) -> dict[str, Any] | None:
        path = self.course / "autograded" / student / LESSON / NOTEBOOK
        return json.loads(path.read_bytes()) if path.is_file() else None

    def verdicts(self, student: str) -> Fair:
        nb = self.notebook(student)
        if nb is None:  # there was nothing that could be graded, and the export must say so
            assert student in self.rows, "the export lacks this submission"
            assert self.rows[student]["status"] == "not graded"
            return dict.fromkeys(FULL)
        return {
            meta["nbgrader"]["grade_id"]: meta["course"]["verdict"]["points"]
            for meta in (cell["metadata"] for cell in nb["cells"])
            if meta.get("nbgrader", {}).get("grade")
        }


def nbgrader(course: Path, *arguments: str) -> tuple[int, str]:
    """Run the real command, with a secret and a mark in its environment."""
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    done = subprocess.run(
        [str(programs / "nbgrader"), *arguments],
        cwd=course,
        # KERAS_BACKEND is passed on to kernels, and nothing in this lesson reads it.
        env={**os.environ, "PATH": path, "COURSE_SECRET": SECRET, "KERAS_BACKEND": MARK},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=1200,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def marked() -> list[str]:
    """The processes that bear the mark, given a few seconds to end."""
    found: list[str] = []
    for _ in range(50):
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if MARK.encode() in (place / "environ").read_bytes():
                    found.append((place / "cmdline").read_text(errors="replace"))
            except OSError:
                continue
        if not found:
            break
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    text = lessons.TEXT.replace("return 2 * x", f"return 2 * x  # {SECRET}")
    course = open_course(tmp_path_factory.mktemp("hostile") / "course", text)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    (course / "key.txt").write_text(SECRET, encoding="utf-8")
    for arguments in (
        ("generate_assignment", LESSON),
        ("db", "student", "add", KEEPER, "--last-name", SECRET),
    ):
        code, said = nbgrader(course, *arguments)
        assert code == 0, said
    for student in EVERYBODY:
        folder = course / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        made = CORPUS[student].submission(course) if student in CORPUS else Submission()
        made.write(folder)
    before = hashes(course / "source")
    code, said = nbgrader(course, "autograde", LESSON)
    left = marked()
    exported, told = nbgrader(course, "export")
    assert exported == 0, told
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    return Graded(course, code, said, before, left, rows)


def test_the_corpus_is_large_and_says_what_is_fair() -> None:
    assert len(CORPUS) >= 40
    for entry in CORPUS.values():
        assert entry.tries.endswith("."), entry.name
        assert list(entry.fair) == list(FULL), entry.name
        assert all(
            points is None or 0 <= points <= (FULL[name] or 0)
            for name, points in entry.fair.items()
        )


@pytest.mark.parametrize("entry", CORPUS.values(), ids=CORPUS)
def test_the_score_is_fair(graded: Graded, entry: Entry) -> None:
    assert graded.verdicts(entry.name) == entry.fair, entry.tries


@pytest.mark.parametrize("student", NEIGHBOURS)
def test_a_neighbour_has_full_marks(graded: Graded, student: str) -> None:
    assert graded.verdicts(student) == FULL
    assert graded.rows[student]["status"] == "graded"
    assert float(graded.rows[student]["score"]) == 8


def test_the_gradebook_says_the_same(graded: Graded) -> None:
    wrong = {}
    with Gradebook(f"sqlite:///{graded.course}/gradebook.db", "autoencoders") as gradebook:
        for student in EVERYBODY:
            if graded.notebook(student) is None:
                continue
            book = gradebook.find_submission_notebook("small", LESSON, student)
            points: Fair = {
                grade.name: None if grade.needs_manual_grade else grade.auto_score
                for grade in book.grades
            }
            if points != graded.verdicts(student) or book.max_score != 8:
                wrong[student] = (points, book.max_score)
    assert wrong == {}


def test_everybody_is_accounted_for(graded: Graded) -> None:
    assert set(graded.rows) == {*EVERYBODY, KEEPER}
    assert {float(row["max_score"]) for row in graded.rows.values()} == {8}
    for student in EVERYBODY:
        row, points = graded.rows[student], graded.verdicts(student).values()
        open_ends = [each for each in points if each is None]
        if not open_ends:
            assert row["status"] == "graded", student
            assert float(row["score"]) == sum(each or 0 for each in points), student
        else:
            wanted = "not graded" if len(open_ends) == len(FULL) else "needs review"
            assert (row["status"], row["score"]) == (wanted, ""), student
            assert row["reason"], student
    assert graded.rows[KEEPER]["status"] == "not submitted"


def test_the_run_came_to_its_end(graded: Graded) -> None:
    assert graded.code == 0, graded.said[-5000:]
    assert "Traceback" not in graded.said


def test_source_and_gradebook_are_whole(graded: Graded) -> None:
    assert hashes(graded.course / "source") == graded.before
    with sqlite3.connect(graded.course / "gradebook.db") as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()
    assert (graded.course / "key.txt").read_text(encoding="utf-8") == SECRET


def test_no_secret_got_out(graded: Graded) -> None:
    found = [
        str(path.relative_to(graded.course))
        for path in (graded.course / "autograded").rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert found == []


def test_what_is_kept_can_not_act(graded: Graded) -> None:
    for student in EVERYBODY:
        for cell in (graded.notebook(student) or {"cells": []})["cells"]:
            if cell["cell_type"] != "code":
                assert "<script" not in cell["source"], student
                assert "attachments" not in cell, student
            for output in cell.get("outputs", []):
                kinds = set(output.get("data", {}))
                assert kinds <= {"text/plain", "image/png", "image/jpeg"}, student
            reason = cell["metadata"].get("course", {}).get("verdict", {}).get("reason", "")
            assert reason.isprintable(), student


def test_nothing_is_left_of_the_kernels(graded: Graded) -> None:
    assert graded.left == []


def test_no_process_held_more_memory_than_it_may(graded: Graded) -> None:
    assert graded.rows
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert largest < 1.1 * Limits().memory
