"""One run grades attackers and unlucky students: each gets the fair score.

Two honest students, the first and the last of the class, get full points whatever the others do.
"""

from __future__ import annotations

import resource
import sqlite3

import pytest
from nbgrader.api import Gradebook

from autograder import cells
from autograder.sandbox import host_support
from autograder.sandbox.limits import MB, Limits
from tests.autograder.pages import Page
from tests.autograder.small import LESSON
from tests.hostile import batch
from tests.hostile.batch import (
    CORPUS,
    EVERYBODY,
    FULL,
    IDLE_STUDENT,
    NEIGHBORS,
    SECRET,
    Graded,
    hashes,
)
from tests.hostile.corpus import Entry, Fair

MISSING = host_support.missing_features()
pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("hostile"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    return batch.grade(tmp_path_factory.mktemp("hostile") / "course")


def test_each_submission_of_the_corpus_states_the_fair_score() -> None:
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
    assert graded.points(entry.name) == entry.fair, entry.tries


@pytest.mark.parametrize("student", NEIGHBORS)
def test_honest_neighbors_get_full_points(graded: Graded, student: str) -> None:
    assert graded.points(student) == FULL
    assert graded.rows[student]["status"] == "graded"
    assert float(graded.rows[student]["score"]) == 8


def test_the_gradebook_has_the_same_scores(graded: Graded) -> None:
    differences = {}
    with Gradebook(f"sqlite:///{graded.course}/gradebook.db", "autoencoders") as gradebook:
        for student in EVERYBODY:
            if graded.notebook(student) is None:
                continue
            book = gradebook.find_submission_notebook("small", LESSON, student)
            points: Fair = {
                grade.name: None if grade.needs_manual_grade else grade.auto_score
                for grade in book.grades
            }
            if points != graded.points(student) or book.max_score != 8:
                differences[student] = (points, book.max_score)
    assert differences == {}


def test_the_export_lists_every_student(graded: Graded) -> None:
    assert set(graded.rows) == {*EVERYBODY, IDLE_STUDENT}
    assert {float(row["max_score"]) for row in graded.rows.values()} == {8}
    for student in EVERYBODY:
        row, points = graded.rows[student], graded.points(student).values()
        undecided = [value for value in points if value is None]
        if not undecided:
            assert row["status"] == "graded", student
            assert float(row["score"]) == sum(value or 0 for value in points), student
        else:
            is_unreadable = cells.unreadable(graded.notebook(student) or {})
            status = "not graded" if is_unreadable else "needs review"
            assert (row["status"], row["score"]) == (status, ""), student
            assert row["reason"], student
    assert graded.rows[IDLE_STUDENT]["status"] == "not submitted"


def test_the_run_succeeds(graded: Graded) -> None:
    assert graded.code == 0, graded.output[-5000:]
    assert "Traceback" not in graded.output


def test_source_and_gradebook_are_intact(graded: Graded) -> None:
    assert hashes(graded.course / "source") == graded.before
    with sqlite3.connect(graded.course / "gradebook.db") as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()
    assert (graded.course / "key.txt").read_text(encoding="utf-8") == SECRET


def test_no_secret_leaks(graded: Graded) -> None:
    leaks = [
        str(path.relative_to(graded.course))
        for path in (graded.course / "autograded").rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]
    assert leaks == []


def test_graded_notebooks_contain_nothing_active(graded: Graded) -> None:
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


def test_everybody_gets_feedback_without_active_content(graded: Graded) -> None:
    code, output = batch.nbgrader(graded.course, "generate_feedback", LESSON)
    assert code == 0, output[-5000:]
    for student in EVERYBODY:
        if graded.notebook(student) is None:
            continue
        page = (graded.course / "feedback" / student / LESSON / "small.html").read_text("utf-8")
        assert page.rstrip().endswith("</html>"), student
        assert Page(page).acts == [], student
        files = {path.name for path in (graded.course / "feedback" / student).rglob("*.*")}
        assert not files & {"evil.html", "evil.js", "picture.svg"}, student


def test_no_process_survives_the_run(graded: Graded) -> None:
    assert graded.survivors == []


def test_the_grader_and_the_test_runners_use_little_memory(graded: Graded) -> None:
    for name, peak in graded.peaks.items():
        assert 20 * MB < peak < 1500 * MB, name


def test_no_process_exceeds_its_memory_limit(graded: Graded) -> None:
    assert graded.rows
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert largest < 1.1 * Limits().memory
