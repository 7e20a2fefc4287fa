"""What the class understood: the item analysis with intervals, attempts, messages and advice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from autograder.reports import intervals
from autograder.reports.attempts import Attempts
from autograder.reports.intervals import Interval
from autograder.reports.item_analysis import (
    LOW_DISCRIMINATION,
    Item,
    cronbach_alpha,
    discrimination,
)

GROUP_SHARE: Final = (
    0.27  # upper and lower group; Kelley 1939, Journal of Educational Psychology 30
)
MIN_STUDENTS: Final = 10  # fewer say nothing about a question
MAX_MESSAGES: Final = 5
MAX_CHARS: Final = 300
_NUMBER: Final = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w])")


@dataclass(frozen=True)
class OptionReport:
    """How often an option was chosen: by all, by the best and by the weakest students."""

    text: str
    right: bool
    share: float
    upper: float
    lower: float


@dataclass(frozen=True)
class ItemReport:
    """One question or test.

    Attributes:
        answers: How many answers have points.
        mean: The mean share of the points.
        full: How many have full points.
        full_interval: Of the share of full points.
        discrimination: As in `item_analysis.discrimination`.
        discrimination_interval: Of the discrimination.
        options: Of a question.
        messages: The most frequent reasons for missed points, and how often each was given.
        attempts: From the Check button, if there is a record.
        advice: What to do about the question, or an empty string.
    """

    name: str
    answers: int
    mean: float | None
    full: int
    full_interval: Interval | None
    discrimination: float | None
    discrimination_interval: Interval | None
    options: tuple[OptionReport, ...] = ()
    messages: tuple[tuple[str, int], ...] = ()
    attempts: Attempts | None = None
    advice: str = ""


@dataclass(frozen=True)
class ClassReport:
    """All of it; `alpha` and its interval are of all graded cells."""

    assignment: str
    students: int
    items: tuple[ItemReport, ...]
    alpha: float | None
    alpha_interval: Interval | None
    question_alpha: float | None = None
    question_alpha_interval: Interval | None = None
    notes: tuple[str, ...] = field(default=())


def make_report(
    assignment: str, items: Sequence[Item], attempts: Mapping[str, Attempts]
) -> ClassReport:
    """Analyze an assignment's graded cells; see `item_analysis.read_items`."""
    graded = [
        {student for student, points in item.earned.items() if points is not None} for item in items
    ]
    students = sorted(set.intersection(*graded)) if graded else []
    scores = {item.name: [item.earned[student] or 0.0 for student in students] for item in items}
    totals = np.sum([*scores.values()], axis=0) if scores else np.zeros(0)
    questions = [scores[item.name] for item in items if item.is_question]
    alpha, question_alpha = cronbach_alpha([*scores.values()]), cronbach_alpha(questions)
    n = len(students)
    return ClassReport(
        assignment,
        n,
        tuple(
            _item_report(item, scores[item.name], totals, students, attempts.get(item.name))
            for item in items
        ),
        alpha,
        intervals.alpha_interval(alpha, n, len(scores)),
        question_alpha,
        intervals.alpha_interval(question_alpha, n, len(questions)),
    )


def _item_report(
    item: Item,
    scores: list[float],
    totals: np.ndarray,
    students: list[str],
    attempts: Attempts | None,
) -> ItemReport:
    points = [value for value in item.earned.values() if value is not None]
    full = sum(value == item.maximum for value in points)
    power = discrimination(scores, totals)
    limits = intervals.correlation_interval(power, len(students))
    options = tuple(_options(item, scores, totals, students))
    for number, variant in enumerate(item.variants, 1):
        options += tuple(_variant_options(number, variant, scores, totals, students))
    return ItemReport(
        item.name,
        len(points),
        sum(points) / len(points) / item.maximum if points and item.maximum else None,
        full,
        intervals.share_interval(full, len(points)),
        power,
        limits,
        options,
        tuple(group_messages(item.reasons.values())),
        attempts,
        _advice(power, limits, options, len(students)),
    )


def _options(
    item: Item, scores: list[float], totals: np.ndarray, students: list[str]
) -> Iterator[OptionReport]:
    """Yield the options with their shares; the groups are by the points of the other cells."""
    rest = totals - np.asarray(scores)
    order = [students[i] for i in np.argsort(rest, kind="stable")]
    size = max(1, round(GROUP_SHARE * len(order)))
    groups = {"lower": order[:size], "upper": order[-size:], "share": list(item.chosen)}
    for index, (text, right) in enumerate(item.options):
        shares = {
            name: _share([index in item.chosen.get(who, ()) for who in group])
            for name, group in groups.items()
        }
        yield OptionReport(" ".join(text.split()), right, **shares)


def _variant_options(
    number: int,
    variant: Item,
    scores: list[float],
    totals: np.ndarray,
    students: list[str],
) -> Iterator[OptionReport]:
    """Yield the options of one variant of a pool, with the shares of those who have it."""
    own = [index for index, student in enumerate(students) if student in variant.chosen]
    points = [scores[index] for index in own]
    names = [students[index] for index in own]
    for option in _options(variant, points, totals[own] if own else np.zeros(0), names):
        yield replace(option, text=f"Variant {number}: {option.text}")


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _advice(
    power: float | None,
    limits: Interval | None,
    options: tuple[OptionReport, ...],
    students: int,
) -> str:
    """Return what to do about a question that doesn't separate strong from weak students."""
    if power is None or power >= LOW_DISCRIMINATION or students < MIN_STUDENTS:
        return ""
    if power >= 0:
        return (
            "It hardly separates strong from weak students. If nearly everybody is right, that is"
            " fine; otherwise make the text clearer."
        )
    doubt = "" if limits and limits[1] < 0 else " This may be chance: the interval includes 0."
    rivals = [one for one in options if not one.right and one.upper > one.lower]
    if rivals:
        rival = max(rivals, key=lambda one: one.upper - one.lower)
        return (
            "Strong students miss it more often than weak ones: check the key first. The best"
            f" students prefer “{rival.text[:MAX_CHARS]}” ({rival.upper:.0%} of them,"
            f" {rival.lower:.0%} of the weakest): is it right, too, or is the text ambiguous?"
            f"{doubt}"
        )
    return (
        "Strong students miss it more often than weak ones: check the key or the test, and whether"
        f" the text can be read in two ways.{doubt}"
    )


def group_messages(reasons: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield the most frequent messages; those that differ only in numbers are one.

    Example:
        >>> list(group_messages(["Got 3, not 4.", "Got 5, not 4.", ""]))
        [('Got …, not ….', 2)]
    """
    counts = Counter(_NUMBER.sub("…", reason)[:MAX_CHARS] for reason in reasons if reason)
    yield from counts.most_common(MAX_MESSAGES)
