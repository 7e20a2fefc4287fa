"""How students came to their answers: what the Check button saw before the submission."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.reports.check_record import Check


@dataclass(frozen=True)
class Attempts:
    """The checks of one question.

    Attributes:
        students: How many checked an answer.
        right_at_once: How many of them were right at the first try.
        right_at_last: How many were right in the end.
        mean_tries: Tries until the first right answer, of those who found it; None if nobody did.
        median_minutes: Minutes from the first try to the right answer, of those who needed several.
    """

    students: int
    right_at_once: int
    right_at_last: int
    mean_tries: float | None
    median_minutes: float | None


def count_attempts(checks: Iterable[Check]) -> dict[str, Attempts]:
    """Return the attempts of each question; the checks must be in order.

    Example:
        >>> from datetime import UTC, datetime
        >>> times = [datetime(2026, 3, 1, 12, minute, tzinfo=UTC) for minute in (0, 6)]
        >>> tries = [Check("ada", "q", time, right) for time, right in zip(times, (False, True))]
        >>> count_attempts(tries)["q"]
        Attempts(students=1, right_at_once=0, right_at_last=1, mean_tries=2, median_minutes=6.0)
    """
    by_question: defaultdict[str, defaultdict[str, list[Check]]]
    by_question = defaultdict(lambda: defaultdict(list))
    for check in checks:
        by_question[check.question][check.student].append(check)
    return {question: _count(list(tries.values())) for question, tries in by_question.items()}


def _count(tries_by_student: list[list[Check]]) -> Attempts:
    solved = [
        tries[: next(i for i, check in enumerate(tries) if check.right) + 1]
        for tries in tries_by_student
        if any(check.right for check in tries)
    ]
    minutes = [
        (tries[-1].time - tries[0].time).total_seconds() / 60 for tries in solved if len(tries) > 1
    ]
    return Attempts(
        students=len(tries_by_student),
        right_at_once=sum(tries[0].right for tries in tries_by_student),
        right_at_last=len(solved),
        mean_tries=statistics.mean(map(len, solved)) if solved else None,
        median_minutes=statistics.median(minutes) if minutes else None,
    )
