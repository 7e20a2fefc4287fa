"""Grade one notebook: run the merged notebook, score its cells, write the student's feedback.

Independent of nbgrader and its gradebook, so it runs on any worker and returns plain data. A batch
run grades many notebooks at once and hands the results to nbgrader's steps by `use_results`.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path, PurePath
from typing import Annotated, Final

import nbformat
from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, Field

from autograder import cells
from autograder.grading import comments, execute, run_cells, scoring
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.sanitize import outputs
from autograder.grading.scoring import CellScore
from autograder.grading.settings import GradingSettings
from autograder.grading.shared_tests import is_other_language, other_kernel
from autograder.sandbox import temp_dirs
from autograder.sandbox.protection import Weakness
from autograder.sandbox.worker_process import begin_step
from autograder.test_runner.broker import BrokenTest

SCORING_SECONDS: Final = 60.0  # of processor time; a lesson takes hundredths of a second


class QuizAnswer(BaseModel):
    """A question as it was submitted: enough to score it again when its key is corrected.

    Attributes:
        copies: The text of each copy of the cell.
        notes: What merging noticed about it.
        left_out: Why its text was too long to be read, or an empty string.
        variant: Of a pool, the student's.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    copies: list[str] = Field(min_length=1)
    notes: list[str] = []
    left_out: str = ""
    variant: int | None = None


class GradedNotebook(BaseModel):
    """A graded notebook; it can be written as JSON, under the fields' older names.

    Attributes:
        notebook: The notebook with its outputs and scores, as JSON.
        scores: The score of each graded cell.
        comments: The comment on each answer, by the `grade_id` of the answer's cell.
        faults: What went wrong through no fault of the student's, by cell, for the instructor.
        answers: The questions as they were submitted, by `grade_id`; none if nothing was read.
        unreadable: Why the submission couldn't be read, or an empty string.
        peak: Peak memory of a kernel in bytes; 0 without one, or where it isn't counted.
        disturbed: Whether other programs may have cost points, so that another try is worth it.
        weaknesses: What was not enforced for the student's code.
    """

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True
    )

    notebook: str
    scores: list[CellScore] = Field(validation_alias="verdicts", serialization_alias="verdicts")
    comments: dict[str, str] = Field(validation_alias="told", serialization_alias="told")
    faults: dict[str, str]
    answers: dict[str, QuizAnswer] = {}
    unreadable: str = ""
    peak: int = Field(default=0, exclude=True)
    disturbed: bool = Field(default=False, exclude=True)
    weaknesses: Annotated[tuple[Weakness, ...], Field(strict=False)] = ()

    @functools.cached_property
    def nb(self) -> NotebookNode:
        """The notebook; a ValueError if the JSON isn't a valid one."""
        invalid: dict[str, Exception] = {}  # nbformat would only log it
        try:
            nb = nbformat.reads(self.notebook, 4, capture_validation_error=invalid)
            for error in invalid.values():
                raise error
        except (KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
            raise ValueError(f"Not a valid notebook: {error!r}.") from error
        return NotebookNode(nb)


def grade(
    nb: NotebookNode, source_nb: NotebookNode, folder: Path, settings: GradingSettings
) -> GradedNotebook:
    """Run a merged notebook and score its cells, in place.

    Args:
        nb: From `merge.merge_submission`.
        source_nb: The instructor's notebook.
        folder: The student's other files; the kernel works on a copy.
        settings: Time limits and other settings.
    """
    source_cells = cells.graded_cells(source_nb)
    no_score = cells.unreadable(nb) or cells.undecided(nb)
    has_kernel = not is_other_language(source_nb) or bool(other_kernel(source_nb))
    can_run = settings.execute and has_kernel
    execution = execute.Execution(CellOutcomes())
    if run_cells.needs_kernel(nb) and can_run and not no_score:
        with _files_beside(cells.submitted_file(nb), folder) as files:
            execution = execute.run(nb, source_nb, files, settings)
    outcomes = execution.outcomes
    begin_step("scoring the answers", SCORING_SECONDS)
    left_out = next(filter(None, map(cells.left_out, cells.code_cells(nb))), "")
    scores = {}
    for cell in nb.cells:
        if source_cell := source_cells.get(name := cells.grade_id(cell)):
            outcome = outcomes.get(cell["id"])
            is_not_run = cells.is_test(source_cell) and not can_run
            why_not = scoring.NOT_EXECUTED if not settings.execute else scoring.OTHER_LANGUAGE
            reason = no_score or (why_not if is_not_run else "")
            scores[name] = scoring.score(source_cell, cell, outcome, reason, left_out)
    answers = {
        cells.grade_id(cell): QuizAnswer(
            copies=cells.copies(cell),
            notes=cells.notes(cell),
            left_out=cells.left_out(cell),
            variant=cells.variant(cell),
        )
        for cell in nb.cells
        if cells.is_quiz(cell) and not no_score
    }
    student_comments = comments.student_comments(nb, scores, outcomes)
    outputs.sanitize_notebook(nb)
    comments.write_scores(nb, scores, outcomes)
    broken = [(name, end) for name, end in outcomes.items() if isinstance(end, BrokenTest)]
    return GradedNotebook(
        notebook=nbformat.writes(nb, indent=None),  # with an indent, `json` is slow
        scores=list(scores.values()),
        comments=student_comments,
        faults={name: outcome.reason for name, outcome in broken},
        answers=answers,
        unreadable=cells.unreadable(nb),
        peak=execution.peak,
        disturbed=execution.disturbed,
        weaknesses=execution.weaknesses,
    )


@contextlib.contextmanager
def _files_beside(notebook: str, folder: Path) -> Iterator[Path]:
    """Yield the folder; for a notebook in a subfolder a copy in which its neighbors are on top."""
    inner = folder / PurePath(notebook).parent
    if inner == folder or not inner.is_dir():
        yield folder
        return
    with temp_dirs.temp_dir("grading") as copy:
        for origin in (inner, folder):  # the instructor's files, in `folder`, win
            with contextlib.suppress(OSError):  # raised after everything else was copied
                shutil.copytree(origin, copy, symlinks=True, dirs_exist_ok=True)
        yield copy


_RESULTS: ContextVar[Mapping[str, GradedNotebook] | None] = ContextVar("results", default=None)


@contextlib.contextmanager
def use_results(graded: Mapping[str, GradedNotebook]) -> Iterator[None]:
    """Make nbgrader's steps take these results, by notebook, instead of grading themselves."""
    token = _RESULTS.set(graded)
    try:
        yield
    finally:
        _RESULTS.reset(token)


def available_result(notebook: str) -> GradedNotebook | None:
    """Return the result from `use_results` for a notebook, if there is one."""
    return (_RESULTS.get() or {}).get(notebook)
