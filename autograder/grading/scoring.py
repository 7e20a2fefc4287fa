"""Turn the outcome of a graded cell into points.

A test passes or raises: what it prints, what its last expression returns and what it writes to
stderr change nothing. A quiz answer is compared with its key. What can't be decided here is left
to a person, with the reason, and is never 0.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict
from typing import Annotated, Any, Final

from nbformat import NotebookNode
from pydantic import ConfigDict, Field, NonNegativeFloat, NonNegativeInt, Strict, model_validator
from pydantic.dataclasses import dataclass

from autograder import cells
from autograder.grading import pools
from autograder.grading.merge import (
    ANSWERS_BELOW,
    MISSING_CELL,
    TEXT_BELOW,
    UNDECIDED,
    is_unchanged,
)
from autograder.kernels.kernel import CellOutcome
from autograder.test_runner.broker import BrokenTest
from course import quiz
from course.quiz import kinds

BROKEN_TEST: Final = "The test itself could not be run. A person will look at it."
BY_A_PERSON: Final = "This answer is graded by a person."
BUSY_MACHINE: Final = (
    "The grading machine failed or was too busy to run this test. A person will look at it."
)
LEFT_OUT: Final = "A cell was left out, so a person will look at this."
NOT_ANSWERED: Final = "Not answered."
NOT_EXECUTED: Final = "It was not run: grading was started with --no-execute."
NOT_IMPLEMENTED: Final = "This code is still to be written."
OTHER_LANGUAGE: Final = (
    "It was not run: the grader can't run this notebook's language here. A person will look at it."
)
# Points of a question that has none of its options ticked, by what merging noted about it.
_NOTED_SCORES: Final = {
    MISSING_CELL: 0.0,
    UNDECIDED: None,
    pools.UNCLEAR: None,
    **dict.fromkeys(ANSWERS_BELOW),
}
WRONG_ANSWER: Final = "That is not the right answer."
MAX_REASON_CHARS: Final = 400  # of the student's own words in a reason


@dataclass(frozen=True, config=ConfigDict(strict=True, extra="forbid", allow_inf_nan=False))
class CellScore:
    """The score of a graded cell, and the reason for it."""

    name: str  # the cell's `grade_id`
    points: NonNegativeFloat | None  # None if a person must decide
    maximum: NonNegativeFloat  # from the instructor's notebook
    reason: str  # why it isn't the maximum, for the student; empty if it is
    # For a quiz, the indices of the options of the key that are ticked, or of its fields that are
    # right.
    chosen: Annotated[tuple[Annotated[NonNegativeInt, Strict()], ...], Field(strict=False)]
    # What was typed into each field of the key.
    answers: Annotated[tuple[Annotated[str, Strict()], ...], Field(strict=False)] = ()
    variant: NonNegativeInt | None = None  # of a pool: the student's

    @model_validator(mode="after")
    def _check_points(self) -> CellScore:
        if self.points is not None and self.points > self.maximum:
            raise ValueError(f"{self.name}: {self.points:g} points of {self.maximum:g}")
        return self

    def to_json(self) -> dict[str, Any]:
        """Return all but the name, for the graded notebook's metadata."""
        optional = {"answers": not self.answers, "variant": self.variant is None}
        omitted = {"name"} | {name for name, is_empty in optional.items() if is_empty}
        return {key: value for key, value in asdict(self).items() if key not in omitted}


def one_line(text: str) -> str:
    r"""Return a student's text on one line, shortened, without control characters.

    Example:
        >>> one_line("two\nlines \x1b[31mred")
        'two lines [31mred'
    """
    visible = "".join(
        char if char.isprintable() else " "
        for char in text[: 4 * MAX_REASON_CHARS].replace("\x1b", "")
        if unicodedata.category(char) != "Cf"
    )
    line = " ".join(visible.split())
    return line if len(line) <= MAX_REASON_CHARS else line[: MAX_REASON_CHARS - 1] + "…"


def explain_failure(outcome: CellOutcome) -> str:
    """Return a sentence about how a cell failed."""
    if outcome.status == "timed out":
        return f"It ran for more than {outcome.message} and was stopped."
    if outcome.status == "died":
        cause = one_line(outcome.message) or "It ended the Python process."
        return f"{cause} (The kernel died.)"
    error, message = one_line(outcome.error), one_line(outcome.message)
    if error == "NotImplementedError" and not message:
        return NOT_IMPLEMENTED
    if error == "AssertionError":
        return message or "A check failed."
    return f"{error}: {message}" if message else error


