"""The benchmark of graders detects lost points, and its page shows which goals are met."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grading import classes, goals, graders, measurements, page
from benchmarks.grading.classes import Assignment
from benchmarks.grading.measurements import ONE_JOB, STOCK, TWO_JOBS, Measurements, run_key
from benchmarks.grading.meter import Cost
from tests.autograder.runs import slow

TOTALS = {
    "start_seconds": 2.0,
    "each_seconds": 0.3,
    "write_seconds": 0.02,
    "seconds": 22.0,
    "jobs": 1,
    "job_mb": 200,
    "base_mb": 300,
}


def example_measurements() -> Measurements:
    """A lesson for which stock takes 10 s per submission, one job 0.5 s and two jobs 0.2 s."""
    example = Measurements()
    for grader, seconds in ((STOCK, 10.0), (ONE_JOB, 0.5), (TWO_JOBS, 0.2)):
        for size in (1, 101):
            cost = Cost(3.0 + seconds * (size - 1), 1.0, 1 << 28, "", 0, TOTALS)
            example.runs[run_key("lesson", grader, size)] = cost
    return example


def test_goals_are_met_missed_or_not_measured() -> None:
    example = example_measurements()
    table = goals.format_table(example).splitlines()
    for line in (
        "| lesson, 1 job: at most 0.25 s per additional submission | 0.50 s | **missed** |",
        "| lesson, 2 jobs: at most 0.25 s per additional submission | 0.20 s | met |",
        "| lesson, 1 job: at least 10 times as fast as stock | 20× | met |",
        "| lesson: 2 jobs at least 1.7 times as fast as 1 | 2.50× | met |",
        "| lab, 1 job: at least 5 times as fast as stock |  | not measured |",
        "| 1,000 lessons in one run, no point lost | 101 | **missed** |",
        "| the command loads within 1.5 s |  | not measured |",
    ):
        assert line in table
    example.start = 1.25
    assert "| the command loads within 1.5 s | 1.25 s | met |" in goals.format_table(example)


def test_stored_measurements_are_read_back_on_the_same_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "measured.json"
    example = example_measurements()
    example.steps["lesson"] = {"thinking": 0.012}
    example.write(file)
    assert Measurements.read(file) == example
    assert Measurements.read(tmp_path / "none.json") == Measurements()
    monkeypatch.setattr(measurements, "machine", lambda: "another one")
    assert Measurements.read(file).runs == {}


def test_the_page_shows_the_measurements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = example_measurements()
    example.steps["lesson"] = {"thinking": 0.012}
    monkeypatch.setattr(page, "PAGE", tmp_path / "grading.md")
    page.write(example)
    text = page.PAGE.read_text()
    assert "| this course, 2 jobs | 101 | 23.0 | 0.20 | 1/50 | 263 | 0.01 | 256 |" in text
    assert "| thinking | 12 |" in text
    assert "with 2 jobs is 22 s and 700 MB; the command took 23 s (-4%) and 256 MB." in text
    assert "## Lab" not in text


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Assignment]:
    folder = tmp_path_factory.mktemp("benchmark")
    assignment = classes.load("questions", folder / "built")
    grader = next(grader for grader in graders.GRADERS if grader.name == ONE_JOB)
    grader.prepare(folder / "course", assignment)
    assignment.submit(folder / "course" / "submitted", 4)
    assert grader.grade(folder / "course", assignment).totals["graded"] == 4
    return folder / "course", assignment


def report(course: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((course / graders.REPORT).read_bytes())
    return data


@pytest.mark.parametrize("kind", sorted(set(classes.KINDS) - set(classes.QUIZ_KINDS)))
def test_every_fourth_student_has_one_cell_that_is_not_solved(kind: str, tmp_path: Path) -> None:
    assignment = classes.load(kind, tmp_path)
    pairs = zip(assignment.instructor_nb.cells, assignment.wrong.cells, strict=True)
    assert len([0 for solved, cell in pairs if solved.source != cell.source]) == 1


class TestCheckPoints:
    pytestmark = slow

    def test_correct_points_pass(self, graded: tuple[Path, Assignment]) -> None:
        course, assignment = graded
        graders.check_points(course, assignment, report(course))
        scores = {line["student"]: line["score"] for line in report(course)["submissions"]}
        assert len(set(scores.values())) == 2  # the fourth has left a question unanswered
        assert min(scores, key=lambda name: scores[name]) == "s00003"

    def test_unexpected_points_in_the_report_are_detected(
        self, graded: tuple[Path, Assignment]
    ) -> None:
        course, assignment = graded
        other = dataclasses.replace(assignment, failed_tests=())
        with pytest.raises(SystemExit, match="Points in the report are wrong for 1 of 4"):
            graders.check_points(course, other, report(course))

    @pytest.mark.parametrize(
        ("place", "sql"),
        [
            ("the gradebook", "UPDATE grade SET auto_score = 0"),
            ("the gradebook", "DELETE FROM grade"),
            ("the graded notebooks", ""),
        ],
        ids=["wrong points", "no points", "no notebook"],
    )
    def test_lost_points_are_detected(
        self, graded: tuple[Path, Assignment], place: str, sql: str
    ) -> None:
        course, assignment = graded
        path = course / "autograded" / "s00001" / assignment.name / assignment.notebook
        gradebook, notebook = (course / "gradebook.db").read_bytes(), path.read_bytes()
        if sql:
            with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as connection:
                connection.execute(sql)
                connection.commit()
        else:
            path.unlink()
        try:
            with pytest.raises(SystemExit, match=f"Points in {place} are wrong"):
                graders.check_points(course, assignment, report(course))
        finally:
            (course / "gradebook.db").write_bytes(gradebook)
            path.unlink(missing_ok=True)
            path.write_bytes(notebook)
