"""Grading skips demonstrations: cells with long trainings that no points depend on."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.cells import is_answer, is_test
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.skip import demonstrations, dependencies
from autograder.publish import build
from tests.autograder.grading.skip import grading
from tests.autograder.grading.skip.grading import skipped
from tests.autograder.small import COURSE

TEXT = """# A lesson that trains

```{code-cell} ipython3
import time
from pathlib import Path
```

```{code-cell} ipython3
:demonstration: true
trained = [1, 2]
Path("trained.txt").write_text("for long")
```

```{code-cell} ipython3
loss = len(trained)
```

```{code-cell} ipython3
print("drawn:", loss)
```

```{code-cell} ipython3
print("text")
```

```{code-cell} ipython3
:exercise: double
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{code-cell} ipython3
:test: double-test
:points: 2
assert double(2) == 4, "double(2) should be 4"
```
"""
ANSWER = "    return 2 * x"
SKIPPED_LINES = ["trained = [1, 2]", "loss = len(trained)", 'print("drawn:", loss)']


def graded(folder: Path, *changes: tuple[str, str], shortcut: bool = True) -> GradedNotebook:
    """Grade the lesson as submitted with these replacements."""
    source, text = build.notebook_from_text(TEXT), TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    submitted = build.notebook_from_text(text)
    for cell, original in zip(submitted.cells, source.cells, strict=False):
        cell["id"] = original["id"]  # a cell keeps its id when its text is changed
    return grading.grade(folder, source, submitted, shortcut=shortcut)


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("    return 2 * x + undefined", 0),  # runs everything: a skipped cell might define it
        ("    return 2 * x + (time.sleep(0) or 1)", 0),  # uses a module that may have state
    ],
)
def test_a_demonstration_is_skipped_with_its_figures(
    tmp_path: Path, answer: str, points: int
) -> None:
    result = graded(tmp_path, (ANSWER, answer))
    assert [score.points for score in result.scores] == [points]
    assert skipped(result) == SKIPPED_LINES
    assert "no points depend on this cell" in dependencies.SKIPPED


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ([(ANSWER, "    return 2 * x * len(trained) // 2")], 2),  # uses what it makes
        ([(ANSWER, "    return 2 * x * loss // 2")], 2),  # or what is made from that
        ([(ANSWER, "    return 2 * x * len(globals()['trained']) // 2")], 2),  # not by name
        ([(ANSWER, "    return 2 * x if open('trained.txt').read() else 0")], 2),
        (
            [('print("text")', "%time"), (ANSWER, "    return undefined")],
            0,
        ),  # magic could do anything
    ],
)
def test_a_demonstration_runs_if_an_answer_might_need_it(
    tmp_path: Path, changes: list[tuple[str, str]], points: int
) -> None:
    result = graded(tmp_path, *changes)
    assert [score.points for score in result.scores] == [points]
    assert SKIPPED_LINES[0] not in skipped(result)


@pytest.mark.parametrize(("answer", "runs"), [(ANSWER, False), ("    return undefined", True)])
def test_a_changed_demonstration_runs_only_if_a_test_fails(
    tmp_path: Path, answer: str, *, runs: bool
) -> None:
    changed = ("trained = [1, 2]", "trained = [1, 2, 3]")
    result = graded(tmp_path, changed, (ANSWER, answer))
    assert (changed[1] not in skipped(result)) is runs


@pytest.mark.parametrize(
    ("change", "runs"),
    [("[10, 2.5]", False), ("[True, 2]", False), ("[1, '2']", True), ("(1, 2)", True)],
)
def test_a_demonstration_with_other_numbers_counts_as_unchanged(
    tmp_path: Path, change: str, *, runs: bool
) -> None:
    """A student may train longer without slowing down grading."""
    result = graded(tmp_path, ("[1, 2]", change), (ANSWER, "    return undefined"))
    assert [score.points for score in result.scores] == [0]
    assert (f"trained = {change}" not in skipped(result)) is runs


def test_code_added_to_a_demonstration_can_be_used(tmp_path: Path) -> None:
    change = ("trained = [1, 2]", "trained = [1, 2]\ndef helper(x):\n    return x + x")
    result = graded(tmp_path, change, (ANSWER, "    return helper(x)"))
    assert [score.points for score in result.scores] == [2]


def test_a_demonstration_runs_if_skipping_is_switched_off(tmp_path: Path) -> None:
    result = graded(tmp_path, (ANSWER, "    return undefined"), shortcut=False)
    assert skipped(result) == []


def test_grading_the_lab_skips_long_trainings() -> None:
    """Whichever test fails, the long trainings of the lab are skipped."""
    (path,) = (COURSE / "source" / "05-autoencoder-lab").glob("*.ipynb")
    nb = NotebookNode(nbformat.read(path, as_version=4))
    long_trainings = {
        cell["id"]
        for cell in nb.cells
        if "autoencoder.train(" in cell.source and cell.cell_type == "code"
    }
    assert len(long_trainings) >= 3
    skippable = demonstrations.skippable_cells(nb, nb)
    assert long_trainings <= skippable
    graded_cells = {cell["id"] for cell in nb.cells if is_test(cell) or is_answer(cell)}
    assert not graded_cells & skippable
    assert not dependencies.needed_cells(nb, nb) & skippable
