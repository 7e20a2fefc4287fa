"""Write the student's feedback: a comment on each answer, a line under each test."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder import cells
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.scoring import CellScore, explain_failure, one_line
from autograder.kernels.kernel import CellOutcome
from autograder.test_runner.broker import BrokenTest

IN_YOUR_CODE: Final = "In your code:"


def escape_markdown(text: str) -> str:
    r"""Return Markdown that shows a student's text as it is.

    Example:
        >>> escape_markdown("<b> & *x*")
        '&lt;b&gt; &amp; \\*x\\*'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#~|$])", r"\\\1", text)


def student_comments(
    nb: NotebookNode, scores: dict[str, CellScore], outcomes: CellOutcomes
) -> dict[str, str]:
    """Return a comment in Markdown for each answer, by `grade_id`.

    A quiz's comment says why it did not earn all points. An exercise's comment says whether its own
    cell failed and lists the tests up to the next exercise.
    """
    lines_by_answer: dict[str, list[str]] = {}
    exercise_lines: list[str] = []
    for cell in nb.cells:
        name = cells.grade_id(cell)
        if cells.is_answer(cell):
            if cells.is_quiz(cell):
                lines = _question_lines(cell, scores[name])
            else:
                lines = cells.notes(cell)
                exercise_lines = lines
                outcome = outcomes.get(cell["id"])
                if isinstance(outcome, CellOutcome) and outcome.status != "ran":
                    lines.append(f"This cell failed. {explain_failure(outcome)}")
            lines_by_answer[name] = lines
        elif cells.is_test(cell):
            exercise_lines.append(_test_line(name, scores[name].to_json()))
    return {name: _to_markdown(lines) for name, lines in lines_by_answer.items()}


def question_comment(cell: NotebookNode, score: CellScore) -> str:
    """Return the comment on a question in Markdown: what was noted, and why it lost points."""
    return _to_markdown(_question_lines(cell, score))


def _question_lines(cell: NotebookNode, score: CellScore) -> list[str]:
    lines, reason = cells.notes(cell), score.reason
    return [*lines, reason] if reason and reason not in lines else lines


def without_tests(comment: str, records: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the lines of an exercise's comment that aren't about its tests, in Markdown.

    Args:
        comment: One of `student_comments`, or any other.
        records: The stored score of each test, by the test's name.
    """
    lines = comment.split("\n")
    if all(line.startswith("- ") for line in lines):
        lines = [line[2:] for line in lines]
    tests = {escape_markdown(_test_line(name, record)) for name, record in records.items()}
    return [line for line in lines if line.strip() and line not in tests]


def _test_line(name: str, record: Mapping[str, Any]) -> str:
    return f"{name}: {_summary(record['points'], record['maximum'], record['reason'])}"


def _to_markdown(lines: list[str]) -> str:
    if len(lines) < 2:
        return escape_markdown("".join(lines))
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)


def summarize(score: CellScore) -> str:
    """Return a line with the points earned and the reason.

    Example:
        >>> summarize(CellScore("double-test", 0.0, 2.0, "A check failed.", ()))
        '0 of 2 points. A check failed.'
    """
    return _summary(score.points, score.maximum, score.reason)


def _summary(points: float | None, maximum: float, reason: str) -> str:
    if points is None:
        return f"Not graded yet. {reason}"
    earned = f"{points:g} of {maximum:g} points"
    return f"{earned}. {reason}" if reason else f"Passed, {earned}."


def write_scores(nb: NotebookNode, scores: dict[str, CellScore], outcomes: CellOutcomes) -> None:
    """Write the scores into the graded notebook.

    They replace the output of each test, which could show hidden tests.
    """
    for cell in nb.cells:
        score = scores.get(cells.grade_id(cell))
        if score is None:
            continue
        cells.set_score_record(cell, score.to_json())
        if cells.is_test(cell):
            traceback = _traceback(outcomes.get(cell["id"]))
            text = "\n".join([summarize(score), *cells.notes(cell), *traceback]) + "\n"
            cell["outputs"] = [new_output("stream", name="stdout", text=text)]


def _traceback(outcome: CellOutcome | BrokenTest | None) -> list[str]:
    """Return where in the student's own code a test failed."""
    if not isinstance(outcome, CellOutcome) or not outcome.traceback:
        return []
    lines = filter(None, outcome.traceback.split("\n"))
    return [IN_YOUR_CODE, *(f"  {one_line(line)}" for line in lines)]


def place_of_failure(cell: NotebookNode) -> str:
    """Return where in the student's code a graded test failed, or an empty string."""
    text = "".join(output.get("text", "") for output in cell["outputs"])
    return text.partition(f"\n{IN_YOUR_CODE}\n")[2].rstrip()
