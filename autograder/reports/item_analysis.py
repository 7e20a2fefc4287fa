"""Item analysis: how hard each question is, how well it discriminates, which options are chosen.

The answers come from the graded notebooks in ``autograded/``, whichever command made them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import nbformat
import numpy as np
from nbformat import NotebookNode
from numpy.typing import ArrayLike

from autograder import cells
from autograder.grading import pools
from autograder.nbgrader_plugins.course_paths import CoursePaths
from course import quiz
from course.quiz import fields, kinds, pool

MAX_OPTION_CHARS: Final = 60
MAX_WRONG_ANSWERS: Final = 3  # of a field, the most frequent first
LOW_DISCRIMINATION: Final = 0.2  # Ebel 1965: such a question should be improved or dropped


@dataclass(frozen=True)
class Item:
    """A graded cell with everybody's points.

    Attributes:
        earned: Points by student; None where a person hasn't graded it yet.
        options: For a question, each option's text and whether it is correct.
        chosen: For a question, the indices of the options ticked, or of the fields that are
            right, by student.
        reasons: Why points were missed, by student; a student's code may have written it.
        typed: What is in the fields of a question that has any, by student.
        variants: Of a pool, each variant with the answers of those who have it.
    """

    name: str
    maximum: float
    earned: dict[str, float | None]
    options: tuple[tuple[str, bool], ...] = ()
    chosen: dict[str, tuple[int, ...]] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    typed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    variants: tuple[Item, ...] = ()

    @property
    def is_question(self) -> bool:
        """True if it is answered by choosing or typing, not by code."""
        return bool(self.options or self.variants)


def correlation(x: ArrayLike, y: ArrayLike) -> float | None:
    """Return Pearson's correlation, -1 to 1; None if either list doesn't vary.

    With a dichotomous item it is the point-biserial one.

    Example:
        >>> round(correlation([0, 0, 1, 1], [1, 2, 3, 4]), 6)
        0.894427
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.size == 0 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def discrimination(item: ArrayLike, total: ArrayLike) -> float | None:
    """Return a question's discrimination: how its points, by student, correlate with the rest.

    Its own points are excluded from the total, or it would correlate with itself (Henrysson 1963,
    "Correction of item-total correlations in item analysis", Psychometrika 28).
    """
    return correlation(item, np.asarray(total, float) - np.asarray(item, float))


def cronbach_alpha(items: Sequence[ArrayLike]) -> float | None:
    """Return Cronbach's alpha, a lower bound on the reliability of a test.

    ``k / (k - 1) * (1 - sum of the items' variances / variance of the total)`` (Cronbach 1951,
    "Coefficient alpha and the internal structure of tests", Psychometrika 16). The points have
    shape (k, n), by question and student. None for fewer than two questions, or if all students
    earned the same total.

    Example:
        >>> cronbach_alpha([[0, 1, 1], [0, 1, 1]])
        1.0
    """
    scores = np.array(items, float)
    k = len(scores)
    total = scores.sum(axis=0)
    if k < 2 or total.size == 0 or np.ptp(total) == 0:
        return None
    return float(k / (k - 1) * (1 - scores.var(axis=1).sum() / total.var()))


def read_items(paths: CoursePaths) -> list[Item]:
    """Return the graded cells of an assignment, in order, with everybody's answers."""
    items = []
    students = paths.graded_students()
    for path in sorted(paths.source.glob("*.ipynb")):
        scores = {
            student: _scores(notebook)
            for student in students
            if (notebook := paths.autograded(student) / path.name).is_file()
        }
        for name, cell in cells.graded_cells(nbformat.read(path, as_version=4)).items():
            answers = {student: own[name] for student, own in scores.items() if name in own}
            items.append(_read_item(name, cell, answers))
    return items


