"""Running a notebook's cells: one that crashes or hangs does not affect the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading import run_cells
from autograder.kernels.client import MAX_CELL_OUTPUT_CHARS
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.sandbox import cpu_wait
from autograder.test_runner.broker import BrokenTest

pytestmark = pytest.mark.slow

UNINTERRUPTIBLE = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"


def notebook(*sources: str) -> NotebookNode:
    cells = [new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    for cell in cells:
        if cell.source.startswith("assert"):
            cell.metadata["nbgrader"] = {"grade": True, "solution": False, "grade_id": cell["id"]}
    return NotebookNode(new_notebook(cells=[new_markdown_cell("text", id="text"), *cells]))


def new_kernel(folder: Path) -> Kernel:
    return Kernel(folder, allow_unprotected=True)


def statuses(outcomes: dict[str, CellOutcome | BrokenTest | None]) -> list[str]:
    return [
        outcome.status if isinstance(outcome, CellOutcome) else "broken" if outcome else "not run"
        for outcome in outcomes.values()
    ]


def test_a_crash_and_an_uninterruptible_loop_cost_only_themselves(tmp_path: Path) -> None:
    nb = notebook(
        "a = 1",
        "1 / 0",
        "import os\nos._exit(0)",
        "b = a + 1",
        UNINTERRUPTIBLE,
        "assert (a, b) == (1, 2)",
        "assert a == 2, 'a is 1'",
        "import sys\nsys.exit(3)",
        "assert a",
    )
    outcomes = run_cells.run(
        nb, new_kernel(tmp_path), TimeBudget(cell_seconds=4, notebook_seconds=120), []
    )
    assert statuses(outcomes) == [
        *("ran", "raised", "died", "ran", "timed out", "ran", "raised", "raised", "ran"),
    ]
    assert outcomes["cell-6"] == CellOutcome("raised", "AssertionError", "a is 1")
    assert outcomes["cell-4"] == CellOutcome("timed out", message="4 s")


def test_a_test_may_use_what_earlier_tests_define(tmp_path: Path) -> None:
    nb = notebook(
        "def total(n): return n + squares(n)\ndef squares(n): return n * n",
        "assert squares(2) == 4\nimport math as m\ndef near(a, b): return m.isclose(a, b)",
        "assert total(2) == 6\nlimit = 6\ndef is_small(n): return n <= limit",
        "assert near(squares(3), 9) and not near(squares(3), 10)",
        "import os\nos._exit(0)",
        "assert is_small(total(2)) and not is_small(total(3))",
        "def near(a, b): return True",
        "assert near(1, 2), 'not near'",
    )
    limits, shared = TimeBudget(cell_seconds=20, notebook_seconds=200), {"cell-2", "cell-5"}
    outcomes = run_cells.run(nb, new_kernel(tmp_path), limits, [], shared=shared)
    assert statuses(outcomes) == [
        *("ran", "ran", "ran", "ran", "died", "ran", "ran", "raised"),
    ]
    assert outcomes["cell-7"] == CellOutcome("raised", "AssertionError", "not near")


def test_stderr_and_last_expressions_are_no_failures(tmp_path: Path) -> None:
    nb = notebook("import sys\nprint('careful', file=sys.stderr)\n0.25")
    outcomes = run_cells.run(
        nb, new_kernel(tmp_path), TimeBudget(cell_seconds=10, notebook_seconds=60), []
    )
    assert statuses(outcomes) == ["ran"]
    assert {output["output_type"] for output in nb.cells[1].outputs} == {"stream", "display_data"}


def test_stderr_fails_a_shared_test_where_errors_count(tmp_path: Path) -> None:
    nb = notebook("assert 1\nimport sys\nprint('no', file=sys.stderr)", "assert 1\nprint('yes')")
    outcomes = run_cells.run(
        nb,
        new_kernel(tmp_path),
        TimeBudget(cell_seconds=10, notebook_seconds=60),
        [],
        shared={"cell-0", "cell-1"},
        errors_count=True,
    )
    assert outcomes["cell-0"] == CellOutcome("raised", "Error", "no\n")
    assert statuses(outcomes) == ["raised", "ran"]


def test_cells_after_the_notebooks_time_limit_are_not_run(tmp_path: Path) -> None:
    nb = notebook("a = 1", "import time\ntime.sleep(60)", "assert a", "assert a")
    outcomes = run_cells.run(
        nb, new_kernel(tmp_path), TimeBudget(cell_seconds=50, notebook_seconds=3), []
    )
    assert statuses(outcomes) == ["ran", "timed out", "not run", "not run"]


def test_a_cell_can_set_its_time_limit(tmp_path: Path) -> None:
    nb = notebook("import time\ntime.sleep(3)\nx = 1", "time.sleep(60)", "assert x")
    nb.cells[1].metadata["course"] = {"seconds": 40}
    nb.cells[2].metadata["course"] = {"seconds": 1}
    outcomes = run_cells.run(
        nb, new_kernel(tmp_path), TimeBudget(cell_seconds=2, notebook_seconds=120), []
    )
    assert statuses(outcomes) == ["ran", "timed out", "ran"]
    assert outcomes["cell-1"] == CellOutcome("timed out", message="1 s")


def test_the_number_of_restarts_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_cells, "MAX_RESTARTS", 1)
    nb = notebook(*["import os\nos._exit(1)"] * 4, "assert True")
    outcomes = run_cells.run(
        nb, new_kernel(tmp_path), TimeBudget(cell_seconds=20, notebook_seconds=100), []
    )
    assert statuses(outcomes) == ["died", "died", "not run", "not run", "not run"]


def test_the_output_of_a_cell_is_limited(tmp_path: Path) -> None:
    cell = new_code_cell("for _ in range(60): print('x' * 100_000, flush=True)")
    with new_kernel(tmp_path) as kernel:
        assert kernel.run_cell(cell, seconds=30) == CellOutcome("ran")
    text = "".join(output["text"] for output in cell["outputs"])
    assert len(text) < MAX_CELL_OUTPUT_CHARS + 200_000
    assert "Output was cut off here" in text


def test_the_output_of_a_notebook_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.kernels.kernel.MAX_NOTEBOOK_OUTPUT_CHARS", 1_500_000)
    cells = [new_code_cell("print('x' * 600_000)") for _ in range(5)]
    with new_kernel(tmp_path) as kernel:
        for cell in cells:
            assert kernel.run_cell(cell, seconds=30) == CellOutcome("ran")
        kernel.restart()
        again = new_code_cell("print('x' * 600_000)")
        assert kernel.run_cell(again, seconds=30) == CellOutcome("ran")
    sizes = [sum(len(output["text"]) for output in cell["outputs"]) for cell in (*cells, again)]
    assert sizes[0] > 600_000
    assert 1_100_000 < sum(sizes) < 1_600_000
    assert "Output was cut off here" in again["outputs"][0]["text"]


def test_code_runs_in_its_folder_and_cannot_read_input(tmp_path: Path) -> None:
    (tmp_path / "beside.txt").write_text("here")
    ask = new_code_cell("input('?')")
    read = new_code_cell("assert open('beside.txt').read() == 'here'")
    with new_kernel(tmp_path) as kernel:
        assert kernel.run_cell(read, seconds=20) == CellOutcome("ran")
        assert kernel.run_cell(ask, seconds=20).error == "StdinNotImplementedError"


def test_a_quiz_needs_no_kernel() -> None:
    nb = notebook("print('a demonstration')")
    assert not run_cells.needs_kernel(nb)
    assert run_cells.needs_kernel(notebook("assert True"))


def test_a_starved_kernel_costs_no_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if other programs used the processor from the third cell on."""
    monkeypatch.setattr(cpu_wait, "SAMPLE_INTERVAL_S", 0.1)
    monkeypatch.setattr(cpu_wait, "MAX_STRETCH", 2)
    monkeypatch.setattr(cpu_wait, "lost_seconds", lambda elapsed, *_: elapsed)
    nb = notebook("a = 1", "assert a", "while True: pass", "assert a == 2", "assert a")
    kernel = new_kernel(tmp_path)
    budget = TimeBudget(cell_seconds=2, notebook_seconds=3)
    outcomes = run_cells.run(nb, kernel, budget, [])
    assert statuses(outcomes) == ["ran", "ran", "broken", "broken", "broken"]
    assert kernel.disturbed
    assert outcomes["cell-4"] == BrokenTest(run_cells.STARVED, retry=True)


