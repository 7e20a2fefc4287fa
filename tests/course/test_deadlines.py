"""What a late submission costs, and how students are told."""

from __future__ import annotations

import json
import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.deadlines import DAY_S, FILE, DueDate, LateRule, read_public, write_public

DUE = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # in Europe the clocks change half an hour later
RULE = LateRule(grace_s=900, penalty=10, cut_off_s=7 * DAY_S, late_days=3)


@pytest.mark.parametrize(
    ("seconds", "percent"),
    [(-5, 0), (0, 0), (900, 0), (901, 10), (DAY_S, 10), (DAY_S + 1, 20), (7 * DAY_S, 70)],
)
def test_each_day_begun_after_the_grace_costs(seconds: float, percent: float) -> None:
    assert RULE.percent(seconds) == percent


def test_after_the_cut_off_all_points_are_lost_and_no_late_day_helps() -> None:
    late = 7 * DAY_S + 1
    assert RULE.percent(late) == 100
    assert RULE.days_to_spend(late, 3) == 0
    assert (
        DueDate(due=DUE, rule=RULE)
        .consequence(DUE + timedelta(seconds=late))
        .endswith("late: no points")
    )


def test_late_days_are_spent_only_where_they_lower_the_penalty() -> None:
    assert RULE.days_to_spend(2 * 3600, 3) == 1
    assert RULE.days_to_spend(2.5 * DAY_S, 2) == 2  # one more day is paid for
    assert RULE.days_to_spend(600, 3) == 0
    steep = LateRule(penalty=50, late_days=1)
    assert steep.days_to_spend(4 * DAY_S, 1) == 0  # it would cost everything anyway
    hourly = LateRule(penalty=1, per="hour", late_days=1)
    assert (hourly.percent(3600 * 30), hourly.percent(3600 * 30, 1)) == (30, 6)


@given(
    st.builds(
        LateRule,
        grace_s=st.integers(0, 10**5),
        penalty=st.floats(0, 100),
        per=st.sampled_from(["hour", "day"]),
        cut_off_s=st.none() | st.integers(0, 10**6),
        late_days=st.integers(0, 5),
    ),
    st.floats(),
    st.integers(-5, 10),
)
def test_a_penalty_is_a_share_whatever_the_clock_says(
    rule: LateRule, seconds: float, available: int
) -> None:
    days = rule.days_to_spend(seconds, available)
    assert 0 <= days <= max(0, min(available, rule.late_days))
    if not math.isnan(seconds) and not math.isinf(seconds):
        assert 0 <= rule.percent(seconds, days) <= rule.percent(seconds) <= 100


@given(st.floats(0.5, 100), st.sampled_from(["hour", "day"]), st.integers(0, 3))
def test_nobody_earns_points_after_a_rule_closes(penalty: float, per: str, late_days: int) -> None:
    rule = LateRule.model_validate({"penalty": penalty, "per": per, "late_days": late_days})
    late = rule.closes_after_s + 1
    assert rule.percent(late, rule.days_to_spend(late, late_days)) == pytest.approx(100)


def test_the_consequence_names_what_is_spent() -> None:
    deadline = DueDate(due=DUE, rule=RULE, days_left=1, extension_s=DAY_S)
    assert deadline.consequence(DUE) == ""
    assert deadline.consequence(DUE + timedelta(minutes=10)) == (
        "10 min late: no points lost, within the time of grace"
    )
    assert deadline.consequence(DUE + timedelta(hours=2)) == (
        "2 h late: no points lost, after spending 1 late day"
    )
    assert deadline.consequence(DUE + timedelta(days=1, hours=2)) == (
        "1 day 2 h late: −10%, after spending 1 late day"
    )
    assert deadline.notes == ["Includes your extension of 1 day.", "You have 1 late day left."]


def test_what_is_published_is_read_back_and_readable_by_all(tmp_path: Path) -> None:
    deadlines = {"01-intro": DueDate(due=DUE, rule=RULE), "exam": DueDate(due=DUE)}
    write_public(tmp_path, deadlines)
    assert read_public(tmp_path) == deadlines
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b"\xff",
        json.dumps({"assignments": {"a": {"due": "tomorrow"}}}).encode(),
        json.dumps({"assignments": {"a": {"due": "2026-03-01", "rule": {"penalty": -5}}}}).encode(),
        b" " * (2 << 20),
    ],
)
def test_a_damaged_file_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert read_public(tmp_path) == {}


def test_a_pipe_in_place_of_the_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / FILE)
    assert read_public(tmp_path) == {}
