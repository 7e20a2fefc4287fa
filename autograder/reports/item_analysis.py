"""Item analysis: how hard each question is, how well it discriminates, which options are chosen.

The answers come from the graded notebooks in ``autograded/``, whichever command made them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat
import numpy as np
from numpy.typing import ArrayLike

from autograder import cells
from autograder.nbgrader_plugins.course_paths import CoursePaths
from course import quiz

MAX_OPTION_CHARS: Final = 60
LOW_DISCRIMINATION: Final = 0.2  # Ebel 1965: such a question should be improved or dropped


@dataclass(frozen=True)
class Item:
    """A graded cell with everybody's points.

    Attributes:
        name: The cell's name.
        maximum: The most points it can earn.
        earned: Points by student; None where a person hasn't graded it yet.
        options: For a question, each option's text and whether it is correct.
        chosen: For a question, the indices of the options ticked, by student.
    """

    name: str
    maximum: float
    earned: dict[str, float | None]
    options: tuple[tuple[str, bool], ...] = ()
    chosen: dict[str, tuple[int, ...]] | None = None


def correlation(x: ArrayLike, y: ArrayLike) -> float | None:
    """Return Pearson's correlation; with a dichotomous item it is the point-biserial one.

    Example:
        >>> round(correlation([0, 0, 1, 1], [1, 2, 3, 4]), 6)
        0.894427

    Args:
        x: Numbers, shape (n,).
        y: Numbers, shape (n,).

    Returns:
        From -1 to 1; None if either doesn't vary.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.size == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def discrimination(item: ArrayLike, total: ArrayLike) -> float | None:
    """Return a question's discrimination: its correlation with the rest of the test.

    Its own points are excluded from the total, or it would correlate with itself (Henrysson 1963,
    "Correction of item-total correlations in item analysis", Psychometrika 28).

    Args:
        item: Each student's points in the question, shape (n,).
        total: Each student's points in the test, shape (n,).
    """
    return correlation(item, np.asarray(total, float) - np.asarray(item, float))


def cronbach_alpha(items: Sequence[ArrayLike]) -> float | None:
    """Return Cronbach's alpha, a lower bound on the reliability of a test.

    ``k / (k - 1) * (1 - sum of the items' variances / variance of the total)`` (Cronbach 1951,
    "Coefficient alpha and the internal structure of tests", Psychometrika 16).

    Example:
        >>> cronbach_alpha([[0, 1, 1], [0, 1, 1]])
        1.0

    Args:
        items: Each student's points in each question, shape (k, n).

    Returns:
        At most 1; None for fewer than two questions, or if all students earned the same total.
    """
    scores = np.array(items, float)
    if len(scores) < 2 or scores.shape[1] == 0:
        return None
    total = scores.sum(axis=0)
    if np.ptp(total) == 0:
        return None
    k = len(scores)
    return float(k / (k - 1) * (1 - scores.var(axis=1).sum() / total.var()))


def read_items(paths: CoursePaths) -> list[Item]:
    """Return the graded cells of an assignment, in order, with everybody's answers.

    Args:
        paths: The folders of the assignment.
    """
    items = []
    students = paths.graded_students()
    for path in sorted(paths.source.glob("*.ipynb")):
        scores = {
            student: _scores(notebook)
            for student in students
            if (notebook := paths.autograded(student) / path.name).is_file()
        }
        for name, cell in cells.graded_cells(nbformat.read(path, as_version=4)).items():
            answers = {
                student: graded[name] for student, graded in scores.items() if name in graded
            }
            earned = {student: score["points"] for student, score in answers.items()}
            options: tuple[tuple[str, bool], ...] = ()
            chosen = None
            if cells.is_quiz(cell):
                question = quiz.parse(cell.source)
                options = tuple((option.text, option.ticked) for option in question.options)
                chosen = {student: tuple(score["chosen"]) for student, score in answers.items()}
            items.append(Item(name, float(cells.max_points(cell)), earned, options, chosen))
    return items


def _scores(path: Path) -> dict[str, dict[str, Any]]:
    scores = {}
    for cell in json.loads(path.read_bytes())["cells"]:
        name, score = cells.grade_id(cell), cells.score_record(cell)
        if name and score:
            scores[name] = score
    return scores


def format_table(items: list[Item]) -> str:
    """Return the analysis as a Markdown table, with Cronbach's alpha below it.

    Args:
        items: The graded cells of an assignment.
    """
    graded = [
        {student for student, points in item.earned.items() if points is not None} for item in items
    ]
    students = sorted(set.intersection(*graded)) if graded else []
    scores = {item.name: [item.earned[student] or 0.0 for student in students] for item in items}
    total = np.sum([*scores.values()], axis=0) if scores else []
    lines = ["| question | answers | mean score | full score | discrimination |"]
    lines += ["|---|---:|---:|---:|---:|"]
    for item in items:
        lines += _rows(item, discrimination(scores[item.name], total))
    lines += ["", f"{len(students)} students with all cells graded."]
    questions = [scores[item.name] for item in items if item.options]
    for label, selection in (
        ("the questions", questions),
        ("all graded cells", [*scores.values()]),
    ):
        alpha = cronbach_alpha(selection)
        value = "-" if alpha is None else f"{alpha:.2f}"
        lines.append(f"Cronbach's alpha of {label}: {value}.")
    return "\n".join(lines)


def _rows(item: Item, discrimination: float | None) -> Iterator[str]:
    points = np.array([points for points in item.earned.values() if points is not None])
    mean_score = f"{points.mean() / item.maximum:.0%}" if points.size and item.maximum else "-"
    full_score = f"{np.mean(points == item.maximum):.0%}" if points.size else "-"
    label = "-" if discrimination is None else f"{discrimination:.2f}"
    if discrimination is not None and discrimination < LOW_DISCRIMINATION:
        label += " (low)"
    yield f"| **{item.name}** | {points.size} | {mean_score} | {full_score} | {label} |"
    answers = list((item.chosen or {}).values())
    for index, (text, correct) in enumerate(item.options):
        line = " ".join(text.split()).replace("|", "\\|")
        if len(line) > MAX_OPTION_CHARS:
            line = f"{line[: MAX_OPTION_CHARS - 1]}…"
        share = f"{np.mean([index in ticked for ticked in answers]):.0%}" if answers else "-"
        yield f"| {'[x]' if correct else '[ ]'} {line} | {share} | | | |"
