"""The performance goals of this grader, each with its measurement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.grading.measurements import ONE_JOB, STOCK, TWO_JOBS, Measurements


@dataclass(frozen=True)
class Goal:
    """A measurement and its bound.

    Attributes:
        text: The goal, as the table states it.
        value: The measurement; None if it is missing.
        bound: What the value is compared with.
        is_maximum: True if the value must not exceed the bound, False if it must reach it.
        unit: Follows the value in the table.
    """

    text: str
    value: float | None
    bound: float
    is_maximum: bool = False
    unit: str = "×"

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without a measurement."""
        if self.value is None:
            return None
        return self.value <= self.bound if self.is_maximum else self.value >= self.bound


def goals(measurements: Measurements) -> Iterator[Goal]:
    """Yield all goals."""
    for kind in ("questions", "questions in a lesson"):
        speedup = _speedup(measurements, kind, ONE_JOB)
        yield Goal(f"{kind}: at least 100 times as fast as stock", speedup, 100)
    for grader in (ONE_JOB, TWO_JOBS):
        label = f"lesson, {grader.rpartition(', ')[2]}"
        seconds = measurements.additional_seconds("lesson", grader)
        yield Goal(
            f"{label}: at most 0.25 s per additional submission",
            seconds,
            0.25,
            is_maximum=True,
            unit=" s",
        )
        speedup = _speedup(measurements, "lesson", grader)
        yield Goal(f"{label}: at least 10 times as fast as stock", speedup, 10)
    for grader, bound in ((ONE_JOB, 5), (TWO_JOBS, 8)):
        label = f"lab, {grader.rpartition(', ')[2]}"
        speedup = _speedup(measurements, "lab", grader)
        yield Goal(f"{label}: at least {bound} times as fast as stock", speedup, bound)
    for kind in ("lesson", "lab"):
        speedup = _parallel_speedup(measurements, kind)
        yield Goal(f"{kind}: 2 jobs at least 1.7 times as fast as 1", speedup, 1.7)
    start = measurements.start or None
    yield Goal("the command loads within 1.5 s", start, 1.5, is_maximum=True, unit=" s")
    largest = max(measurements.sizes("lesson", TWO_JOBS), default=0)  # a run fails on a lost point
    yield Goal("1,000 lessons in one run, no point lost", largest or None, 1000, unit="")


def format_table(measurements: Measurements) -> str:
    """Return the goals as a Markdown table."""
    lines = ["| goal | measured | |", "|---|---:|---|"]
    results = {True: "met", False: "**missed**", None: "not measured"}
    for goal in goals(measurements):
        value = "" if goal.value is None else f"{_rounded(goal.value)}{goal.unit}"
        lines.append(f"| {goal.text} | {value} | {results[goal.met]} |")
    return "\n".join(lines)


def _rounded(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _speedup(measurements: Measurements, kind: str, grader: str) -> float | None:
    stock = measurements.additional_seconds(kind, STOCK)
    ours = measurements.additional_seconds(kind, grader)
    return stock / ours if stock and ours else None


def _parallel_speedup(measurements: Measurements, kind: str) -> float | None:
    """Return the speedup of a second job, on the largest class that both have graded."""
    sizes = {*measurements.sizes(kind, ONE_JOB)} & {*measurements.sizes(kind, TWO_JOBS)} - {1}
    if not sizes:
        return None
    size = max(sizes)
    one = measurements.additional_seconds(kind, ONE_JOB, size)
    two = measurements.additional_seconds(kind, TWO_JOBS, size)
    return one / two if one and two else None
