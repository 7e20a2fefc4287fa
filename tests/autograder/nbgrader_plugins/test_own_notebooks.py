"""Notebooks that instructors wrote for stock nbgrader are released and graded as they are."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import nbgrader as stock
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from autograder.sandbox.protection import WEAKNESSES, Weakness
from tests.autograder.runs import slow
from tests.autograder.small import open_course
from tests.hostile.batch import nbgrader

pytestmark = slow
NAME, NOTEBOOK = "problem set 1", "problem.ipynb"
AUTOTESTS = Path(stock.__file__).parent / "docs/source/user_guide/autotests.yml"
SQUARES = "    return [i * i for i in range(1, n + 1)]"
SOLUTION = f"def squares(n):\n    ### BEGIN SOLUTION\n{SQUARES}\n    ### END SOLUTION"
TOTAL = "def total(n):\n    ### BEGIN SOLUTION\n    return sum(squares(n))\n    ### END SOLUTION"
TASK = "Plot it.\n\n=== BEGIN MARK SCHEME ===\nOne point for axis labels.\n=== END MARK SCHEME ==="
USES_SQUARES = """kept = squares
del squares
try:
    total(3)
except NameError:
    pass
else:
    raise AssertionError("total must use squares")
finally:
    squares = kept"""

READS = """with open("data/numbers.bin", "rb") as file:
    assert len(file.read()) == len(squares(2))"""


def cell(source: str, kind: str = "code", **nbgrader_entries: Any) -> NotebookNode:
    new: Any = new_code_cell if kind == "code" else new_markdown_cell
    entries: dict[str, Any] = {"grade": False, "solution": False, "locked": False, "task": False}
    entries |= {"schema_version": 3, **nbgrader_entries}
    metadata = {"nbgrader": entries} if nbgrader_entries else {}
    return NotebookNode(new(source, metadata=metadata | {"tags": ["own"]}))


CELLS = [
    cell("![logo](logo.png)", "markdown", grade_id="intro", locked=True),
    cell(SOLUTION, grade_id="squares", solution=True),
    cell(
        "import math\nassert squares(2) == [1, 4]\n### BEGIN HIDDEN TESTS\n"
        "assert squares(3) == [1, 4, 9]\n### END HIDDEN TESTS",
        grade_id="test-squares",
        grade=True,
        points=2,
        locked=True,
    ),
    cell(TOTAL, grade_id="total", solution=True),
    cell("### AUTOTEST total(4)", grade_id="auto", grade=True, points=1, locked=True),
    cell(USES_SQUARES, grade_id="uses", grade=True, points=1, locked=True),
    cell(READS, grade_id="reads", grade=True, points=1, locked=True),
    cell("%timeit -n 1 -r 1 total(2)", grade_id="magic", grade=True, points=1, locked=True),
    cell("It grows like $n^3$.", "markdown", grade_id="why", grade=True, solution=True, points=3),
    cell(
        TASK,
        "markdown",
        grade_id="plot",
        task=True,
        points=4,
    ),
]
# As in a notebook of ours that was copied without its text.
CELLS[3].metadata["course"] = {"hints": ["Which function squares?", "Add them up."]}


def write_notebook(path: Path, nb: NotebookNode) -> None:
    """Write as JupyterLab's older versions do, without ids."""
    nb = NotebookNode(nb, nbformat_minor=2)
    for each in nb.cells:
        each.pop("id", None)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with an own assignment, handed in by a diligent and by an idle student."""
    root = open_course(tmp_path_factory.mktemp("own") / "course")
    with (root / "nbgrader_config.py").open("a") as file:
        file.write('c.IncludeHeaderFooter.header = "header.ipynb"\n')
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "celltoolbar": "Create Assignment", "author": "E. Noether"}
    source = root / "source" / NAME
    write_notebook(source / NOTEBOOK, new_notebook(cells=CELLS, metadata=metadata))
    write_notebook(root / "header.ipynb", new_notebook(cells=[cell("import statistics")]))
    (source / "data").mkdir()
    (source / "data" / "numbers.bin").write_bytes(b"\0\1")
    (source / "logo.png").write_bytes(b"no picture")
    shutil.copy(AUTOTESTS, root)
    code, output = nbgrader(root, "generate_assignment", NAME)
    assert code == 0, output
    shutil.copytree(source, root / "submitted" / "diligent" / NAME)
    shutil.copytree(root / "release" / NAME, root / "submitted" / "idle" / NAME)
    return root


def released(course: Path) -> NotebookNode:
    return NotebookNode(nbformat.read(course / "release" / NAME / NOTEBOOK, as_version=4))


def test_the_release_is_stock_nbgraders(course: Path) -> None:
    nb = released(course)
    text = "\n".join(each.source for each in nb.cells)
    for secret in ("range(1, n + 1)", "squares(3)", "$n^3$", "axis labels", "AUTOTEST"):
        assert secret not in text
    assert "hints" not in nbformat.writes(nb)
    assert nb.cells[0].source == "import statistics"
    assert "YOUR ANSWER HERE" in text
    assert nb.metadata["author"] == "E. Noether"
    assert {tuple(each.metadata["tags"]) for each in nb.cells} == {("own",)}
    files = {path.name for path in (course / "release" / NAME).rglob("*")}
    assert files == {NOTEBOOK, "data", "numbers.bin", "logo.png"}


def test_a_file_with_a_solution_is_not_released(course: Path) -> None:
    notes = course / "source" / NAME / "notes.txt"
    notes.write_text(SQUARES)
    try:
        code, output = nbgrader(course, "generate_assignment", NAME)
        assert code != 0
        assert "'notes.txt' contains a solution of cell 'squares'" in output
        assert not (course / "release" / NAME / "notes.txt").exists()
    finally:
        notes.unlink()


def scores(course: Path, student: str) -> dict[str, tuple[float | None, bool]]:
    with Gradebook(f"sqlite:///{course}/gradebook.db", "autoencoders") as gradebook:
        notebook = gradebook.find_submission_notebook("problem", NAME, student)
        return {
            grade.name: (grade.auto_score, bool(grade.needs_manual_grade))
            for grade in notebook.grades
        }


def test_all_its_cells_are_graded_and_a_person_gets_the_rest(course: Path) -> None:
    code, output = nbgrader(course, "autograde", NAME)
    assert code == 0, output
    assert scores(course, "diligent") == {
        "test-squares": (2, False),
        "auto": (1, False),
        "uses": (1, False),
        "reads": (1, False),
        "magic": (1, False),
        "why": (None, True),
        "plot": (None, True),
    }
    zero = dict.fromkeys(("test-squares", "auto", "uses", "reads", "magic", "why"), (0, False))
    assert scores(course, "idle") == {**zero, "plot": (None, True)}
    assert WEAKNESSES[Weakness.SHARED_TESTS] in output


def test_a_changed_autotest_must_be_generated_before_grading(course: Path) -> None:
    path = course / "autotests.yml"
    text = path.read_text()
    path.write_text(f"{text}\n# changed\n")
    try:
        code, output = nbgrader(course, "autograde", NAME, "--force")
        assert code != 0
        assert f"not up to date. Run: nbgrader generate_assignment '{NAME}'" in output
    finally:
        path.write_text(text)
