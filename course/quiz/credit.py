"""Compute the points that an answer earns."""

from __future__ import annotations

from typing import Final

from course.quiz.compare import Comparison
from course.quiz.field_comparison import FieldComparison

CREDIT_RULES: Final = ("all-or-nothing", "each-option", "each-field")


def credit(
    comparison: Comparison | FieldComparison, points: float, rule: str = "all-or-nothing"
) -> float:
    """Return the points that an answer earns, from 0 to ``points``.

    Example:
        >>> half = Comparison(wanted=frozenset({0, 1}), chosen=frozenset({0}), count=4)
        >>> credit(half, 2), credit(half, 2, "each-option")
        (0.0, 1.0)

    ``all-or-nothing``: all points for exactly the correct ticks, else none.
    ``each-option``: each correct tick earns its share, each wrong tick costs a share, and the total
    is never negative.
    ``each-field``: each correct field earns its share.
    A blank answer earns 0; a perfect one exactly ``points``.

    Raises:
        ValueError: The rule is unknown, the points are negative, or the answer has doubts.
    """
    if rule not in CREDIT_RULES:
        raise ValueError(f"rule must be one of {', '.join(CREDIT_RULES)}, got {rule!r}")
    if not points >= 0:
        raise ValueError(f"points must be 0 or more, got {points!r}")
    if comparison.doubts:
        raise ValueError("an answer with doubts must be graded manually")
    if comparison.right:
        return float(points)
    if rule == "all-or-nothing":
        return 0.0
    if isinstance(comparison, FieldComparison):
        return float(points) * len(comparison.correct) / len(comparison.answers)
    hits = len(comparison.chosen & comparison.wanted)
    misses = len(comparison.chosen - comparison.wanted)
    return float(points) * max(0, hits - misses) / len(comparison.wanted)
