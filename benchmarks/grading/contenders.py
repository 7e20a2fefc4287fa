"""The graders: stock nbgrader, otter-grader, and this course's, each with its own folder."""

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
from autograder.batch.gradebook_state import GradebookState
from autograder.batch.result import read_max_points
from benchmarks.grading import classes
from benchmarks.grading.classes import Class
from benchmarks.grading.meter import Cost, measure
from benchmarks.peers import ROOT, program

REPORT: Final = "report.json"
STOCK: Final = """c = get_config()
c.CourseDirectory.course_id = "stock"
c.Execute.timeout = 600
"""
_TEST: Final = """OK_FORMAT = False
from otter.test_files import test_case
name = {name!r}
points = {points}
@test_case(points={points})
def test_all(env):
    exec({source!r}, env)
"""


def environment() -> dict[str, str]:
    """The environment of all graders: ours, the course's own data, as many threads as there are."""
    left = ("COURSE_DATA", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONDONTWRITEBYTECODE")
    found = {name: value for name, value in os.environ.items() if name not in left}
    path = f"{Path(sys.executable).parent}{os.pathsep}{found['PATH']}"
    return found | {"PYTHONPATH": str(ROOT), "PATH": path}


@dataclass(frozen=True)
class Contender:
    """A grader.

    Attributes:
        name: As the table calls it.
        prepare: Makes its folder for an assignment.
        grade: Grades what lies there; returns what it cost.
        asks: Whether it has questions that it grades without a person.
    """

    name: str
    prepare: Callable[[Path, Class], None]
    grade: Callable[[Path, Class], Cost]
    asks: bool = True


def _generate(place: Path, one: Class, python: str) -> None:
    path = f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}"
    command = [python, "-m", "nbgrader", "generate_assignment", one.name]
    _right(measure(command, place, environment() | {"PATH": path}))


def _prepare_stock(place: Path, one: Class) -> None:
    classes.course(place, STOCK, one)
    _generate(place, one, program("python"))


def _grade_stock(place: Path, one: Class) -> Cost:
    path = f"{Path(program('python')).parent}{os.pathsep}{os.environ['PATH']}"
    command = [program("python"), "-m", "nbgrader", "autograde", one.name]
    return _right(measure(command, place, environment() | {"PATH": path}))


def _prepare_otter(place: Path, one: Class) -> None:
    tests = place / "tests"
    tests.mkdir(parents=True)
    for cell in one.instructors.cells:
        if cells.is_test(cell):
            name = cells.grade_id(cell).replace("-", "_")
            text = _TEST.format(name=name, points=cells.max_points(cell), source=cell.source)
            (tests / f"{name}.py").write_text(text, encoding="utf-8")
    command = [program("otter"), "generate", "-t", "tests", "-o", "tests.zip"]
    _right(measure(command, place, environment()))


def _grade_otter(place: Path, one: Class) -> Cost:
    """Grade one after another, as a loop of the shell's does."""
    for folder in (place / "submitted").iterdir():
        (place / "results" / folder.name).mkdir(parents=True, exist_ok=True)
    run = f"{program('otter')} run $f/{one.name}/{one.notebook} -a tests.zip --no-logo"
    loop = f"for f in submitted/*; do {run} -o results/${{f#*/}} || exit 1; done"
    path = f"{Path(program('otter')).parent}{os.pathsep}{os.environ['PATH']}"
    cost = _right(measure(["sh", "-c", loop], place, environment() | {"PATH": path}))
    for results in (place / "results").glob("*/results.json"):
        found: dict[str, Any] = json.loads(results.read_bytes())
        if not any(test.get("score") for test in found["tests"]):
            raise SystemExit(f"otter-grader gave no points in {results}.")
    return cost


def _prepare_ours(place: Path, one: Class) -> None:
    classes.course(place, (ROOT / "nbgrader_config.py").read_text(encoding="utf-8"), one)
    _generate(place, one, sys.executable)


def _ours(jobs: int) -> Callable[[Path, Class], Cost]:
    def grade(place: Path, one: Class) -> Cost:
        command = [sys.executable, "-m", "autograder", "grade", one.name, "--jobs", str(jobs)]
        cost = _right(measure([*command, "--report", REPORT], place, environment()))
        report = json.loads((place / REPORT).read_bytes())
        nothing_lost(place, one, report)
        return dataclasses.replace(cost, total=report["total"])

    return grade


def nothing_lost(place: Path, one: Class, report: dict[str, Any]) -> None:
    """Make sure that everybody has the points that the answers are worth, wherever they stand.

    Args:
        place: The course's folder.
        one: The class.
        report: What the run told.

    Raises:
        SystemExit: In the report, the gradebook or a graded notebook, points are missing or wrong.
    """
    handed_in = sorted(folder.name for folder in (place / "submitted").iterdir())
    earned = {student: one.earned(student) for student in handed_in}
    stem = one.notebook.removesuffix(".ipynb")
    source = place / "source" / one.name
    book = GradebookState.read(f"sqlite:///{place}/gradebook.db", one.name, read_max_points(source))
    for where, found, wanted in (
        (
            "the report",
            {line["student"]: line["score"] for line in report["submissions"]},
            {student: sum(points.values()) for student, points in earned.items()},
        ),
        (
            "the gradebook",
            {student: dict(points) for student, points in book.points.items()},
            {
                student: {(stem, cell): each for cell, each in points.items()}
                for student, points in earned.items()
            },
        ),
        (
            "the graded notebooks",
            {student: _verdicts(place, one, student) for student in handed_in},
            earned,
        ),
    ):
        differing = [name for name in {*found, *wanted} if found.get(name) != wanted.get(name)]
        if differing:
            name = min(differing)
            raise SystemExit(
                f"{where} and the answers differ for {len(differing)} of {len(handed_in)}:"
                f" {name} has {found.get(name)}, and {wanted.get(name)} is right."
            )


def _verdicts(place: Path, one: Class, student: str) -> dict[str, float | None]:
    """What a graded notebook says that its cells have earned."""
    path = place / "autograded" / student / one.name / one.notebook
    if not path.is_file():
        return {}
    nb = json.loads(path.read_bytes())
    return {
        cells.grade_id(cell): record["points"]
        for cell in nb["cells"]
        if (record := cells.score_record(cell)) is not None
    }


def _right(cost: Cost) -> Cost:
    if cost.code:
        raise SystemExit(f"A grader ended with {cost.code}:\n{cost.said}")
    return cost


CONTENDERS: Final = (
    Contender("stock nbgrader", _prepare_stock, _grade_stock),
    Contender("otter-grader", _prepare_otter, _grade_otter, asks=False),
    Contender("this course, 1 job", _prepare_ours, _ours(1)),
    Contender("this course, 2 jobs", _prepare_ours, _ours(2)),
)
