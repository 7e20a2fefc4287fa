"""Run a merged notebook cell by cell, whatever its cells do.

A cell that times out or kills its kernel loses its own points only: the kernel is restarted, the
cells before it are run again, and the notebook goes on as if that cell weren't there. A kernel that
starves, because other programs use the processor, costs nobody a point: a person must look.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Final

from nbformat import NotebookNode

from autograder.cells import code_cells, is_graded, is_test, time_limit_s
from autograder.grading.sanitize import outputs
from autograder.kernels.kernel import LOST_KERNEL, CellOutcome, Kernel, KernelStartError
from autograder.kernels.time_budget import TimeBudget
from autograder.sandbox.forkserver_client import ForkServer
from autograder.test_runner.broker import BrokenTest, Broker

MAX_RESTARTS: Final = 8  # of one notebook's kernel

STARVED: Final = (
    "Other programs kept this submission's code from running for so long that its time limits say"
    " nothing. Grade it again when the machine is less busy, or with fewer --jobs."
)

CellOutcomes = dict[str, CellOutcome | BrokenTest | None]


class StarvedError(RuntimeError):
    """Other programs kept the kernel from running, so that no further cell can be judged."""


def needs_kernel(nb: NotebookNode) -> bool:
    """Return whether any points depend on running code; quizzes don't."""
    return any(cell.cell_type == "code" and is_graded(cell) for cell in nb.cells)


def run(  # noqa: PLR0913  (each is a part of the run)
    nb: NotebookNode,
    kernel: Kernel,
    budget: TimeBudget,
    lesson: list[str],
    *,
    only: frozenset[str] | None = None,
    shared: Collection[str] = (),
    errors_count: bool = False,
    test_fork_server: ForkServer | None = None,
) -> CellOutcomes:
    """Run the code cells of a merged notebook and keep their outputs in it.

    The student's cells run in the student's kernel, which isn't started yet, the tests in the
    test runner, but for those whose ids are in `shared`. Tests may use what the instructor's own
    cells (`lesson`) import. With `errors_count`, a shared test fails that writes to stderr, as in
    nbgrader: not every kernel reports errors in another way.

    Returns:
        How each cell ended, by id. None if it wasn't run because the budget was used up or the
        kernel died too often; `BrokenTest` if no kernel could be started, or one has starved.
    """
    outcomes: CellOutcomes = {}
    cells = [cell for cell in code_cells(nb) if only is None or cell["id"] in only]
    restarts = 0
    try:
        with Broker(lesson, test_fork_server) as broker, kernel:
            for index, cell in enumerate(cells):
                if budget.next_limit() <= 0 or restarts > MAX_RESTARTS:
                    outcomes[cell["id"]] = None
                    continue
                runner = None if cell["id"] in shared else broker
                outcome = _run_cell(cell, runner, kernel, budget)
                if errors_count and is_test(cell):
                    outcome = _with_errors(cell, outcome)
                outcomes[cell["id"]] = outcome
                if _lost_kernel(outcome) and index + 1 < len(cells):
                    restarts += 1
                    _restart(kernel, budget)
                    restarts += _rerun(
                        kernel,
                        [c for c in cells[:index] if not is_test(c) or c["id"] in shared],
                        outcomes,
                        budget,
                    )
    except (KernelStartError, StarvedError) as error:
        broken = BrokenTest(str(error), retry=True)
        return {cell["id"]: outcomes.get(cell["id"], broken) for cell in cells}
    return outcomes


def _run_cell(
    cell: NotebookNode, broker: Broker | None, kernel: Kernel, budget: TimeBudget
) -> CellOutcome | BrokenTest:
    """Run a cell; without a broker a test runs in the student's kernel."""
    cell_limit = time_limit_s(cell)
    timeout, start = budget.next_limit(cell_limit), time.monotonic()
    lost_before = kernel.cpu_wait.seconds
    outcome: CellOutcome | BrokenTest
    if broker is not None and is_test(cell):
        outcome = broker.run_test(cell.source, kernel, timeout)
    else:
        outcome = kernel.run_cell(cell, timeout)
    lost = kernel.cpu_wait.seconds - lost_before
    duration = time.monotonic() - start - lost
    outputs.sanitize_outputs(cell)  # now, so that the full outputs of all cells are never in memory
    budget.exclude(lost)
    budget.charge(duration, finished=not _lost_kernel(outcome), cell_seconds=cell_limit)
    if isinstance(outcome, CellOutcome) and outcome.status == "starved":
        raise StarvedError(STARVED)
    if isinstance(outcome, CellOutcome) and outcome.status == "timed out":
        return replace(outcome, message=f"{timeout:.0f} s")
    return outcome


def _with_errors(cell: NotebookNode, outcome: CellOutcome | BrokenTest) -> CellOutcome | BrokenTest:
    """Return how a test ended, given that errors in its outputs count."""
    texts = [
        str(output.get("text", output.get("evalue", "")))
        for output in cell["outputs"]
        if output["output_type"] == "error" or output.get("name") == "stderr"
    ]
    if texts and isinstance(outcome, CellOutcome) and outcome.status == "ran":
        return CellOutcome("raised", "Error", texts[0])
    return outcome


def _lost_kernel(outcome: CellOutcome | BrokenTest | None) -> bool:
    return isinstance(outcome, CellOutcome) and outcome.status in LOST_KERNEL


def _restart(kernel: Kernel, budget: TimeBudget) -> None:
    lost_before = kernel.cpu_wait.seconds
    kernel.restart()
    kernel.cpu_wait.sample()
    budget.exclude(kernel.cpu_wait.seconds - lost_before)


def _rerun(
    kernel: Kernel, cells: list[NotebookNode], outcomes: CellOutcomes, budget: TimeBudget
) -> int:
    """Bring a restarted kernel to the state of the old one; return the number of further restarts.

    Cells that have killed a kernel before are left out.
    """
    budget.restart_kernel()
    ends = [(cell, outcomes[cell["id"]]) for cell in cells]
    harmless = [cell for cell, end in ends if end is not None and not _lost_kernel(end)]
    for index, cell in enumerate(harmless):
        if budget.next_limit() <= 0:
            return 0
        if _lost_kernel(_run_cell(copy.deepcopy(cell), None, kernel, budget)):
            _restart(kernel, budget)
            before = harmless[:index]
            return 1 + (_rerun(kernel, before, outcomes, budget) if index else 0)
    return 0
