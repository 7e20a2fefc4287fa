"""Deciding whether a failed test could pass if the skipped cells were run."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.cells import is_answer, is_test
from autograder.grading.skip import dependencies, independence
from autograder.publish import build
from tests.autograder.grading.skip import grading

TEXT = """# A lesson whose figures leave traces

```{code-cell} ipython3
import math
import numpy as np
```

```{code-cell} ipython3
np.random.seed(7)
np.savetxt("trace.txt", [2])
```

```{code-cell} ipython3
:exercise: double
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{code-cell} ipython3
print("a figure of", [double(number) for number in range(3)])
```

```{code-cell} ipython3
:test: double-test
:points: 2
assert double(2) == 4, "double(2) should be 4"
```
"""
PLAIN = {
    "wrong": "def double(x):\n    return 3 * x",
    "with a constant": "HALF = 0.5\n\ndef double(x):\n    return x * HALF",
    "with a helper": "def twice(x):\n    return [x, x]\n\ndef double(x):\n    return twice(x)",
    "with NumPy": "def double(x, times=3):\n    return float(np.sum(np.full(times, x)))",
    "with its own generator": "def double(x):\n    return np.random.default_rng(0).normal() * x",
    "with a class": "class Two:\n    def __call__(self, x):\n        return x\n\n"
    "def double(x):\n    return Two()(x)",
    "raises": "def double(x):\n    return [x][2]",
}
# Each of these passes the test only if the cell with the figure was run.
TRACES = {
    "a global list": "calls = []\n\n"
    "def double(x):\n    calls.append(x)\n    return 2 * x if len(calls) > 1 else 0",
    "a default": "def double(x, calls=[]):\n    calls.append(x)\n"
    "    return 2 * x if len(calls) > 1 else 0",
    "a global name": "count = 0\n\ndef double(x):\n    global count\n    count += 1\n"
    "    return 2 * x if count > 1 else 0",
    "an attribute": "def double(x):\n    double.count = double.count + 1\n"
    "    return 2 * x if double.count > 1 else 0\n\ndouble.count = 0",
    "a class": "class Record:\n    calls = []\n\n"
    "def double(x):\n    Record.calls.append(x)\n    return 2 * x if len(Record.calls) > 1 else 0",
    "a helper's closure": "def make():\n    calls = []\n    def step(x=None):\n"
    "        if x is not None:\n            calls.append(x)\n        return len(calls)\n"
    "    return step\n\nstep = make()\n\n"
    "def double(x):\n    step(x)\n    return 2 * x if step() > 1 else 0",
    "a decorator": "def counted(f):\n    calls = []\n    def inner(x):\n        calls.append(x)\n"
    "        return f(x) if len(calls) > 1 else 0\n    return inner\n\n"
    "@counted\ndef double(x):\n    return 2 * x",
    "the global random state": "def double(x):\n    return 2 * x if np.random.rand() < 0.8 else 0",
    "a file": "def double(x):\n    return x * np.loadtxt('trace.txt')",
    "an opened file": "def double(x):\n    return x * float(open('trace.txt').read())",
    "the output": "def double(x):\n    return 2 * x if len(Out) >= 0 else 0",
    "another module": "import os\n\ndef double(x):\n    return x * len(os.listdir('.'))",
    "all names": "def double(x):\n    return 2 * x if 'np' in globals() else 0",
    "an attribute of NumPy": "def double(x):\n    np.calls = getattr(np, 'calls', 0) + 1\n"
    "    return 2 * x if np.calls > 1 else 0",
    "IPython": "%time\ndef double(x):\n    return x",
}


def lesson() -> NotebookNode:
    return build.notebook_from_text(TEXT)


def answered(answer: str) -> NotebookNode:
    nb = lesson()
    next(cell for cell in nb.cells if is_answer(cell)).source = answer
    return nb


def is_final(text: str, **errors: str) -> bool:
    """Return whether a failure of this answer without the skipped cells is final."""
    nb, source = answered(text), lesson()
    running = dependencies.needed_cells(nb, source)
    (test_id,) = (cell["id"] for cell in nb.cells if is_test(cell))
    (answer_id,) = (cell["id"] for cell in nb.cells if is_answer(cell))
    error_by_cell = {
        answer_id if name == "answer" else test_id: error for name, error in errors.items()
    }
    return independence.are_independent(nb, source, running, [test_id], error_by_cell)


@pytest.mark.parametrize("answer", PLAIN.values(), ids=list(PLAIN))
def test_plain_answers_are_independent(answer: str) -> None:
    assert is_final(answer)


@pytest.mark.parametrize("answer", TRACES.values(), ids=list(TRACES))
def test_the_whole_notebook_runs_if_skipped_cells_may_matter(answer: str) -> None:
    assert not is_final(answer)


@pytest.mark.parametrize("error", ["NameError", "UnboundLocalError", "FileNotFoundError"])
def test_a_missing_name_or_file_may_come_from_a_skipped_cell(error: str) -> None:
    assert not is_final(PLAIN["wrong"], test=error)
    assert not is_final(PLAIN["wrong"], answer=error)
    assert is_final(PLAIN["wrong"], test="AssertionError")
    assert is_final(PLAIN["wrong"], answer="an error of the student's own")


def test_a_skipped_cell_that_changes_a_module_may_matter() -> None:
    nb, source = answered(PLAIN["wrong"]), lesson()
    for notebook in (nb, source):
        notebook.cells[2].source = 'np.seterr(all="raise")'
    running = dependencies.needed_cells(nb, source)
    (test_id,) = (cell["id"] for cell in nb.cells if is_test(cell))
    assert not independence.are_independent(nb, source, running, [test_id], {})


@pytest.mark.parametrize("kind", ["a global list", "a class", "a helper's closure", "a file"])
def test_skipping_costs_no_points(tmp_path: Path, kind: str) -> None:
    (score,) = grading.grade(tmp_path, lesson(), answered(TRACES[kind])).scores
    assert score.points == 2
