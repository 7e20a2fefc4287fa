"""Grading one notebook: from the fitted notebook to verdicts and words for the student.

Nothing here knows nbgrader or a gradebook, so it runs wherever there is a processor. What
comes out is plain data. A run over a class grades many at once and hands the results to
nbgrader's own steps through `ready`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from autograder.judge import bench, comments, frame, needed, outputs, process, scores
from autograder.judge.channel import Broken
from autograder.judge.scores import Verdict
from autograder.kernels import preload, warm
from autograder.kernels.budget import Budget
from autograder.kernels.limits import Limits
from autograder.kernels.session import Outcome, Session

THREADS: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


@dataclass(frozen=True)
class Settings:
    """What an instructor decides about grading; see ``c.Grade`` in ``nbgrader_config.py``.

    Attributes:
        cell_seconds: Seconds that one cell may run.
        notebook_seconds: Seconds that a whole notebook may run.
        start_seconds: Seconds on top of that for imports in a new kernel.
        allow_unprotected: Whether to grade where students' code can't be kept in its place.
        limits: What a kernel may use, where not the usual.
        visible: Further folders that students' code may read.
        threads: Threads that a kernel's libraries start; 0 leaves it to the machine.
        shortcut: Whether to leave out cells that no point depends on, until a point is missed.
        warm: Whether kernels are forked from a process that has loaded their libraries.
    """

    cell_seconds: float = 30.0
    notebook_seconds: float = 300.0
    start_seconds: float = 60.0
    allow_unprotected: bool = False
    limits: dict[str, int] = field(default_factory=dict)
    visible: tuple[str, ...] = ()
    threads: int = 0
    shortcut: bool = True
    warm: bool = True


@dataclass
class Graded:
    """A graded notebook.

    Attributes:
        nb: The notebook with its outputs and verdicts.
        verdicts: One for each graded cell.
        told: What to tell the student, by the name of the cell in which the answer stands.
        faults: What went wrong through no fault of the student's, by cell, for the instructor.
    """

    nb: NotebookNode
    verdicts: list[Verdict]
    told: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "notebook": nbformat.writes(self.nb),
            "verdicts": [{"name": each.name, **each.to_json()} for each in self.verdicts],
            "told": self.told,
            "faults": self.faults,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Graded:
        """Read what `to_json` returned.

        Raises:
            ValueError: It is something else.
        """
        try:
            verdicts = [
                Verdict(**{**each, "chosen": tuple(each["chosen"])}) for each in data["verdicts"]
            ]
            nb = NotebookNode(nbformat.reads(data["notebook"], as_version=4))
            return cls(nb, verdicts, dict(data["told"]), dict(data["faults"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"This is no graded notebook: {error!r}.") from error


def grade(nb: NotebookNode, instructors: NotebookNode, folder: Path, settings: Settings) -> Graded:
    """Run a fitted notebook and decide its points.

    Args:
        nb: The student's answers in the instructor's frame; it is changed.
        instructors: The frame itself.
        folder: The student's other files; the kernel works on a copy.
        settings: How long it may run, and so on.
    """
    framed = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in instructors.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    unreadable = nb.metadata["course"]["unreadable"]
    outcomes: dict[str, Outcome | Broken | None] = {}
    if process.needs_kernel(nb) and not unreadable:
        outcomes = _run(nb, instructors, folder, settings)
    verdicts = {}
    for cell in nb.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in framed:
            outcome = outcomes.get(cell["id"])
            verdicts[name] = scores.score(framed[name], cell, outcome, unreadable)
    told = comments.comments(nb, verdicts, outcomes)
    outputs.defuse(nb)
    comments.write(nb, verdicts, outcomes)
    faults = {
        name: outcome.reason for name, outcome in outcomes.items() if isinstance(outcome, Broken)
    }
    return Graded(nb, list(verdicts.values()), told, faults)


def _run(
    nb: NotebookNode, instructors: NotebookNode, folder: Path, settings: Settings
) -> dict[str, Outcome | Broken | None]:
    """Run the notebook, on the short way if that earns everything."""
    threads = dict.fromkeys(THREADS, str(settings.threads)) if settings.threads else {}
    variables = {"NBGRADER_EXECUTION": "autograde", **threads}

    code = [cell.source for cell in instructors.cells if cell.cell_type == "code"]
    libraries = preload.modules(code)

    def run(only: frozenset[str] | None) -> dict[str, Outcome | Broken | None]:
        session = Session(
            folder,
            variables,
            Limits(**settings.limits),
            allow_unprotected=settings.allow_unprotected,
            visible=tuple(Path(each).resolve() for each in settings.visible),
            nursery=warm.known("kernel", libraries, variables) if settings.warm else None,
        )
        budget = Budget(settings.cell_seconds, settings.notebook_seconds, settings.start_seconds)
        return process.run(nb, session, budget, lesson, only=only, bench=judges)

    tests = [cell.source for cell in instructors.cells if frame.is_test(cell)]
    judges = bench.known(tests) if settings.warm else None
    lesson = frame.lesson(instructors)
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    running = needed.needed(nb, instructors)
    if settings.shortcut and not running.issuperset(cell["id"] for cell in cells):
        outcomes = run(running)
        if all(_passed(outcomes.get(cell["id"])) for cell in cells if frame.is_test(cell)):
            needed.leave_out(cells, running)
            return outcomes
    return run(None)


def _passed(outcome: Outcome | Broken | None) -> bool:
    return isinstance(outcome, Outcome) and outcome.status == "ran"


_READY: ContextVar[Mapping[str, Graded] | None] = ContextVar("ready", default=None)


@contextlib.contextmanager
def ready(graded: Mapping[str, Graded]) -> Iterator[None]:
    """While this lasts, nbgrader's steps take these results, by notebook, and run nothing."""
    token = _READY.set(graded)
    try:
        yield
    finally:
        _READY.reset(token)


def result(notebook: str) -> Graded | None:
    """Return the result that is ready for a notebook, if there is one."""
    return (_READY.get() or {}).get(notebook)
