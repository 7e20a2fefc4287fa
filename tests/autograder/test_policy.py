"""``deadlines.toml``: what it can say, and what is refused, with the fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder import deadlines
from autograder.deadlines import FILE, LateRulesError
from course.deadlines import DAY_S, LateRule

POLICY = """
grace = "15m"
penalty = 10
cut_off = "7d"
late_days = 3

[assignments.exam]
penalty = 2.5
per = "hour"
cut_off = "1d"
use_late_days = false
"""


def write(folder: Path, text: str) -> Path:
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_an_assignment_changes_what_it_names(tmp_path: Path) -> None:
    policy = deadlines.read(write(tmp_path, POLICY))
    assert policy is not None
    general = LateRule(grace_s=900, penalty=10, cut_off_s=7 * DAY_S, late_days=3)
    assert policy.rule("01-intro") == general
    exam = LateRule(grace_s=900, penalty=2.5, per="hour", cut_off_s=DAY_S)
    assert policy.rule("exam") == exam


def test_a_course_without_the_file_has_no_policy(tmp_path: Path) -> None:
    assert deadlines.read(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("penalty = -10", "penalty = -10: it must not be negative"),
        ("penalty = 150", "penalty = 150: it must be at most 100"),
        ("penalty = nan", "penalty = nan: write a number from 0 to 100"),
        ("penalty = true", "penalty = True: write a number from 0 to 100"),
        ('penalty = "10%"', "penalty = '10%': write a number from 0 to 100"),
        ('cut_off = "-1d"', "cut_off = '-1d': write a duration after the due date"),
        ("cut_off = 7", "cut_off = 7: write a duration in quotes"),
        ("cut_off = 2026-03-01", "write a duration in quotes"),
        ('cut_off = "99999w"', "cut_off = '99999w': write a duration"),
        ('per = "week"', 'per = \'week\': write "hour" or "day"'),
        ("late_days = -1", "late_days = -1: it must not be negative"),
        ("late_days = 1.5", "late_days = 1.5: write a whole number"),
        ('grace = "2d"\ncut_off = "1d"', "make cut_off at least as long as grace"),
        ('grace = "2h"\n[assignments.a]\ncut_off = "1h"', "[assignments.a]: grace is longer"),
        ("penality = 10", "penality = 10: remove it; allowed are grace, penalty, per"),
        ("[assignments.a]\nlate_days = 2", "assignments.a.late_days = 2: remove it"),
        ("penalty = ", "isn't valid TOML"),
        ("a = " + "[" * 5000, "isn't valid TOML"),
    ],
)
def test_mistakes_are_refused_with_the_fix(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(LateRulesError) as error:
        deadlines.read(write(tmp_path, text))
    assert message in str(error.value)


def test_an_assignment_that_is_not_there_is_a_typo(tmp_path: Path) -> None:
    policy = deadlines.read(write(tmp_path, POLICY))
    assert policy is not None
    policy.check_names(["01-intro", "exam"])
    with pytest.raises(LateRulesError, match="did you mean exam1"):
        policy.check_names(["01-intro", "exam1"])
