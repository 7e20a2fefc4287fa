"""What the answers of a class tell about its questions: too easy, misleading, or of no use.

They are read from the graded notebooks, ``autograded/STUDENT/NAME``, however these were graded.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat
from nbgrader.coursedir import CourseDirectory

from autograder import cells
from course import quiz

LONGEST: Final = 60  # letters of an option that the table shows
FEW: Final = 0.2  # below this a question hardly tells who knows the rest (Ebel 1965)


@dataclass(frozen=True)
class Item:
    """A graded cell, with what each student earned in it.

    Attributes:
        name: Its name.
        maximum: What it can earn.
        earned: By student; None where nobody has decided yet.
        options: For a question, each option and whether it is right.
        chosen: By student, which of these are ticked.
    """

    name: str
    maximum: float
    earned: dict[str, float | None]
    options: tuple[tuple[str, bool], ...] = ()
    chosen: dict[str, tuple[int, ...]] | None = None


def correlation(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return Pearson's correlation; with a question of right or wrong it is point-biserial.

    Example:
        >>> correlation([0, 0, 1, 1], [1, 2, 3, 4])
        0.8944271909999159

    Args:
        first: Some numbers.
        second: As many.

    Returns:
        From -1 to 1; None if either never varies.
    """
    mean, other = _mean(first), _mean(second)
    above = sum((x - mean) * (y - other) for x, y in zip(first, second, strict=True))
    below = math.sqrt(len(first) * _variance(first) * len(second) * _variance(second))
    return above / below if below else None


def discrimination(item: Sequence[float], total: Sequence[float]) -> float | None:
    """Return how well a question tells who knows the rest: its correlation with the other points.

    The question's own points are taken out of the total, or it would correlate with itself
    (Henrysson 1963, "Correction of item-total correlations in item analysis", Psychometrika 28).

    Args:
        item: What each student earned in it.
        total: What each earned in all.
    """
    return correlation(item, [whole - one for one, whole in zip(item, total, strict=True)])


def alpha(items: Sequence[Sequence[float]]) -> float | None:
    """Return Cronbach's alpha, how much the questions of a test measure one thing.

    ``k / (k - 1) * (1 - sum of the items' variances / variance of the total)`` (Cronbach 1951,
    "Coefficient alpha and the internal structure of tests", Psychometrika 16).

    Example:
        >>> alpha([[0, 1, 1], [0, 1, 1]])
        1.0

    Args:
        items: By question, what each student earned in it.

    Returns:
        At most 1; None for a single question, or if all students earned the same.
    """
    total = [sum(each) for each in zip(*items, strict=True)]
    if len(items) < 2 or not total or not _variance(total):
        return None
    share = sum(map(_variance, items)) / _variance(total)
    return len(items) / (len(items) - 1) * (1 - share)


def read(course: CourseDirectory, assignment: str) -> list[Item]:
    """Return the graded cells of an assignment, in their order, with everybody's answers.

    Args:
        course: The course's folders.
        assignment: The assignment's name.
    """
    source = Path(course.format_path(course.source_directory, ".", assignment))
    graded = Path(course.format_path(course.autograded_directory, "*", assignment))
    at = graded.parts.index("*")
    folders = sorted(Path(*graded.parts[:at]).glob("/".join(graded.parts[at:])))
    items = []
    for path in sorted(source.glob("*.ipynb")):
        found = {
            folder.parts[at]: _verdicts(folder / path.name)
            for folder in folders
            if (folder / path.name).is_file() and not folder.parts[at].startswith(".")
        }
        for name, cell in cells.graded_cells(nbformat.read(path, as_version=4)).items():
            said = {student: each[name] for student, each in found.items() if name in each}
            earned = {student: verdict["points"] for student, verdict in said.items()}
            options: tuple[tuple[str, bool], ...] = ()
            chosen = None
            if cells.is_quiz(cell):
                options = tuple((one.text, one.ticked) for one in quiz.parse(cell.source).options)
                chosen = {student: tuple(each["chosen"]) for student, each in said.items()}
            items.append(Item(name, float(cells.max_points(cell)), earned, options, chosen))
    return items


def table(items: list[Item]) -> str:
    """Return what the answers tell, in Markdown.

    Args:
        items: The graded cells.
    """
    decided = [
        {name for name, points in item.earned.items() if points is not None} for item in items
    ]
    everybody = sorted(set.intersection(*decided)) if decided else []
    matrix = {item.name: [item.earned[name] or 0.0 for name in everybody] for item in items}
    total = [sum(each) for each in zip(*matrix.values(), strict=True)]
    lines = ["| question | answers | earned | all right | discrimination |"]
    lines += ["|---|---:|---:|---:|---:|"]
    for item in items:
        lines += _rows(item, discrimination(matrix[item.name], total))
    asked = [matrix[item.name] for item in items if item.options]
    lines += ["", f"{len(everybody)} students whose points are all decided."]
    for words, rows in (("the questions", asked), ("all that is graded", [*matrix.values()])):
        found = alpha(rows)
        lines.append(f"Cronbach's alpha of {words}: {'-' if found is None else f'{found:.2f}'}.")
    return "\n".join(lines)


def _rows(item: Item, found: float | None) -> Iterator[str]:
    points = [each for each in item.earned.values() if each is not None]
    share = f"{_mean(points) / item.maximum:.0%}" if points and item.maximum else "-"
    right = f"{_mean([each == item.maximum for each in points]):.0%}" if points else "-"
    told = "-" if found is None else f"{found:.2f}{' (low)' if found < FEW else ''}"
    yield f"| **{item.name}** | {len(points)} | {share} | {right} | {told} |"
    ticks = list((item.chosen or {}).values())
    for index, (text, key) in enumerate(item.options):
        line = " ".join(text.split()).replace("|", "\\|")
        short = line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
        part = f"{_mean([index in each for each in ticks]):.0%}" if ticks else "-"
        yield f"| {'[x]' if key else '[ ]'} {short} | {part} | | | |"


def _verdicts(path: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for cell in json.loads(path.read_bytes())["cells"]:
        name, verdict = cells.grade_id(cell), cells.score_record(cell)
        if name and verdict:
            found[name] = verdict
    return found


def _mean(numbers: Sequence[float]) -> float:
    return math.fsum(numbers) / len(numbers) if numbers else 0.0


def _variance(numbers: Sequence[float]) -> float:
    mean = _mean(numbers)
    return _mean([(number - mean) ** 2 for number in numbers])
