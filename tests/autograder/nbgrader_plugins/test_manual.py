"""Answers that a person grades, from the lesson's text to the export."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook

from autograder import cells
from autograder.grading import scoring
from tests.autograder.lessons import cell
from tests.autograder.runs import grade, slow
from tests.autograder.small import LESSON, NOTEBOOK, RIGHT, SOLUTION, TEXT, open_course
from tests.hostile.batch import nbgrader

pytestmark = slow
ESSAY = """
+++ {"manual": "essay", "points": 3}

Why can a code be small? Two sentences.

### BEGIN SOLUTION
Because neighboring pixels tell the same story.
### END SOLUTION
"""


STUB = "Write here."  # the instructor's own


def points(course: Path, student: str) -> dict[str, float | None]:
    path = course / "autograded" / student / LESSON / NOTEBOOK
    return {
        cells.grade_id(other): record["points"]
        for other in json.loads(path.read_bytes())["cells"]
        if (record := cells.score_record(other))
    }


def export(course: Path) -> dict[str, dict[str, str]]:
    code, output = nbgrader(course, "export")
    assert code == 0, output
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def submit(course: Path, student: str, essay: str) -> None:
    nb: dict[str, Any] = json.loads((course / "release" / LESSON / NOTEBOOK).read_bytes())
    cell(nb, "dice")["source"] = f"- [x] {RIGHT}\n- [ ] The machine that copies its input"
    cell(nb, "squares")["source"] = f"def squares(numbers):\n    {SOLUTION}"
    cell(nb, "essay")["source"] = essay
    folder = course / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    (folder / NOTEBOOK).write_text(json.dumps(nb), encoding="utf-8")


def test_a_manual_answer_waits_for_a_person_and_keeps_its_score(tmp_path: Path) -> None:
    course = open_course(tmp_path / "course", TEXT + ESSAY)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(f"\nc.ClearSolutions.text_stub = {STUB!r}\n")
    code, output = nbgrader(course, "generate_assignment", LESSON)
    assert code == 0, output
    released = (course / "release" / LESSON / NOTEBOOK).read_text(encoding="utf-8")
    assert f'"{STUB}"' in released
    assert "same story" not in released
    submit(course, "ada", "Because *pixels* repeat.")
    submit(course, "bob", STUB)  # nothing written

    code, output = nbgrader(course, "autograde", LESSON, "--no-execute")
    assert code == 0, output
    assert points(course, "ada") == {"dice": 1, "squares-test": None, "essay": None}
    assert points(course, "bob")["essay"] == 0
    row = export(course)["ada"]
    assert (row["status"], row["score"]) == ("needs review", "")
    assert f"squares-test: {scoring.NOT_EXECUTED}" in row["reason"]

    code, output = grade(course, "--jobs", "1")
    assert code == 1, output
    assert "essay: This answer is graded by a person." in output
    assert points(course, "ada") == {"dice": 1, "squares-test": 2, "essay": None}
    assert export(course)["ada"]["status"] == "needs review"
    assert points(course, "bob") == {"dice": 1, "squares-test": 2, "essay": 0}

    with Gradebook(f"sqlite:///{course}/gradebook.db", "autoencoders") as book:
        row = book.find_grade("essay", "small", LESSON, "ada")
        row.manual_score, row.needs_manual_grade = 2.5, False
        book.find_comment("essay", "small", LESSON, "ada").manual_comment = "Which *pixels*?"
        book.db.commit()
    row = export(course)["ada"]
    assert (row["status"], row["score"], row["max_score"]) == ("graded", "5.5", "6.0")
    grade(course, "--jobs", "1")
    assert export(course)["ada"]["score"] == "5.5"
    code, output = nbgrader(course, "generate_feedback", LESSON)
    assert code == 0, output
    page = (course / "feedback" / "ada" / LESSON / "small.html").read_text(encoding="utf-8")
    assert "<p>Because <em>pixels</em> repeat.</p>" in page
    assert "◐ partial credit, 2.5 of 3 points" in page
    assert "Comment from your instructor</p>\n<p>Which <em>pixels</em>?</p>" in page
    assert "Why can a code be small?" in page  # the question, which the answer replaced
    assert "same story" not in page
