"""A notebook in another language runs in its own kernel, in the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from autograder import cells, doctor
from autograder.grading import grade_notebook
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.merge import merge_submission
from autograder.grading.settings import GradingSettings
from autograder.kernels.other_kernels import python_module
from autograder.sandbox.protection import Weakness
from autograder.student_text import student_text
from tests.autograder import lessons
from tests.autograder.runs import needs_sandbox

KERNEL = {"name": "calysto_scheme", "display_name": "Scheme", "language": "scheme"}
SOLUTION = """(define (square x)
  ;;; BEGIN SOLUTION
  (* x x)
  ;;; END SOLUTION
)"""
SHUT_IN = '(import "os")\n(assert = 256 (os.system "touch /etc/scheme"))'


def cell(source: str, name: str, **entries: object) -> NotebookNode:
    node = NotebookNode(new_code_cell(source, id=name))
    cells.set_nbgrader(node, grade_id=name, schema_version=3, **entries)
    return node


def source_notebook() -> NotebookNode:
    test = {"grade": True, "solution": False, "locked": True, "points": 2}
    return NotebookNode(
        new_notebook(
            cells=[
                cell(SOLUTION, "square", grade=False, solution=True),
                cell("(assert = (square 3) 9)", "small", **test),
                cell(SHUT_IN, "shut-in", **test),
            ],
            metadata={"kernelspec": KERNEL},
        )
    )


def grade(tmp_path: Path, answer: str) -> GradedNotebook:
    source = source_notebook()
    nb = json.loads(json.dumps(source))
    lessons.cell(nb, "square")["source"] = answer
    merged = merge_submission(source, lessons.read(nb))
    return grade_notebook.grade(merged, source, tmp_path, GradingSettings())


@pytest.mark.slow
@needs_sandbox
def test_its_tests_are_judged_in_the_sandboxed_kernel(tmp_path: Path) -> None:
    graded = grade(tmp_path, "(define (square x) (* x x))")
    points = {score.name: score.points for score in graded.scores}
    assert points == {"small": 2, "shut-in": 2}
    assert Weakness.SHARED_TESTS in graded.weaknesses
    wrong = {score.name: score for score in grade(tmp_path, "(define (square x) x)").scores}
    assert wrong["small"].points == 0
    assert wrong["small"].reason
    stub = student_text(source_notebook().cells[0], "scheme")
    assert "Not implemented" in stub
    blank = {score.name: score.points for score in grade(tmp_path, stub).scores}
    assert blank["small"] == 0


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (["python3", "-m", "some_kernel", "-f", "{connection_file}"], "some_kernel"),
        (["/opt/env/bin/python", "-m", "a.b", "-f", "{connection_file}"], "a.b"),
        (["R", "--slave", "-e", "IRkernel::main()", "--args", "{connection_file}"], ""),
        (["python3", "-m", "../x", "-f", "{connection_file}"], ""),
        (["python3", "-c", "evil", "-f", "{connection_file}"], ""),
    ],
)
def test_only_python_modules_are_started(
    command: list[str], module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "kernels" / "own"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({**KERNEL, "argv": command}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert python_module("own") == module
    assert python_module("missing") == ""
    assert python_module("../own") == ""


def test_doctor_lists_assignments_whose_tests_share_the_kernel(tmp_path: Path) -> None:
    for name, nb in (("scheme", source_notebook()), ("apart", lessons.source_notebook())):
        path = tmp_path / "source" / name / "nb.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(nb), encoding="utf-8")
    (tmp_path / "source" / "apart" / "broken.ipynb").write_text("{")
    assert doctor.list_shared_tests(tmp_path) == [
        "scheme/nb: small, shut-in (it isn't written in Python)",
    ]
