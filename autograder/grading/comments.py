"""Write the student's feedback: a comment on each answer, a line under each test."""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder import cells
from autograder.grading.run_cells import CellOutcomes
from autograder.grading.scoring import CellScore, explain_failure, one_line
from autograder.kernels.kernel import CellOutcome
from autograder.test_runner.broker import BrokenTest


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
            lines = cells.notes(cell)
            lines_by_answer[name] = lines
            if cells.is_quiz(cell):
                reason = scores[name].reason
                lines += [reason] if reason and reason not in lines else []
            else:
                exercise_lines = lines
                outcome = outcomes.get(cell["id"])
                if isinstance(outcome, CellOutcome) and outcome.status != "ran":
                    lines.append(f"This cell failed. {explain_failure(outcome)}")
        elif cells.is_test(cell):
            exercise_lines.append(f"{name}: {summarize(scores[name])}")
    return {name: _to_markdown(lines) for name, lines in lines_by_answer.items()}


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
    if score.points is None:
        return f"Not graded yet. {score.reason}"
    points = f"{score.points:g} of {score.maximum:g} points"
    return f"{points}. {score.reason}" if score.reason else f"Passed, {points}."


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
    return ["In your code:", *(f"  {one_line(line)}" for line in lines)]
