"""Skipping the cells that no graded test depends on."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.cells import is_answer, is_test
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.skip import dependencies
from autograder.publish import build
from tests.autograder.grading.skip import grading
from tests.autograder.grading.skip.grading import skipped
from tests.autograder.small import COURSE

TEXT = """# A lesson with figures

```{code-cell} ipython3
import math
import json as unused
factor = 2
```

```{code-cell} ipython3
roots = [math.sqrt(number) for number in range(3)]
print("a figure")
```

```{code-cell} ipython3
factor_too = factor + 1
```

```{code-cell} ipython3
print(roots)
```

```{code-cell} ipython3
:exercise: double
def double(x):
    ### BEGIN SOLUTION
    return factor * x
    ### END SOLUTION
```

```{code-cell} ipython3
:test: double-test
:points: 2
assert double(2) == 4, "double(2) should be 4"
```
"""
LESSONS = sorted((COURSE / "source").glob("*/*.ipynb"))
SOLUTION = "return factor * x"


def graded(folder: Path, solution: str = SOLUTION, *, shortcut: bool = True) -> GradedNotebook:
    """Grade the lesson with this solution submitted."""
    source = build.notebook_from_text(TEXT)
    submitted = build.notebook_from_text(TEXT.replace(SOLUTION, solution))
    return grading.grade(folder, source, submitted, cell_seconds=2, shortcut=shortcut)


def test_bound_and_read_names_are_found() -> None:
    usage = dependencies.name_usage(
        "import numpy as np\ntotal += np.sum(more)\nfor i in range(n): print(i)"
    )
    assert usage is not None
    assert usage.binds == {"np", "total", "i"}
    assert usage.definitions == {"np"}
    assert usage.reads == {"total", "more", "n"}
    inner = dependencies.name_usage(
        "def f(x):\n    global seen\n    seen = x\n    return seen + outside"
    )
    assert inner is not None
    assert inner.binds == {"f", "seen"}
    assert inner.reads == {"outside"}
    assert dependencies.name_usage("%matplotlib inline") is None


def test_unneeded_cells_are_skipped_if_all_tests_pass(tmp_path: Path) -> None:
    result = graded(tmp_path)
    assert [score.points for score in result.scores] == [2]
    assert skipped(result) == ["roots = [math.sqrt(number) for number in range(3)]", "print(roots)"]


@pytest.mark.parametrize(
    ("solution", "points"),
    [
        ("return factor + undefined", 0),  # a skipped cell might define it
        ("return factor * x * len(roots) // 3", 2),  # correct, with what a figure defined
        ("return globals()['roots'] and 2 * x", 2),  # likewise, but not by name
        pytest.param("while True: pass", 0, marks=pytest.mark.slow),
    ],
)
def test_skipping_costs_no_points(tmp_path: Path, solution: str, points: int) -> None:
    result = graded(tmp_path, solution)
    assert [score.points for score in result.scores] == [points]
    if "roots" not in solution or "globals" in solution:
        assert skipped(result) == []  # the whole notebook was run


def test_a_wrong_answer_that_no_skipped_cell_could_fix_is_run_once(tmp_path: Path) -> None:
    result = graded(tmp_path, "return factor + 1 - x")
    assert [score.points for score in result.scores] == [0]
    assert skipped(result) == ["roots = [math.sqrt(number) for number in range(3)]", "print(roots)"]


def test_an_unanswered_exercise_is_run_once(tmp_path: Path) -> None:
    result = graded(tmp_path, "raise NotImplementedError")
    assert [score.points for score in result.scores] == [0]
    assert len(skipped(result)) == 4  # nothing uses any of them


def test_skipping_can_be_switched_off(tmp_path: Path) -> None:
    result = graded(tmp_path, shortcut=False)
    assert [score.points for score in result.scores] == [2]
    assert skipped(result) == []


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_gets_full_points_from_a_few_cells(path: Path) -> None:
    nb = NotebookNode(nbformat.read(path, as_version=4))
    running = dependencies.needed_cells(nb, nb)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    graded_cells = [cell for cell in code if is_test(cell) or is_answer(cell)]
    assert running.issuperset(cell["id"] for cell in graded_cells)
    assert len(running) <= len(graded_cells) + 3
