"""Scoring: points are earned, lost with a reason, or left to a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from nbformat import NotebookNode

from autograder.grading import comments, merge, scoring
from autograder.kernels.kernel import CellOutcome, Kernel, Status
from autograder.test_runner.broker import BrokenTest
from benchmarks import quiz_scoring
from course import quiz
from tests.autograder.lessons import cell, read, source_notebook, submitted_notebook

SOURCE = source_notebook()


def score(
    nb: dict[str, Any], name: str, outcome: CellOutcome | BrokenTest | None = None
) -> scoring.CellScore:
    merged = merge.merge_submission(SOURCE, read(nb))
    original, submitted = (NotebookNode(cell(version, name)) for version in (SOURCE, merged))
    return scoring.score(original, submitted, outcome, merged.metadata["course"]["unreadable"])


def ticked(*options: str, name: str = "single") -> scoring.CellScore:
    nb = submitted_notebook()
    source = cell(nb, name)["source"].replace("[x]", "[ ]")
    for option in options:
        source = source.replace(f"[ ] {option}", f"[x] {option}")
    cell(nb, name)["source"] = source
    return score(nb, name)


def test_the_right_option_earns_full_points() -> None:
    assert ticked("the second") == scoring.CellScore("single", 1.0, 1.0, "", (1,))


@pytest.mark.parametrize(
    ("options", "points", "reason"),
    [
        ((), 0, "No option is ticked."),
        (("the first",), 0, "That is not the right answer."),
        (("the first", "the second"), 0, "2 options are ticked, but only one can be right."),
    ],
)
def test_lost_points_have_a_reason(options: tuple[str], points: float, reason: str) -> None:
    result = ticked(*options)
    assert (result.points, result.reason) == (points, reason)


def test_each_option_earns_its_share() -> None:
    assert ticked("red", "green", name="several").points == 2
    half = ticked("red", name="several")
    assert (half.points, half.reason) == (1, "Correct so far, but incomplete.")
    mixed = ticked("red", "green", "blue", name="several")
    assert (mixed.points, mixed.reason) == (
        1,
        "Some of the ticked options are right, some are not.",
    )


def test_an_invented_option_is_left_to_a_person() -> None:
    nb = submitted_notebook()
    cell(nb, "single")["source"] += "\n- [x] none of these"
    result = score(nb, "single")
    assert result.points is None
    assert "“none of these” matches none of the options" in result.reason


def test_deleted_options_and_a_deleted_cell_have_different_reasons() -> None:
    nb = submitted_notebook()
    cell(nb, "single")["source"] = ""
    assert score(nb, "single").reason == "The options were deleted."
    nb["cells"].remove(cell(nb, "single"))
    assert score(nb, "single").reason == merge.MISSING_CELL


@pytest.mark.parametrize(
    "damage",
    [
        lambda source: source.replace("[ ] the second", "[x] the second"),
        lambda source: source.replace("- [ ] the second of", "2. [X]  The *second*  of"),
        lambda source: source.replace("[ ] the second", "[x] the sekond"),
        lambda source: "\n".join(
            line.replace("[ ]", "[x]") for line in source.split("\n") if "second" in line
        ),
        lambda source: source.replace("[ ] the first", "[x] the first").replace("?", "."),
    ],
)
def test_a_restored_question_is_graded_like_the_damaged_one(damage: Callable[[str], str]) -> None:
    nb = submitted_notebook()
    released = quiz.bare(cell(SOURCE, "single")["source"])
    damaged = damage(released)
    cell(nb, "single")["source"] = damaged
    before = score(nb, "single")
    restored = quiz.restore(released, damaged)
    assert quiz.is_intact(restored, released)
    cell(nb, "single")["source"] = restored
    assert score(nb, "single") == before


def test_equal_copies_count_and_different_ones_are_left_to_a_person() -> None:
    nb = submitted_notebook()
    twin = dict(cell(nb, "single"), id="twin")
    nb["cells"].append(twin)
    assert score(nb, "single").points == 1
    twin["source"] = twin["source"].replace("[x]", "[ ]")
    assert score(nb, "single").points == 1  # a blank copy is ignored
    twin["source"] = twin["source"].replace("[ ] the first", "[x] the first")
    assert score(nb, "single").points is None


@pytest.mark.parametrize(
    ("outcome", "points", "reason"),
    [
        (CellOutcome("ran"), 2, ""),
        (
            CellOutcome("raised", "AssertionError", "double(2) should be 4"),
            0,
            "double(2) should be 4",
        ),
        (CellOutcome("raised", "AssertionError", ""), 0, "A check failed."),
        (CellOutcome("raised", "NotImplementedError", ""), 0, "This code is still to be written."),
        (CellOutcome("raised", "NameError", "name 'f'"), 0, "NameError: name 'f'"),
        (CellOutcome("timed out", message="30 s"), 0, "It ran for more than 30 s and was stopped."),
        (CellOutcome("died"), 0, "It ended the Python process. (The kernel died.)"),
        (BrokenTest("?"), None, scoring.BROKEN_TEST),
        (BrokenTest("?", retry=True), None, scoring.BUSY_MACHINE),
        (None, None, "It was not run: other cells used up the notebook's time."),
    ],
)
def test_each_outcome_of_a_test_has_points_and_a_reason(
    outcome: CellOutcome | BrokenTest | None, points: float | None, reason: str
) -> None:
    result = score(submitted_notebook(), "double-test", outcome)
    assert (result.points, result.reason) == (points, reason)


def test_an_unreadable_notebook_is_left_to_a_person() -> None:
    for name in ("single", "double-test"):
        result = score({"cells": None}, name)
        assert result.points is None
        assert "no list of cells" in result.reason


def test_reasons_are_shortened_and_cleaned() -> None:
    noisy = "a\x1b[31m\x00\u202eb" + "c" * 10_000
    line = scoring.one_line(noisy)
    assert len(line) <= scoring.MAX_REASON_CHARS
    assert line.startswith("a[31m b")
    assert line.isprintable()


def test_comments_list_the_results_and_escape_them() -> None:
    nb = submitted_notebook()
    cell(nb, "double")["source"] = "raise ValueError"
    merged = merge.merge_submission(SOURCE, read(nb))
    bad = "<script>alert(1)</script> [x](javascript:0)"
    outcomes: dict[str, CellOutcome | BrokenTest | None] = {
        "double": CellOutcome("raised", "ValueError", bad)
    }
    scores = {
        "single": scoring.CellScore("single", 1, 1, "", ()),
        "several": scoring.CellScore("several", 1, 2, "Something is missing.", ()),
        "double-test": scoring.CellScore("double-test", 0, 2, "NameError", ()),
        "half-test": scoring.CellScore("half-test", 3, 3, "", ()),
    }
    texts = comments.student_comments(merged, scores, outcomes)
    assert texts["single"] == ""
    assert texts["several"] == "Something is missing."
    assert "&lt;script&gt;" in texts["double"]
    assert r"\[x\](javascript:0)" in texts["double"]
    assert "- double-test: 0 of 2 points. NameError" in texts["double"]
    assert texts["half"] == "half-test: Passed, 3 of 3 points."


@pytest.mark.slow
def test_scoring_quizzes_starts_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a kernel was started to read a quiz")

    monkeypatch.setattr(Kernel, "restart", refuse)
    source, submitted = quiz_scoring.quiz_submissions("04-architecture")
    results = quiz_scoring.score_all(source, submitted)
    assert len(results) == 1000
    earned = {score.points for scores in results for score in scores}
    assert {0.0, 1.0} <= earned
    assert all(score.points is not None for scores in results for score in scores)


def test_a_question_that_is_too_long_needs_review() -> None:
    nb = submitted_notebook()
    cell(nb, "single")["source"] += "x" * 1_500_000
    long = score(nb, "single")
    assert long.points is None
    assert "at most 1,500,000 are read" in long.reason
    assert score(nb, "several").points == 2


@pytest.mark.parametrize("status", ["ran", "raised"])
def test_a_failed_test_needs_review_if_code_was_left_out(status: Status) -> None:
    source_cell = NotebookNode(cell(SOURCE, "double-test"))
    outcome = CellOutcome(status, "NameError", "name 'table' is not defined")
    result = scoring.score(source_cell, source_cell, outcome, left_out="It was too long.")
    assert result.points == (2 if status == "ran" else None)
    assert ("It was too long." in result.reason) is (status == "raised")