def score(
    source_cell: NotebookNode,
    cell: NotebookNode,
    outcome: CellOutcome | BrokenTest | None,
    unreadable: str = "",
    left_out: str = "",
) -> CellScore:
    """Score a graded cell.

    Args:
        source_cell: The cell in the instructor's notebook, with key and points.
        cell: The same cell with the student's answer.
        outcome: How it ended, if it was run.
        unreadable: Why the submission can't be read, or an empty string.
        left_out: Why some of the student's code was not run, or an empty string. A test that
            failed might have passed with it.
    """
    maximum = float(cells.max_points(source_cell))
    variant = None
    if cells.is_pool(source_cell):
        variant = cells.variant(cell) or 0
    answers: tuple[str, ...] = ()
    if unreadable:
        points, reason, chosen = _left_to_a_person(unreadable)
    elif cells.is_quiz(source_cell) and cells.left_out(cell):
        points, reason, chosen = _left_to_a_person(cells.left_out(cell))
    elif cells.is_quiz(source_cell):
        (points, reason, chosen), answers = _score_quiz(source_cell, cell, maximum)
    elif cells.is_test(source_cell):
        points, reason, chosen = _score_test(outcome, maximum)
        if points == 0 and left_out:
            points, reason, chosen = _left_to_a_person(f"{reason} {LEFT_OUT} {left_out}")
    elif cells.is_manual(source_cell) and _is_unanswered(source_cell, cell):
        points, reason, chosen = 0.0, NOT_ANSWERED, ()
    else:
        points, reason, chosen = _left_to_a_person(cells.left_out(cell) or BY_A_PERSON)
    name = cells.grade_id(source_cell)
    return CellScore(name, points, maximum, reason, chosen, answers, variant)


def _is_unanswered(source_cell: NotebookNode, cell: NotebookNode) -> bool:
    doubts = {TEXT_BELOW, MISSING_CELL}  # the answer may be in another cell
    return is_unchanged(source_cell, cell) and doubts.isdisjoint(cells.notes(cell))


_Score = tuple[float | None, str, tuple[int, ...]]  # points, reason, chosen


def _left_to_a_person(reason: str, chosen: tuple[int, ...] = ()) -> _Score:
    return None, reason, chosen


def _score_test(outcome: CellOutcome | BrokenTest | None, maximum: float) -> _Score:
    if outcome is None:
        return _left_to_a_person("It was not run: other cells used up the notebook's time.")
    if isinstance(outcome, BrokenTest):
        return _left_to_a_person(BUSY_MACHINE if outcome.retry else BROKEN_TEST)
    if outcome.status == "ran":
        return maximum, "", ()
    return 0.0, explain_failure(outcome), ()


def _score_quiz(
    source_cell: NotebookNode, cell: NotebookNode, maximum: float
) -> tuple[_Score, tuple[str, ...]]:
    """Return the score of a question, and what was typed into its fields."""
    if noted := [note for note in cells.notes(cell) if note in _NOTED_SCORES]:
        return (_NOTED_SCORES[noted[0]], noted[0], ()), ()
    copies = cells.copies(cell)
    if cells.is_pool(source_cell):
        own = cells.variant(cell) or 0
        copies, doubt = pools.own_copies(source_cell, copies, own)
        if doubt:
            return _left_to_a_person(doubt), ()
        source_cell = pools.own_variant(source_cell, own)
    kind = kinds.of(source_cell)
    is_part = len(copies) > 1
    comparisons = {kind.compare(copy, source_cell.source, is_part=is_part) for copy in copies}
    answers = {comparison for comparison in comparisons if not comparison.blank}
    if not answers:
        is_deleted = bool(copies) and not kind.has_place(copies[0])
        return (0.0, kind.deleted if is_deleted else kind.unanswered, ()), ()
    if len(answers) > 1:
        reason = "This question was submitted more than once, with different answers."
        return _left_to_a_person(reason), ()
    (answer,) = answers
    if isinstance(answer, quiz.FieldComparison):
        typed = tuple(map(one_line, answer.answers))
        return _score_fields(source_cell, answer, maximum), typed
    return _score_options(source_cell, answer, copies, maximum), ()


def _score_fields(
    source_cell: NotebookNode, answer: quiz.FieldComparison, maximum: float
) -> _Score:
    correct = tuple(sorted(answer.correct))
    if answer.doubts:
        return _left_to_a_person(one_line(" ".join(answer.doubts)), correct)
    points = quiz.credit(answer, maximum, cells.credit_rule(source_cell))
    if points == maximum:
        return points, "", correct
    count = len(answer.answers)
    wrong = f"{len(correct)} of {count} are right." if count > 1 else WRONG_ANSWER
    return points, " ".join([wrong, *answer.notes]), correct


def _score_options(
    source_cell: NotebookNode, answer: quiz.Comparison, copies: list[str], maximum: float
) -> _Score:
    chosen = tuple(sorted(answer.chosen))
    if answer.doubts:
        return _left_to_a_person(one_line(" ".join(answer.doubts)), chosen)
    if len(chosen) > 1 and not cells.allows_multiple(source_cell):
        return _score_too_many(chosen, [quiz.parse(copy) for copy in copies])
    points = quiz.credit(answer, maximum, cells.credit_rule(source_cell))
    return points, "" if points == maximum else _explain_missed(answer), chosen


def _score_too_many(chosen: tuple[int, ...], copies: list[quiz.Question]) -> _Score:
    reason = f"{len(chosen)} options are ticked, but only one can be right."
    if any(option.crossed for copy in copies for option in copy.options):
        return _left_to_a_person(f"{reason} Crosses may also mean no.", chosen)
    return 0.0, reason, chosen


def _explain_missed(answer: quiz.Comparison) -> str:
    """Return what was wrong, without giving the key away."""
    if not answer.chosen - answer.wanted:
        return "Correct so far, but incomplete."
    if answer.chosen & answer.wanted:
        return "Some of the ticked options are right, some are not."
    return WRONG_ANSWER
