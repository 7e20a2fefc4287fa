"""The graders under test: stock nbgrader, otter-grader, and ours, each with its own folder."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder import cells
from autograder.nbgrader_plugins import gradebook_reader
from benchmarks.grading import classes
from benchmarks.grading.classes import Assignment
from benchmarks.grading.meter import Cost, measure
from benchmarks.peers import ROOT, program

REPORT: Final = "report.json"
STOCK_CONFIG: Final = """c = get_config()
c.CourseDirectory.course_id = "stock"
c.Execute.timeout = 600
"""
_OTTER_TEST: Final = """OK_FORMAT = False
from otter.test_files import test_case
name = {name!r}
points = {points}
@test_case(points={points})
def test_all(env):
    exec({source!r}, env)
"""


def environment(python: str = sys.executable) -> dict[str, str]:
    """Return the environment of all graders: built-in data, default number of threads.

    Args:
        python: The interpreter whose folder comes first on ``PATH``.
    """
    unset = ("COURSE_DATA", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE")
    variables = {name: value for name, value in os.environ.items() if name not in unset}
    path = f"{Path(python).parent}{os.pathsep}{variables['PATH']}"
    return variables | {"PYTHONPATH": str(ROOT), "PATH": path}


@dataclass(frozen=True)
class Grader:
    """A grader.

    Attributes:
        name: Its name in the table.
        prepare: Creates its folder for an assignment.
        grade: Grades the submissions in that folder; returns the cost.
        grades_quizzes: Whether it grades questions without a person.
    """

    name: str
    prepare: Callable[[Path, Assignment], None]
    grade: Callable[[Path, Assignment], Cost]
    grades_quizzes: bool = True


def _generate(folder: Path, assignment: Assignment, python: str) -> None:
    command = [python, "-m", "nbgrader", "generate_assignment", assignment.name]
    _measure(command, folder, python)


def _prepare_stock(folder: Path, assignment: Assignment) -> None:
    classes.make_course(folder, STOCK_CONFIG, assignment)
    _generate(folder, assignment, program("python"))


def _grade_stock(folder: Path, assignment: Assignment) -> Cost:
    python = program("python")
    return _measure([python, "-m", "nbgrader", "autograde", assignment.name], folder, python)


def _prepare_otter(folder: Path, assignment: Assignment) -> None:
    tests = folder / "tests"
    tests.mkdir(parents=True)
    for cell in assignment.instructor_nb.cells:
        if cells.is_test(cell):
            name = cells.grade_id(cell).replace("-", "_")
            text = _OTTER_TEST.format(name=name, points=cells.max_points(cell), source=cell.source)
            (tests / f"{name}.py").write_text(text, encoding="utf-8")
    _measure([program("otter"), "generate", "-t", "tests", "-o", "tests.zip"], folder)


def _grade_otter(folder: Path, assignment: Assignment) -> Cost:
    """Grade one submission after another, as a shell loop would."""
    for submission in (folder / "submitted").iterdir():
        (folder / "results" / submission.name).mkdir(parents=True, exist_ok=True)
    otter = program("otter")
    run = f"{otter} run $f/{assignment.name}/{assignment.notebook} -a tests.zip --no-logo"
    loop = f"for f in submitted/*; do {run} -o results/${{f#*/}} || exit 1; done"
    cost = _measure(["sh", "-c", loop], folder, otter)
    for path in (folder / "results").glob("*/results.json"):
        results: dict[str, Any] = json.loads(path.read_bytes())
        if not any(test.get("score") for test in results["tests"]):
            raise SystemExit(f"otter-grader gave no points in {path}.")
    return cost


def _prepare_ours(folder: Path, assignment: Assignment) -> None:
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    classes.make_course(folder, settings, assignment)
    _generate(folder, assignment, sys.executable)


def _grade_with(jobs: int) -> Callable[[Path, Assignment], Cost]:
    def grade(folder: Path, assignment: Assignment) -> Cost:
        command = [sys.executable, "-m", "autograder", "grade", assignment.name]
        cost = _measure([*command, "--jobs", str(jobs), "--report", REPORT], folder)
        report = json.loads((folder / REPORT).read_bytes())
        check_points(folder, assignment, report)
        return dataclasses.replace(cost, totals=report["total"])

    return grade


def check_points(folder: Path, assignment: Assignment, report: dict[str, Any]) -> None:
    """Check that everybody has the points they deserve in every place that stores them.

    Args:
        folder: The course folder.
        assignment: The assignment.
        report: The JSON report of the run.

    Raises:
        SystemExit: Points in the report, the gradebook or a graded notebook are missing or wrong.
    """
    students = sorted(path.name for path in (folder / "submitted").iterdir())
    deserved = {student: assignment.points(student) for student in students}
    stem = assignment.notebook.removesuffix(".ipynb")
    db_url = f"sqlite:///{folder}/gradebook.db"
    stored = gradebook_reader.read_scores(db_url, assignment.name)
    for place, actual, expected in (
        (
            "the report",
            {line["student"]: line["score"] for line in report["submissions"]},
            {student: sum(points.values()) for student, points in deserved.items()},
        ),
        (
            "the gradebook",
            {student: dict(points) for student, points in stored.points.items()},
            {
                student: {(stem, cell): value for cell, value in points.items()}
                for student, points in deserved.items()
            },
        ),
        (
            "the graded notebooks",
            {student: _graded_points(folder, assignment, student) for student in students},
            deserved,
        ),
    ):
        differing = [
            name for name in {*actual, *expected} if actual.get(name) != expected.get(name)
        ]
        if differing:
            name = min(differing)
            raise SystemExit(
                f"Points in {place} are wrong for {len(differing)} of {len(students)} students:"
                f" {name} has {actual.get(name)}, expected {expected.get(name)}."
            )


def _graded_points(folder: Path, assignment: Assignment, student: str) -> dict[str, float | None]:
    path = folder / "autograded" / student / assignment.name / assignment.notebook
    if not path.is_file():
        return {}
    nb = json.loads(path.read_bytes())
    return {
        cells.grade_id(cell): record["points"]
        for cell in nb["cells"]
        if (record := cells.score_record(cell)) is not None
    }


def _measure(command: list[str], folder: Path, python: str = sys.executable) -> Cost:
    cost = measure(command, folder, environment(python))
    if cost.code:
        raise SystemExit(f"A grader exited with code {cost.code}:\n{cost.output}")
    return cost


GRADERS: Final = (
    Grader("stock nbgrader", _prepare_stock, _grade_stock),
    Grader("otter-grader", _prepare_otter, _grade_otter, grades_quizzes=False),
    Grader("this course, 1 job", _prepare_ours, _grade_with(1)),
    Grader("this course, 2 jobs", _prepare_ours, _grade_with(2)),
)
