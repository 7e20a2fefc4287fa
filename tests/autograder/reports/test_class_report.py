"""The class report: intervals, attempts, grouped messages, and advice on a wrong key."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from autograder.reports import class_page, class_report, intervals
from autograder.reports.attempts import Attempts, count_attempts
from autograder.reports.check_record import Check, CheckRecord
from autograder.reports.class_report import ClassReport
from autograder.reports.item_analysis import Item
from deploy.feedback.request_log import RequestLog

MARKUP = "<img src='https://x.y/z' onerror=alert(1)>"


def make_items(students: int = 40) -> list[Item]:
    """Three sound questions, and one whose key is wrong: the best choose the other option."""
    ability = {f"s{n:02}": n / students for n in range(students)}
    options = (("the key", True), ("what is right", False), (MARKUP, False))
    items = []
    for number, limit in enumerate((0.3, 0.5, 0.7)):
        earned = {name: float(value > limit) for name, value in ability.items()}
        chosen: dict[str, tuple[int, ...]]
        chosen = {name: (0,) if points else (2,) for name, points in earned.items()}
        reasons = {
            name: f"Got {number}.5 {MARKUP}" for name, points in earned.items() if not points
        }
        items.append(Item(f"good-{number}", 1.0, dict(earned), options, chosen, reasons))
    wrong = {name: float(value < 0.4) for name, value in ability.items()}
    picked: dict[str, tuple[int, ...]]
    picked = {name: (0,) if points else (1,) for name, points in wrong.items()}
    items.append(Item("wrong-key", 1.0, dict(wrong), options, picked))
    return items


def report() -> ClassReport:
    return class_report.make_report(
        "01-small", make_items(), {"good-0": Attempts(9, 6, 8, 1.5, 4.0)}
    )


def test_a_wrong_key_is_flagged_with_the_option_that_strong_students_choose() -> None:
    advice = {item.name: item.advice for item in report().items}
    assert "check the key first" in advice["wrong-key"]
    assert "what is right" in advice["wrong-key"]
    assert {name for name, text in advice.items() if "check the key" in text} == {"wrong-key"}


def test_a_small_class_gets_no_advice() -> None:
    small = class_report.make_report("01-small", make_items(5), {})
    assert not any(item.advice for item in small.items)


def test_the_page_is_inert_and_loads_nothing() -> None:
    page = class_page.to_html(report())
    assert MARKUP not in page
    assert "&lt;img" in page
    assert not re.search(r"<(?:script|link|img|iframe)|url\(", page)
    assert "default-src 'none'" in page
    assert "9 students checked an answer; 6 were right at the first try" in " ".join(page.split())
    assert "Got … &lt;img" in page  # messages that differ in numbers are one


def test_the_csv_has_a_row_for_each_question_with_its_interval() -> None:
    rows = list(csv.DictReader(io.StringIO(class_page.to_csv(report()))))
    assert [row["question"] for row in rows] == ["good-0", "good-1", "good-2", "wrong-key"]
    for row in rows:
        assert (
            float(row["full_score_low"]) < float(row["full_score"]) < float(row["full_score_high"])
        )
        assert float(row["discrimination_low"]) < float(row["discrimination"])
    assert float(rows[0]["right_at_once"]) == pytest.approx(6 / 9, abs=1e-3)
    assert float(rows[3]["discrimination_high"]) < 0


def test_wilson_interval_covers_its_share() -> None:
    rng = np.random.default_rng(7)
    hits = rng.binomial(25, 0.8, size=4000)
    covered = [low <= 0.8 <= high for k in hits for low, high in [intervals.share_interval(k, 25)]]  # type: ignore[misc]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)  # 0.93 at this share, exactly
    assert intervals.share_interval(0, 0) is None


def test_feldt_interval_covers_alpha() -> None:
    # k parallel items with equal correlation r: alpha is k r / (1 + (k - 1) r).
    rng, k, n, r = np.random.default_rng(8), 6, 60, 0.3
    alpha = k * r / (1 + (k - 1) * r)
    covered = 0
    for _ in range(800):
        scores = np.sqrt(r) * rng.normal(size=n) + np.sqrt(1 - r) * rng.normal(size=(k, n))
        total = scores.sum(axis=0)
        found = k / (k - 1) * (1 - scores.var(axis=1).sum() / total.var())
        low, high = intervals.alpha_interval(float(found), n, k) or (0.0, 0.0)
        covered += low <= alpha <= high
    assert covered / 800 == pytest.approx(0.95, abs=0.03)


def test_attempts_come_from_the_check_record(tmp_path: Path) -> None:
    log = RequestLog(tmp_path / "asked.db")
    for student, results in {
        "ada": ["right"],
        "ben": ["wrong", "wrong", "right"],
        "eve": ["wrong"],
    }.items():
        for result in [*results, "refused: too many checks", "saved"]:
            log.add(student, "01-small", "single", "", result)
    log.add("ada", "02-other", "single", "", "wrong")
    log.close()
    record = CheckRecord(path=str(tmp_path / "asked.db"))
    attempts = count_attempts(record.checks("01-small"))["single"]
    assert (attempts.students, attempts.right_at_once, attempts.right_at_last) == (3, 1, 2)
    assert attempts.mean_tries == 2


def test_time_counts_from_the_first_try_to_the_right_answer() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    minutes = {"ada": [0], "ben": [0, 30, 90], "cem": [0, 10]}
    checks = [
        Check(student, "q", start + timedelta(minutes=minute), minute == times[-1])
        for student, times in minutes.items()
        for minute in times
    ]
    assert count_attempts(checks)["q"].median_minutes == 50
