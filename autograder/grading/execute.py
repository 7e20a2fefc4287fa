"""Running a fitted notebook: the short way, if that decides every point, else the whole way.

The kernel and the judge come from warm processes where there are any. See `needed` for what the
short way is, `apart` for when a point that is missed on it is lost, and `demonstrations` for what
not even the whole way waits for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from nbformat import NotebookNode

from autograder.cells import is_test, lesson_code
from autograder.grading import run_cells
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.settings import THREAD_VARIABLES, GradingSettings
from autograder.grading.skip import demonstrations, dependencies, independence
from autograder.kernels import imports
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.limits import Limits
from autograder.test_runner import forkserver

UNANSWERED_ERROR: Final = "NotImplementedError"  # what an exercise raises as it is handed out


def run(
    nb: NotebookNode, instructors: NotebookNode, folder: Path, settings: GradingSettings
) -> tuple[CellOutcomes, int]:
    """Run a notebook; return how each cell ended, and the memory that a kernel held at most.

    Args:
        nb: A fitted notebook; its code cells get new outputs.
        instructors: Its frame.
        folder: The student's other files; the kernel works on a copy.
        settings: How long it may run, and so on.
    """
    kernels, judges = warm_up(instructors, settings)
    lesson = lesson_code(instructors)
    peaks = [0]

    def way(only: frozenset[str] | None) -> CellOutcomes:
        session = Kernel(
            folder,
            _variables(settings),
            Limits(**settings.limits),
            allow_unprotected=settings.allow_unprotected,
            visible=tuple(Path(each).resolve() for each in settings.visible),
            fork_server=kernels,
        )
        budget = TimeBudget(
            settings.cell_seconds, settings.notebook_seconds, settings.start_seconds
        )
        outcomes = run_cells.run(nb, session, budget, lesson, only=only, bench=judges)
        peaks.append(session.peak_bytes)
        return outcomes

    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    tests = [cell["id"] for cell in cells if is_test(cell)]
    running = dependencies.needed_cells(nb, instructors)
    if settings.shortcut and not running.issuperset(cell["id"] for cell in cells):
        outcomes = way(running)
        missed = [test for test in tests if not _settled(outcomes, test)]
        errors = _errors(outcomes)
        lost = errors is not None and independence.are_independent(
            nb, instructors, running, missed, errors
        )
        if not missed or lost:
            dependencies.mark_skipped(cells, running)
            return outcomes, max(peaks)
    idle = (
        demonstrations.skippable_cells(nb, instructors) if settings.shortcut else frozenset[str]()
    )
    running = frozenset(cell["id"] for cell in cells) - idle
    outcomes = way(running)
    dependencies.mark_skipped(cells, running)
    return outcomes, max(peaks)


def warm_up(
    instructors: NotebookNode, settings: GradingSettings
) -> tuple[ForkServer | None, ForkServer | None]:
    """Return where kernels and judges for a notebook come from; None where they start cold.

    Args:
        instructors: The frame; what it imports is loaded.
        settings: How it will be graded.
    """
    if not settings.warm or not run_cells.needs_kernel(instructors):
        return None, None
    code = [cell for cell in instructors.cells if cell.cell_type == "code"]
    modules = imports.find_modules(cell.source for cell in code)
    tests = [cell.source for cell in code if is_test(cell)]
    return forkserver_client.shared_fork_server(
        "kernel", modules, _variables(settings)
    ), forkserver.known(tests)


def _variables(settings: GradingSettings) -> dict[str, str]:
    threads = dict.fromkeys(THREAD_VARIABLES, str(settings.threads)) if settings.threads else {}
    return {"NBGRADER_EXECUTION": "autograde", **threads}


def _errors(outcomes: CellOutcomes) -> dict[str, str] | None:
    """Return the names of the errors in which cells ended; None if any ended otherwise."""
    errors = {}
    for name, outcome in outcomes.items():
        if not isinstance(outcome, CellOutcome) or outcome.status not in {"ran", "raised"}:
            return None
        if outcome.status == "raised":
            errors[name] = outcome.error
    return errors


def _settled(outcomes: CellOutcomes, test: str) -> bool:
    """Whether the whole way would say no more: it is passed, or nobody has answered."""
    outcome = outcomes.get(test)
    if not isinstance(outcome, CellOutcome):
        return False
    return outcome.status == "ran" or outcome.error == UNANSWERED_ERROR
