"""Item statistics agree with closed forms, and the table shows them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.__main__ import main
from autograder.reports import item_analysis
from autograder.reports.item_analysis import Item
from tests.autograder.runs import inline_run, slow
from tests.autograder.small import LESSON

DICHOTOMOUS = st.lists(st.sampled_from([0.0, 1.0]), min_size=4, max_size=4)
POINTS = st.lists(st.floats(0, 10).map(lambda x: round(x, 2)), min_size=5, max_size=5)


def test_correlation_with_a_dichotomous_item_is_point_biserial() -> None:
    item, points = [0, 0, 1, 1, 1], [2.0, 4.0, 5.0, 7.0, 9.0]
    p = 3 / 5
    mean = sum(points) / 5
    deviation = math.sqrt(sum((x - mean) ** 2 for x in points) / 5)
    expected = (7.0 - 3.0) / deviation * math.sqrt(p * (1 - p))  # (M1 - M0) / s * sqrt(p q)
    assert item_analysis.correlation(item, points) == pytest.approx(expected, rel=1e-9)


def test_correlation_is_undefined_without_variation() -> None:
    assert item_analysis.correlation([1, 1], [0, 5]) is None
    assert item_analysis.correlation([0.1] * 3, [0, 5, 7]) is None
    assert item_analysis.correlation([], []) is None


@given(POINTS, POINTS)
def test_correlation_is_the_textbook_formula(x: list[float], y: list[float]) -> None:
    if max(x) == min(x) or max(y) == min(y):
        assert item_analysis.correlation(x, y) is None
        return
    mean_x, mean_y = math.fsum(x) / 5, math.fsum(y) / 5
    covariance = math.fsum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True))
    squares_x = math.fsum((a - mean_x) ** 2 for a in x)
    squares_y = math.fsum((b - mean_y) ** 2 for b in y)
    expected = covariance / math.sqrt(squares_x * squares_y)
    assert item_analysis.correlation(x, y) == pytest.approx(expected, abs=1e-9)


def test_discrimination_excludes_the_item_from_the_total() -> None:
    first, second = [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]
    total = [a + b for a, b in zip(first, second, strict=True)]
    assert item_analysis.correlation(first, total) == pytest.approx(math.sqrt(0.5))
    assert item_analysis.discrimination(first, total) == pytest.approx(0)  # they are independent


def test_alpha_of_two_parallel_items_is_spearman_brown() -> None:
    # Two items with equal variances that correlate by r: alpha is 2 r / (1 + r).
    first, second = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0]
    r = item_analysis.correlation(first, second)
    assert r == pytest.approx(1 / 3)
    alpha = item_analysis.cronbach_alpha([first, second])
    assert alpha == pytest.approx(2 * (1 / 3) / (1 + 1 / 3), rel=1e-9)
    assert item_analysis.cronbach_alpha([first] * 5) == pytest.approx(1)
    assert item_analysis.cronbach_alpha([[0, 0, 1, 1], [0, 1, 0, 1]]) == pytest.approx(0)


@pytest.mark.parametrize("items", [[], [[0, 1]], [[1, 1], [0, 0]], [[], []]])
def test_alpha_is_undefined_without_variation_or_items(items: list[list[float]]) -> None:
    assert item_analysis.cronbach_alpha(items) is None


@given(st.lists(DICHOTOMOUS, min_size=2, max_size=5))
def test_alpha_of_dichotomous_items_is_kuder_richardson_20(items: list[list[float]]) -> None:
    total = [sum(column) for column in zip(*items, strict=True)]
    mean = sum(total) / 4
    variance = sum((x - mean) ** 2 for x in total) / 4
    alpha = item_analysis.cronbach_alpha(items)
    if variance == 0:
        assert alpha is None
        return
    k = len(items)
    item_variances = sum((p := sum(item) / 4) * (1 - p) for item in items)
    assert alpha == pytest.approx(k / (k - 1) * (1 - item_variances / variance), abs=1e-9)


def test_the_table_shows_how_often_each_option_was_chosen() -> None:
    options = (("the right | one", True), ("a wrong one", False))
    earned = {"ada": 1.0, "bob": 0.0, "cem": 1.0, "dee": None}
    chosen = {"ada": (0,), "bob": (1,), "cem": (0,), "dee": (0, 1)}
    items = [
        Item("easy", 1.0, earned, options, chosen),
        Item("test", 2.0, {"ada": 2.0, "bob": 1.0, "cem": 2.0, "dee": 0.0}),
    ]
    lines = item_analysis.format_table(items).splitlines()
    assert "| **easy** | 3 | 67% | 67% | 1.00 |" in lines
    assert r"| [x] the right \| one | 75% | | | |" in lines
    assert "| [ ] a wrong one | 50% | | | |" in lines
    assert "| **test** | 4 | 62% | 50% | 1.00 |" in lines
    assert "3 students with all cells graded." in lines
    assert "Cronbach's alpha of the questions: -." in lines
    assert "Cronbach's alpha of all graded cells: 1.00." in lines


def test_the_table_copes_with_ungraded_cells() -> None:
    lines = item_analysis.format_table([Item("essay", 1.0, {"ada": None})]).splitlines()
    assert "| **essay** | 0 | - | - | - |" in lines
    assert "0 students with all cells graded." in lines


def test_statistics_outside_a_course_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["statistics", LESSON, "--root", str(tmp_path)]) == 1
    assert "has no nbgrader_config.py" in capsys.readouterr().err


class TestCommand:
    pytestmark = slow

    def test_statistics_of_a_graded_class(
        self, new_course: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        course = new_course("told")
        assert main(["statistics", LESSON, "--root", str(course)]) == 1
        assert f"No submission of {LESSON} has been graded yet." in capsys.readouterr().err
        list(inline_run(course).grade())
        assert main(["statistics", LESSON, "--root", str(course)]) == 0
        output = capsys.readouterr().out
        # One is unreadable, one has ticked two options, one has ended its kernel; two are correct.
        assert "| **single** | 4 | 75% | 75% |" in output
        assert "| [x] the second of them | 100% |" in output
        assert "4 students with all cells graded." in output


def test_the_table_shows_the_most_frequent_wrong_answers_of_a_field() -> None:
    typed: dict[str, tuple[str, ...]] = {
        "ada": ("30",),
        "bob": ("784",),
        "cem": ("784",),
        "dee": ("a|b",),
    }
    earned: dict[str, float | None] = dict.fromkeys(typed, 0.0)
    chosen: dict[str, tuple[int, ...]] = {"ada": (0,), "bob": (), "cem": (), "dee": ()}
    options = (("It has [[30]] numbers", True),)
    item = Item("size", 1.0, earned, options, chosen, typed=typed)
    lines = item_analysis.format_table([item]).splitlines()
    assert "| [x] It has [[30]] numbers | 25% | | | |" in lines
    assert "| [ ] 784 | 50% | | | |" in lines
    assert "| [ ] a\\|b | 25% | | | |" in lines
