"""What an instructor only shows, and trains long for, no grade waits for."""

from __future__ import annotations

import doctest
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.cells import grade_ids, is_answer, is_test
from autograder.grading import grade_notebook, merge, submission
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.settings import GradingSettings
from autograder.grading.skip import demonstrations, dependencies
from autograder.publish import build
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
print("told")
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
LEFT = ["trained = [1, 2]", "loss = len(trained)", 'print("drawn:", loss)']


def graded(folder: Path, *changes: tuple[str, str], shortcut: bool = True) -> GradedNotebook:
    """Let a student hand in the lesson with these pieces of text exchanged."""
    instructors, text = build.notebook_from_text(TEXT), TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    theirs = build.notebook_from_text(text)
    for cell, framed in zip(theirs.cells, instructors.cells, strict=False):
        cell["id"] = framed["id"]  # a cell keeps its id when its text is changed
    nbformat.write(theirs, folder / "lesson.ipynb")
    read = submission.read(folder / "lesson.ipynb", grade_ids(instructors))
    fitted = nbformat.reads(
        nbformat.writes(merge.merge_submission(instructors, read)), as_version=4
    )
    settings = GradingSettings(20, 60, 3, allow_unprotected=True, shortcut=shortcut, warm=False)
    return grade_notebook.grade(NotebookNode(fitted), instructors, folder, settings)


def left_out(one: GradedNotebook) -> list[str]:
    return [
        cell.source.splitlines()[0]
        for cell in one.nb.cells
        if any(output.get("text") == dependencies.SKIPPED for output in cell.get("outputs", []))
    ]


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("    return 2 * x + undefined", 0),  # the whole way: somebody may have made that name
        ("    return 2 * x + (time.sleep(0) or 1)", 0),  # a module that may keep something
    ],
)
def test_on_the_whole_way_it_is_left_out_with_its_figures(
    tmp_path: Path, answer: str, points: int
) -> None:
    one = graded(tmp_path, (ANSWER, answer))
    assert [verdict.points for verdict in one.verdicts] == [points]
    assert left_out(one) == LEFT
    assert "no points depend on this cell" in dependencies.SKIPPED


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ([(ANSWER, "    return 2 * x * len(trained) // 2")], 2),  # asks for what it makes
        ([(ANSWER, "    return 2 * x * loss // 2")], 2),  # or for what is made of that
        ([(ANSWER, "    return 2 * x * len(globals()['trained']) // 2")], 2),  # unseen
        ([(ANSWER, "    return 2 * x if open('trained.txt').read() else 0")], 2),
        ([('print("told")', "%time"), (ANSWER, "    return undefined")], 0),  # could do anything
    ],
)
def test_it_runs_where_an_answer_could_need_it(
    tmp_path: Path, changes: list[tuple[str, str]], points: int
) -> None:
    one = graded(tmp_path, *changes)
    assert [verdict.points for verdict in one.verdicts] == [points]
    assert LEFT[0] not in left_out(one)


@pytest.mark.parametrize(("answer", "runs"), [(ANSWER, False), ("    return undefined", True)])
def test_what_a_student_changed_in_it_runs_only_where_a_point_is_missed(
    tmp_path: Path, answer: str, *, runs: bool
) -> None:
    changed = ("trained = [1, 2]", "trained = [1, 2, 3]")
    one = graded(tmp_path, changed, (ANSWER, answer))
    assert (changed[1] not in left_out(one)) is runs


@pytest.mark.parametrize(
    ("change", "runs"),
    [("[10, 2.5]", False), ("[True, 2]", False), ("[1, '2']", True), ("(1, 2)", True)],
)
def test_other_numbers_in_it_are_no_change(tmp_path: Path, change: str, *, runs: bool) -> None:
    """A learner trains for longer: the grade does not wait for that either."""
    one = graded(tmp_path, ("[1, 2]", change), (ANSWER, "    return undefined"))
    assert [verdict.points for verdict in one.verdicts] == [0]
    assert (f"trained = {change}" not in left_out(one)) is runs


def test_what_a_student_put_into_it_and_uses_runs(tmp_path: Path) -> None:
    put = ("trained = [1, 2]", "trained = [1, 2]\ndef helper(x):\n    return x + x")
    one = graded(tmp_path, put, (ANSWER, "    return helper(x)"))
    assert [verdict.points for verdict in one.verdicts] == [2]


def test_where_all_cells_are_to_run_it_runs(tmp_path: Path) -> None:
    one = graded(tmp_path, (ANSWER, "    return undefined"), shortcut=False)
    assert left_out(one) == []


def test_the_lab_trains_for_no_grade() -> None:
    """Whatever point is missed, the long trainings of the lab wait for nobody."""
    (path,) = (COURSE / "source" / "05-autoencoder-lab").glob("*.ipynb")
    nb = NotebookNode(nbformat.read(path, as_version=4))
    long = {
        cell["id"]
        for cell in nb.cells
        if "autoencoder.train(" in cell.source and cell.cell_type == "code"
    }
    assert len(long) >= 3
    idle = demonstrations.skippable_cells(nb, nb)
    assert long <= idle
    graded_cells = {cell["id"] for cell in nb.cells if is_test(cell) or is_answer(cell)}
    assert not graded_cells & idle
    assert not dependencies.needed_cells(nb, nb) & idle


def test_the_example_is_right() -> None:
    failed, tried = doctest.testmod(demonstrations)
    assert (failed, tried > 0) == (0, True)
