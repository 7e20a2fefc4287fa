"""Running a fitted notebook, cell by cell, whatever its cells do.

A cell that runs too long or kills its kernel costs what it would have earned. The
kernel starts anew, the cells before are run again, and the rest of the notebook is
run as if that cell were not there.
"""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from typing import Final

from nbformat import NotebookNode

from autograder.cells import is_graded, is_test, time_limit_s
from autograder.grading.sanitize import outputs
from autograder.kernels.kernel import CellOutcome, Kernel, KernelStartError
from autograder.kernels.time_budget import TimeBudget
from autograder.sandbox.forkserver_client import ForkServer
from autograder.test_runner.broker import BrokenTest, Broker

MAX_RESTARTS: Final = 8  # after that, more cells kill kernels than a person would wait for


CellOutcomes = dict[str, CellOutcome | BrokenTest | None]


def needs_kernel(nb: NotebookNode) -> bool:
    """Whether any points depend on running code; questions are read, not run."""
    return any(cell.cell_type == "code" and is_graded(cell) for cell in nb.cells)


def run(  # noqa: PLR0913  (each is a part of the run)
    nb: NotebookNode,
    session: Kernel,
    budget: TimeBudget,
    lesson: list[str],
    *,
    only: frozenset[str] | None = None,
    bench: ForkServer | None = None,
) -> CellOutcomes:
    """Run every code cell of the notebook; the outputs are kept in it.

    The student's cells run in the student's kernel, the tests in the judge's process.

    Args:
        nb: A fitted notebook; its code cells get new outputs.
        session: The student's kernel, not yet begun.
        budget: How long it may run.
        lesson: The instructor's own cells: what they import, tests may use.
        only: The ids of the cells to run; None for all.
        bench: Where the judge's process comes from, if there is a warm one.

    Returns:
        By cell id, how the cell ended; None if it was not run because the budget was
        used up or kernels died too often; Broken if no kernel could be had.
    """
    outcomes: CellOutcomes = {}
    cells = [
        cell
        for cell in nb.cells
        if cell.cell_type == "code" and cell.source.strip() and (only is None or cell["id"] in only)
    ]
    restarts = 0
    try:
        with Broker(lesson, bench) as judge, session:
            for index, cell in enumerate(cells):
                if budget.next_limit() <= 0 or restarts > MAX_RESTARTS:
                    outcomes[cell["id"]] = None
                    continue
                outcome = _one(cell, judge, session, budget)
                outcomes[cell["id"]] = outcome
                if _killed(outcome) and index + 1 < len(cells):
                    restarts += 1
                    session.restart()
                    restarts += _run_again(judge, session, cells[:index], outcomes, budget)
    except KernelStartError as fault:
        return {cell["id"]: outcomes.get(cell["id"], BrokenTest(str(fault))) for cell in cells}
    return outcomes


def _one(
    cell: NotebookNode, judge: Broker, session: Kernel, budget: TimeBudget
) -> CellOutcome | BrokenTest:
    """Run one cell where it belongs, and take its time from the budget."""
    own = time_limit_s(cell)
    seconds, began = budget.next_limit(own), time.monotonic()
    outcome = (
        judge.run_test(cell.source, session, seconds)
        if is_test(cell)
        else session.run_cell(cell, seconds)
    )
    took = time.monotonic() - began
    outputs.sanitize_outputs(cell)  # now, so that the full outputs of all cells are never in memory
    budget.charge(took, finished=not _killed(outcome), cell_seconds=own)
    if isinstance(outcome, CellOutcome) and outcome.status == "timed out":
        return replace(outcome, message=f"{seconds:.0f} s")
    return outcome


def _killed(outcome: CellOutcome | BrokenTest | None) -> bool:
    return isinstance(outcome, CellOutcome) and outcome.status in {"timed out", "died"}


def _run_again(
    judge: Broker,
    session: Kernel,
    cells: list[NotebookNode],
    outcomes: CellOutcomes,
    budget: TimeBudget,
) -> int:
    """Bring a new kernel to where the old one was; return how many more kernels that cost.

    Tests are left out, and so is every cell that has killed a kernel before.
    """
    budget.restart_kernel()
    harmless = [
        cell
        for cell in cells
        if not is_test(cell)
        and outcomes[cell["id"]] is not None
        and not _killed(outcomes[cell["id"]])
    ]
    for index, cell in enumerate(harmless):
        if budget.next_limit() <= 0:
            return 0
        if _killed(_one(copy.deepcopy(cell), judge, session, budget)):
            session.restart()
            rest = harmless[:index]
            return 1 + (_run_again(judge, session, rest, outcomes, budget) if index else 0)
    return 0
