"""Durations have two units, whatever the length."""

from __future__ import annotations

import math

import pytest

from course.wording import format_duration


@pytest.mark.parametrize(
    ("seconds", "short", "long"),
    [
        (0, "less than 1 min", "less than a minute"),
        (61, "1 min", "1 minute"),
        (3 * 3600 + 120, "3 h 2 min", "3 hours 2 minutes"),
        (86400 + 60, "1 day 1 min", "1 day 1 minute"),
        (2 * 86400 + 3600 + 60, "2 days 1 h", "2 days 1 hour"),
        (math.inf, "a very long time", "a very long time"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: float, short: str, long: str) -> None:
    assert (format_duration(seconds), format_duration(seconds, long=True)) == (short, long)
