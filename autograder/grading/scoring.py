"""The one place that decides points.

A test cell passes or raises: what it prints, what its last expression shows and what
appears on stderr decide nothing. A question is compared with its key. What can't be
decided is left to a person, with the reason; it is never 0.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from nbformat import NotebookNode

from autograder import cells
from autograder.grading.merge import DELETED
from autograder.kernels.kernel import CellOutcome
from autograder.test_runner.broker import BrokenTest
from course import quiz

BROKEN_TEST: Final = "The test itself could not be run; a person will look at it."
NOT_IMPLEMENTED: Final = "The code is still to be written."
MAX_REASON_CHARS: Final = 400  # letters of a student's own words that a reason repeats


@dataclass(frozen=True)
class CellScore:
    """What a cell earned and why.

    Attributes:
        name: The cell's name in the gradebook.
        points: What it earned; None if a person must decide.
        maximum: What it could earn, from the instructor's notebook.
        reason: Why it is not the maximum, in words for the student; empty if it is.
        chosen: For a question, the indices of the key's options that are ticked.
    """

    name: str
    points: float | None
    maximum: float
    reason: str = ""
    chosen: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data, for the graded notebook's metadata."""
        return {
            "points": self.points,
            "maximum": self.maximum,
            "reason": self.reason,
            "chosen": list(self.chosen),
        }


def one_line(text: str) -> str:
    r"""A student's words on one line, without control characters and not too many.

    Example:
        >>> one_line("two\nlines \x1b[31mred")
        'two lines [31mred'
    """
    visible = "".join(
        letter if letter.isprintable() else " "
        for letter in re.sub(r"\x1b", "", text[: 4 * MAX_REASON_CHARS])
        if unicodedata.category(letter) != "Cf"
    )
    line = " ".join(visible.split())
    return line if len(line) <= MAX_REASON_CHARS else line[: MAX_REASON_CHARS - 1] + "…"


def explain_failure(outcome: CellOutcome) -> str:
    """Say in a sentence how a cell failed."""
    if outcome.status == "timed out":
        return f"It ran longer than {outcome.message} and was stopped."
    if outcome.status == "died":
        cause = one_line(outcome.message) or "It ended the Python process."
        return f"{cause} (The kernel died.)"
    error, message = one_line(outcome.error), one_line(outcome.message)
    if error == "NotImplementedError" and not message:
        return NOT_IMPLEMENTED
    if error == "AssertionError":
        return message or "A check did not hold."
    return f"{error}: {message}" if message else error


def score(
    framed: NotebookNode,
    fitted: NotebookNode,
    outcome: CellOutcome | BrokenTest | None,
    unreadable: str = "",
) -> CellScore:
    """Decide what a graded cell earned.

    Args:
        framed: The cell in the instructor's notebook: the key, the points.
        fitted: The same cell with the student's answer.
        outcome: How the cell ended, if it was run.
        unreadable: Why the submission can't be read, or an empty string.
    """
    name = cells.grade_id(framed)
    maximum = float(cells.max_points(framed))
    if unreadable:
        return CellScore(name, None, maximum, unreadable)
    if cells.is_quiz(framed):
        return _score_quiz(framed, fitted, name, maximum)
    if cells.is_test(framed):
        return _score_test(outcome, name, maximum)
    return CellScore(name, None, maximum, "This answer is graded by a person.")


def _score_test(outcome: CellOutcome | BrokenTest | None, name: str, maximum: float) -> CellScore:
    if outcome is None:
        reason = "It was not run: the time for the whole notebook was used up by other cells."
        return CellScore(name, None, maximum, reason)
    if isinstance(outcome, BrokenTest):
        return CellScore(name, None, maximum, BROKEN_TEST)
    if outcome.status == "ran":
        return CellScore(name, maximum, maximum)
    return CellScore(name, 0.0, maximum, explain_failure(outcome))


def _score_quiz(framed: NotebookNode, fitted: NotebookNode, name: str, maximum: float) -> CellScore:
    key = quiz.parse(framed.source)
    if DELETED in cells.notes(fitted):
        return CellScore(name, 0.0, maximum, DELETED)
    copies = cells.copies(fitted)
    answers = {
        answer: source
        for source in copies
        if not (answer := quiz.compare(quiz.parse(source), key)).blank
    }
    if not answers:
        boxes = quiz.parse(copies[0]).options
        reason = "No option is ticked." if boxes else "The options were deleted."
        return CellScore(name, 0.0, maximum, reason)
    if len(answers) > 1:
        reason = "The question stands there more than once, with different answers."
        return CellScore(name, None, maximum, reason)
    (answer,) = answers
    chosen = tuple(sorted(answer.chosen))
    if answer.doubts:
        return CellScore(name, None, maximum, one_line(" ".join(answer.doubts)), chosen)
    if len(chosen) > 1 and not cells.allows_multiple(framed):
        reason = f"{len(chosen)} options are ticked, but only one can be right."
        return CellScore(name, 0.0, maximum, reason, chosen)
    points = quiz.credit(answer, maximum, cells.credit_rule(framed))
    return CellScore(name, points, maximum, "" if points == maximum else _missed(answer), chosen)


def _missed(answer: quiz.Comparison) -> str:
    """Say what was wrong without giving the key away."""
    wrong = len(answer.chosen - answer.wanted)
    if wrong == 0:
        return "What is ticked is right, but something is missing."
    if answer.chosen & answer.wanted:
        return "Some of what is ticked is right, some is not."
    return "That is not the right answer."