def _read_item(name: str, cell: NotebookNode, answers: dict[str, dict[str, Any]]) -> Item:
    """Return one graded cell; of a pool, also each of its variants."""
    variants: list[Item] = []
    if cells.is_pool(cell):
        for index in range(len(pool.split(cell.source))):
            own = {who: score for who, score in answers.items() if score.get("variant") == index}
            variant = pools.own_variant(cell, index)
            variants.append(_read_item(f"{name}, variant {index + 1}", variant, own))
    typed = {who: tuple(one["answers"]) for who, one in answers.items() if one.get("answers")}
    return Item(
        name,
        float(cells.max_points(cell)),
        earned={student: score["points"] for student, score in answers.items()},
        options=tuple(_options(cell)) if cells.is_quiz(cell) and not variants else (),
        chosen={student: tuple(score["chosen"]) for student, score in answers.items()},
        reasons={student: str(score["reason"]) for student, score in answers.items()},
        typed=typed,
        variants=tuple(variants),
    )


def _options(cell: NotebookNode) -> Iterator[tuple[str, bool]]:
    """Yield the options of a question, or its fields with their keys, and whether each is right."""
    kind = kinds.of(cell)
    if isinstance(kind, kinds.FieldKind):
        for key in fields.parse(cell.source):
            yield f"{key.before.strip()} [[{key.value}]] {key.after.strip()}".strip(), True
    else:
        for option in quiz.parse(cell.source).options:
            yield option.text, option.ticked


def _scores(path: Path) -> dict[str, dict[str, Any]]:
    nb = json.loads(path.read_bytes())
    if cells.unreadable(nb):
        return {}  # nobody answered anything
    scores = ((cells.grade_id(cell), cells.score_record(cell)) for cell in nb["cells"])
    return {name: score for name, score in scores if name and score}


def format_table(items: list[Item]) -> str:
    """Return the analysis as a Markdown table, with Cronbach's alpha below it."""
    graded = [
        {student for student, points in item.earned.items() if points is not None} for item in items
    ]
    students = sorted(set.intersection(*graded)) if graded else []
    scores = {item.name: [item.earned[student] or 0.0 for student in students] for item in items}
    total = np.sum([*scores.values()], axis=0) if scores else []
    lines = ["| question | answers | mean score | full score | discrimination |"]
    lines.append("|---|---:|---:|---:|---:|")
    for item in items:
        lines += _rows(item, discrimination(scores[item.name], total))
    lines += ["", f"{len(students)} students with all cells graded."]
    questions = [scores[item.name] for item in items if item.is_question]
    selections = {"the questions": questions, "all graded cells": [*scores.values()]}
    for label, points in selections.items():
        lines.append(f"Cronbach's alpha of {label}: {_format(cronbach_alpha(points))}.")
    return "\n".join(lines)


def _one_line(text: str) -> str:
    line = " ".join(text.split()).replace("|", "\\|")
    return line if len(line) <= MAX_OPTION_CHARS else f"{line[: MAX_OPTION_CHARS - 1]}…"


def _format(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rows(item: Item, discrimination: float | None) -> Iterator[str]:
    points = np.array([points for points in item.earned.values() if points is not None])
    mean_score = f"{points.mean() / item.maximum:.0%}" if points.size and item.maximum else "-"
    full_score = f"{np.mean(points == item.maximum):.0%}" if points.size else "-"
    label = _format(discrimination)
    if discrimination is not None and discrimination < LOW_DISCRIMINATION:
        label += " (low)"
    yield f"| **{item.name}** | {points.size} | {mean_score} | {full_score} | {label} |"
    answers = item.chosen.values()
    for index, (text, correct) in enumerate(item.options):
        line = _one_line(text)
        share = f"{np.mean([index in ticked for ticked in answers]):.0%}" if answers else "-"
        yield f"| {'[x]' if correct else '[ ]'} {line} | {share} | | | |"
        wrong = Counter(
            values[index]
            for student, values in item.typed.items()
            if index < len(values) and index not in item.chosen[student] and values[index]
        )
        for value, count in wrong.most_common(MAX_WRONG_ANSWERS):
            share = f"{count / len(item.chosen):.0%}"
            yield f"| [ ] {_one_line(value)} | {share} | | | |"
    for variant in item.variants:
        yield from _rows(variant, None)
