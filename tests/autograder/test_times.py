"""The table of run times knows every lesson, and none keeps a class waiting."""

from __future__ import annotations

from pathlib import Path

from autograder import times
from autograder.publish import build

COURSE = Path(__file__).resolve().parents[2]


def test_each_lesson_runs_within_a_minute_and_a_half() -> None:
    seconds = times.read(COURSE)
    assert list(seconds) == build.assignments(COURSE), "run `python -m autograder times`"
    assert all(0 < each <= 90 for each in seconds.values()), seconds
