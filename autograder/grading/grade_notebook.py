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
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import cells
from autograder.grading import comments, execute, run_cells, scoring
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.sanitize import outputs
from autograder.grading.scoring import CellScore
from autograder.grading.settings import GradingSettings
from autograder.test_runner.broker import BrokenTest


@dataclass
class GradedNotebook:
    """A graded notebook.

    Attributes:
        nb: The notebook with its outputs and verdicts.
        verdicts: One for each graded cell.
        told: What to tell the student, by the name of the cell in which the answer stands.
        faults: What went wrong through no fault of the student's, by cell, for the instructor.
        peak: Bytes of memory that a kernel held at most; 0 if there was none, or nobody counted.
    """

    nb: NotebookNode
    verdicts: list[CellScore]
    told: dict[str, str]
    faults: dict[str, str] = field(default_factory=dict)
    peak: int = field(default=0, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "notebook": nbformat.writes(self.nb, indent=None),  # with one, Python writes it slowly
            "verdicts": [{"name": each.name, **each.to_json()} for each in self.verdicts],
            "told": self.told,
            "faults": self.faults,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GradedNotebook:
        """Read what `to_json` returned.

        Raises:
            ValueError: It is something else.
        """
        try:
            verdicts = [
                CellScore(**{**each, "chosen": tuple(each["chosen"])}) for each in data["verdicts"]
            ]
            invalid: dict[str, Exception] = {}  # nbformat only logs it
            read = nbformat.reads(data["notebook"], 4, capture_validation_error=invalid)
            for error in invalid.values():
                raise error
            return cls(NotebookNode(read), verdicts, dict(data["told"]), dict(data["faults"]))
        except (KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
            raise ValueError(f"This is no graded notebook: {error!r}.") from error


def grade(
    nb: NotebookNode, instructors: NotebookNode, folder: Path, settings: GradingSettings
) -> GradedNotebook:
    """Run a fitted notebook and decide its points.

    Args:
        nb: The student's answers in the instructor's frame; it is changed.
        instructors: The frame itself.
        folder: The student's other files; the kernel works on a copy.
        settings: How long it may run, and so on.
    """
    framed = cells.graded_cells(instructors)
    unreadable = cells.unreadable(nb)
    outcomes, peak = CellOutcomes(), 0
    if run_cells.needs_kernel(nb) and not unreadable:
        outcomes, peak = execute.run(nb, instructors, folder, settings)
    verdicts = {}
    for cell in nb.cells:
        name = cells.grade_id(cell)
        if name in framed:
            outcome = outcomes.get(cell["id"])
            verdicts[name] = scoring.score(framed[name], cell, outcome, unreadable)
    told = comments.student_comments(nb, verdicts, outcomes)
    outputs.sanitize_notebook(nb)
    comments.write_scores(nb, verdicts, outcomes)
    faults = {
        name: outcome.reason
        for name, outcome in outcomes.items()
        if isinstance(outcome, BrokenTest)
    }
    return GradedNotebook(nb, list(verdicts.values()), told, faults, peak)


_READY: ContextVar[Mapping[str, GradedNotebook] | None] = ContextVar("ready", default=None)


@contextlib.contextmanager
def use_results(graded: Mapping[str, GradedNotebook]) -> Iterator[None]:
    """While this lasts, nbgrader's steps take these results, by notebook, and run nothing."""
    token = _READY.set(graded)
    try:
        yield
    finally:
        _READY.reset(token)


def available_result(notebook: str) -> GradedNotebook | None:
    """Return the result that is ready for a notebook, if there is one."""
    return (_READY.get() or {}).get(notebook)