def test_time_that_others_take_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each cell takes longer than the whole notebook may, all but a tenth of it waiting."""
    monkeypatch.setattr(cpu_wait, "SAMPLE_INTERVAL_S", 0.1)
    monkeypatch.setattr(cpu_wait, "lost_seconds", lambda elapsed, *_: 0.9 * elapsed)
    nb = notebook(*["import time\ntime.sleep(2)"] * 3, "assert time.sleep(2) is None")
    budget = TimeBudget(cell_seconds=1.5, notebook_seconds=1.9)
    kernel = new_kernel(tmp_path)
    assert statuses(run_cells.run(nb, kernel, budget, [])) == ["ran"] * 4
    assert not kernel.disturbed


def test_an_endless_loop_on_a_busy_machine_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpu_wait, "SAMPLE_INTERVAL_S", 0.1)
    monkeypatch.setattr(cpu_wait, "lost_seconds", lambda elapsed, *_: 0.7 * elapsed)
    nb = notebook("while True: pass", "assert True")
    kernel = new_kernel(tmp_path)
    outcomes = run_cells.run(nb, kernel, TimeBudget(cell_seconds=1, notebook_seconds=60), [])
    assert statuses(outcomes) == ["timed out", "ran"]
    assert kernel.disturbed  # so the submission is graded once more, alone
