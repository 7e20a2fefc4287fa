"""The goals of this grader, each with what was measured: met, missed, or not measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.grading.measured import ONE, STOCK, TWO, Measured


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes:
        words: What is wanted.
        found: What was measured; None if it was not.
        bound: What it is held against.
        most: Whether the bound is the most, not the least, that it may be.
        unit: Stands behind the number.
    """

    words: str
    found: float | None
    bound: float
    most: bool = False
    unit: str = "×"

    @property
    def met(self) -> bool | None:
        """Whether it is reached; None if that was not measured."""
        if self.found is None:
            return None
        return self.found <= self.bound if self.most else self.found >= self.bound


def goals(found: Measured) -> Iterator[Goal]:
    """Yield them all.

    Args:
        found: What was measured.
    """
    for kind in ("questions", "questions in a lesson"):
        yield Goal(f"{kind}: 100 times stock or better", _faster(found, kind, ONE), 100)
    for grader in (ONE, TWO):
        words = f"lesson, {grader.rpartition(', ')[2]}"
        each = found.further("lesson", grader)
        yield Goal(f"{words}: 0.25 s for a further one", each, 0.25, most=True, unit=" s")
        yield Goal(f"{words}: 10 times stock or better", _faster(found, "lesson", grader), 10)
    yield Goal("lab, 1 job: 5 times stock or better", _faster(found, "lab", ONE), 5)
    yield Goal("lab, 2 jobs: 8 times stock or better", _faster(found, "lab", TWO), 8)
    for kind in ("lesson", "lab"):
        yield Goal(f"{kind}: 2 jobs are 1.7 times as fast as 1", _doubled(found, kind), 1.7)
    start = found.start or None
    yield Goal("the command begins within 1.5 s", start, 1.5, most=True, unit=" s")
    thousand = max(found.sizes("lesson", TWO), default=0)  # the run fails if one is lost
    yield Goal("1,000 lessons in one go, nothing lost", thousand or None, 1000, unit="")


def table(found: Measured) -> str:
    """Return the goals as a table, in Markdown."""
    lines = ["| goal | measured | |", "|---|---:|---|"]
    words = {True: "met", False: "**missed**", None: "not measured"}
    for goal in goals(found):
        number = "" if goal.found is None else f"{_short(goal.found)}{goal.unit}"
        lines.append(f"| {goal.words} | {number} | {words[goal.met]} |")
    return "\n".join(lines)


def _short(number: float) -> str:
    return f"{number:.2f}" if number < 10 else f"{number:,.0f}"


def _faster(found: Measured, kind: str, grader: str) -> float | None:
    stock, ours = found.further(kind, STOCK), found.further(kind, grader)
    return stock / ours if stock and ours else None


def _doubled(found: Measured, kind: str) -> float | None:
    """How much faster two jobs are, by the largest class that both have graded."""
    both = {*found.sizes(kind, ONE)} & {*found.sizes(kind, TWO)} - {1}
    if not both:
        return None
    one, two = (found.further(kind, grader, max(both)) for grader in (ONE, TWO))
    return one / two if one and two else None
