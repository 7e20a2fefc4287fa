"""Run a merged notebook without the cells that no point depends on, or all of it if need be.

See `skip.dependencies` for which cells are needed, `skip.independence` for when a failed test
can't depend on a skipped cell, and `skip.demonstrations` for what is skipped even then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from nbformat import NotebookNode

from autograder.cells import code_cells, is_test, lesson_code
from autograder.grading import run_cells
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.settings import THREAD_VARIABLES, GradingSettings
from autograder.grading.shared_tests import is_other_language, other_kernel, shared_tests
from autograder.grading.skip import demonstrations, dependencies, independence
from autograder.kernels import imports
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.limits import Limits
from autograder.sandbox.protection import Weakness
from autograder.sandbox.worker_process import begin_step
from autograder.test_runner import forkserver
from autograder.test_runner.broker import BrokenTest

ANALYSIS_SECONDS: Final = 60.0  # of processor time; a lesson takes a hundredth of a second
MAX_ANALYZED_CHARS: Final = 300_000  # of the student's code; a lesson has some 10,000
UNANSWERED_ERROR: Final = "NotImplementedError"  # raised by an exercise as it is released

T = TypeVar("T")


@dataclass(frozen=True)
class Execution:
    """How a notebook ran.

    Attributes:
        outcomes: How each cell ended.
        peak: A kernel's peak memory in bytes.
        disturbed: Whether other programs may be the reason why something failed.
        weaknesses: What was not enforced for the kernel.
    """

    outcomes: CellOutcomes
    peak: int = 0
    disturbed: bool = False
    weaknesses: tuple[Weakness, ...] = ()


def run(
    nb: NotebookNode, source_nb: NotebookNode, folder: Path, settings: GradingSettings
) -> Execution:
    """Run a notebook.

    The arguments are those of `grade_notebook.grade`; code cells get new outputs.
    """
    kernel_fork_server, test_fork_server = warm_up(source_nb, settings)
    lesson = lesson_code(source_nb)
    shared, module = shared_tests(source_nb), other_kernel(source_nb)
    peak = 0

    def run_only(cell_ids: frozenset[str]) -> Execution:
        nonlocal peak
        begin_step("running the code", 2 * (settings.notebook_seconds + settings.start_seconds))
        kernel = Kernel(
            folder,
            _env(settings),
            Limits(**settings.limits),
            allow_unprotected=settings.allow_unprotected,
            visible=tuple(Path(path).resolve() for path in settings.visible),
            cores=settings.threads,
            fork_server=kernel_fork_server,
            module=module,
        )
        limits_s = settings.cell_seconds, settings.notebook_seconds, settings.start_seconds
        budget = TimeBudget(*limits_s)
        outcomes = run_cells.run(
            nb,
            kernel,
            budget,
            lesson,
            only=cell_ids,
            shared=shared,
            errors_count=bool(module),
            test_fork_server=test_fork_server,
        )
        peak = max(peak, kernel.peak_bytes)
        begin_step("analyzing the code", ANALYSIS_SECONDS)
        broken = [end for end in outcomes.values() if isinstance(end, BrokenTest)]
        disturbed = kernel.disturbed or any(end.retry for end in broken)
        weaknesses = [*kernel.weaknesses, *([Weakness.SHARED_TESTS] if shared else [])]
        return Execution(outcomes, peak, disturbed, tuple(weaknesses))

    code = code_cells(nb)
    every_id = frozenset(cell["id"] for cell in code)
    begin_step("analyzing the code", ANALYSIS_SECONDS)
    shortcut = settings.shortcut and not shared and _can_be_analyzed(code, source_nb)
    needed = every_id
    if shortcut:
        needed = _analyze(lambda: dependencies.needed_cells(nb, source_nb), default=every_id)
    if not needed >= every_id:
        execution = run_only(needed)
        outcomes = execution.outcomes
        tests = [cell["id"] for cell in code if is_test(cell)]
        failed = [test for test in tests if not _is_final(outcomes.get(test))]
        errors = _error_names(outcomes)
        if not failed or (
            errors is not None
            and _analyze(
                lambda: independence.are_independent(nb, source_nb, needed, failed, errors or {}),
                default=False,
            )
        ):
            dependencies.mark_skipped(code, needed)
            return execution
    if shortcut:
        every_id -= _analyze(
            lambda: demonstrations.skippable_cells(nb, source_nb), default=frozenset[str]()
        )
    execution = run_only(every_id)
    dependencies.mark_skipped(code, every_id)
    return execution


def _can_be_analyzed(code: list[NotebookNode], source_nb: NotebookNode) -> bool:
    """Return whether the student's code is short enough; else all of it is run."""
    sources = {cell["id"]: cell.source for cell in source_nb.cells}
    changed = (cell.source for cell in code if sources.get(cell["id"]) != cell.source)
    return sum(map(len, changed)) <= MAX_ANALYZED_CHARS


def _analyze(analysis: Callable[[], T], *, default: T) -> T:
    """Return the result of an analysis, or the default, with which everything is run.

    Python's own parser fails in several ways on code that is nested deeply enough.
    """
    try:
        return analysis()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return default


def warm_up(
    source_nb: NotebookNode, settings: GradingSettings
) -> tuple[ForkServer | None, ForkServer | None]:
    """Return the fork servers for a notebook's kernels and test runners; None to start them cold.

    They have loaded what the instructor's notebook imports.
    """
    if not settings.warm or is_other_language(source_nb) or not run_cells.needs_kernel(source_nb):
        return None, None
    code = code_cells(source_nb)
    modules = imports.find_modules(cell.source for cell in code)
    return (
        forkserver_client.shared_fork_server("kernel", modules, _env(settings)),
        forkserver.shared_fork_server(cell.source for cell in code if is_test(cell)),
    )


def _env(settings: GradingSettings) -> dict[str, str]:
    threads = dict.fromkeys(THREAD_VARIABLES, str(settings.threads)) if settings.threads else {}
    return {"NBGRADER_EXECUTION": "autograde", **threads}


def _error_names(outcomes: CellOutcomes) -> dict[str, str] | None:
    """Return the names of raised errors, by cell; None if any cell ended in another way."""
    errors = {}
    for name, outcome in outcomes.items():
        if not isinstance(outcome, CellOutcome) or outcome.status not in {"ran", "raised"}:
            return None
        if outcome.status == "raised":
            errors[name] = outcome.error
    return errors


def _is_final(outcome: object) -> bool:
    """Return whether a test needs no full run: it has passed, or the exercise is unanswered."""
    return isinstance(outcome, CellOutcome) and (
        outcome.status == "ran" or outcome.error == UNANSWERED_ERROR
    )
