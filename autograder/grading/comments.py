"""What a student is told: a comment at each answer, a line under each test."""

from __future__ import annotations

import re

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder import cells
from autograder.grading.scoring import CellScore, explain_failure, one_line
from autograder.kernels.kernel import CellOutcome
from autograder.test_runner.broker import BrokenTest


def escape_markdown(text: str) -> str:
    r"""Text that reads the same as Markdown, whatever a student put into it.

    Example:
        >>> escape_markdown("<b> & *x*")
        '&lt;b&gt; &amp; \\*x\\*'
    """
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]#~|$])", r"\\\1", text)


def student_comments(
    nb: NotebookNode,
    verdicts: dict[str, CellScore],
    outcomes: dict[str, CellOutcome | BrokenTest | None],
) -> dict[str, str]:
    """Return the comment for each cell in which an answer stands.

    A question's comment says why it did not earn everything. An exercise's comment
    says what happened to its own cell and lists the tests up to the next exercise.
    """
    told: dict[str, list[str]] = {}
    exercise: list[str] = []
    for cell in nb.cells:
        name = cells.grade_id(cell)
        if cells.is_answer(cell):
            lines = cells.notes(cell)
            told[name] = lines
            if cells.is_quiz(cell):
                reason = verdicts[name].reason
                lines += [reason] if reason and reason not in lines else []
            else:
                exercise = lines
                outcome = outcomes.get(cell["id"])
                if isinstance(outcome, CellOutcome) and outcome.status != "ran":
                    lines.append(f"This cell failed. {explain_failure(outcome)}")
        elif cells.is_test(cell):
            exercise.append(f"{name}: {summarize(verdicts[name])}")
    return {name: _as_list(lines) for name, lines in told.items()}


def _as_list(lines: list[str]) -> str:
    if len(lines) < 2:
        return escape_markdown("".join(lines))
    return "\n".join(f"- {escape_markdown(line)}" for line in lines)


def summarize(verdict: CellScore) -> str:
    """Say in a line what a cell earned and why."""
    if verdict.points is None:
        return f"Not graded yet. {verdict.reason}"
    earned = f"{verdict.points:g} of {verdict.maximum:g} points"
    return f"Passed, {earned}." if not verdict.reason else f"{earned}. {verdict.reason}"


def write_scores(
    nb: NotebookNode,
    verdicts: dict[str, CellScore],
    outcomes: dict[str, CellOutcome | BrokenTest | None],
) -> None:
    """Put the verdicts into the graded notebook.

    A test's own output is replaced by one line: what it printed could show hidden tests.
    """
    for cell in nb.cells:
        verdict = verdicts.get(cells.grade_id(cell))
        if verdict is None:
            continue
        cells.set_score_record(cell, verdict.to_json())
        if cells.is_test(cell):
            trace = _trace(outcomes.get(cell["id"]))
            text = "\n".join([summarize(verdict), *cells.notes(cell), *trace]) + "\n"
            cell["outputs"] = [new_output("stream", name="stdout", text=text)]


def _trace(outcome: CellOutcome | BrokenTest | None) -> list[str]:
    """Where in the student's own code a test failed."""
    if not isinstance(outcome, CellOutcome) or not outcome.trace:
        return []
    return ["In your code:", *(f"  {one_line(line)}" for line in outcome.trace.split("\n") if line)]
