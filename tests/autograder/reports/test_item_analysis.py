"""What the answers tell, against closed forms."""

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
from tests.autograder.runs import run, slow
from tests.autograder.small import LESSON

SCORES = st.lists(st.sampled_from([0.0, 1.0]), min_size=4, max_size=4)


def test_right_or_wrong_gives_the_point_biserial() -> None:
    right, points = [0, 0, 1, 1, 1], [2.0, 4.0, 5.0, 7.0, 9.0]
    share = 3 / 5
    mean = sum(points) / 5
    spread = math.sqrt(sum((each - mean) ** 2 for each in points) / 5)
    expected = (7.0 - 3.0) / spread * math.sqrt(share * (1 - share))  # (M1 - M0) / s * sqrt(p q)
    assert item_analysis.correlation(right, points) == pytest.approx(expected)
    assert item_analysis.correlation([1, 1], [0, 5]) is None


def test_a_question_is_held_against_the_rest_alone() -> None:
    first, second = [0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 1.0]
    total = [one + two for one, two in zip(first, second, strict=True)]
    assert item_analysis.correlation(first, total) == pytest.approx(math.sqrt(0.5))
    assert item_analysis.discrimination(first, total) == pytest.approx(0)  # they know nothing of it


def test_alpha_of_parallel_items_is_spearman_and_browns() -> None:
    # Two items that correlate by r: alpha is 2 r / (1 + r).
    first, second = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0]
    r = item_analysis.correlation(first, second)
    assert r == pytest.approx(1 / 3)
    assert item_analysis.alpha([first, second]) == pytest.approx(2 * (1 / 3) / (1 + 1 / 3))
    assert item_analysis.alpha([first] * 5) == pytest.approx(1)
    assert item_analysis.alpha([[0, 0, 1, 1], [0, 1, 0, 1]]) == pytest.approx(0)
    assert item_analysis.alpha([[0, 1]]) is None
    assert item_analysis.alpha([[1, 1], [0, 0]]) is None
    assert item_analysis.alpha([]) is None


@given(st.lists(SCORES, min_size=2, max_size=5))
def test_alpha_of_right_and_wrong_is_kuder_and_richardsons(items: list[list[float]]) -> None:
    total = [sum(each) for each in zip(*items, strict=True)]
    mean = sum(total) / 4
    variance = sum((each - mean) ** 2 for each in total) / 4
    found = item_analysis.alpha(items)
    if variance == 0:
        assert found is None
        return
    k = len(items)
    unsure = sum((share := sum(item) / 4) * (1 - share) for item in items)
    assert found == pytest.approx(k / (k - 1) * (1 - unsure / variance))


def test_the_table_shows_how_often_each_option_was_taken() -> None:
    options = (("the right | one", True), ("a wrong one", False))
    earned = {"ada": 1.0, "bob": 0.0, "cem": 1.0, "dee": None}
    chosen = {"ada": (0,), "bob": (1,), "cem": (0,), "dee": (0, 1)}
    items = [
        Item("easy", 1.0, earned, options, chosen),
        Item("test", 2.0, {"ada": 2.0, "bob": 1.0, "cem": 2.0, "dee": 0.0}),
    ]
    lines = item_analysis.table(items).splitlines()
    assert "| **easy** | 3 | 67% | 67% | 1.00 |" in lines
    assert r"| [x] the right \| one | 75% | | | |" in lines
    assert "| [ ] a wrong one | 50% | | | |" in lines
    assert "| **test** | 4 | 62% | 50% | 1.00 |" in lines
    assert "3 students whose points are all decided." in lines
    assert "Cronbach's alpha of the questions: -." in lines
    assert "Cronbach's alpha of all that is graded: 1.00." in lines


def test_it_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["statistics", LESSON, "--root", str(tmp_path)]) == 1
    assert "has no nbgrader_config.py" in capsys.readouterr().err


class TestCommand:
    pytestmark = slow

    def test_a_graded_class_is_told(
        self, new_course: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
    ) -> None:
        course = new_course("told")
        assert main(["statistics", LESSON, "--root", str(course)]) == 1
        assert f"Nobody's {LESSON} is graded yet." in capsys.readouterr().err
        list(run(course).grade())
        assert main(["statistics", LESSON, "--root", str(course)]) == 0
        said = capsys.readouterr().out
        # One can't be read, one has ticked two, one has ended its kernel; two have all right.
        assert "| **single** | 4 | 75% | 75% |" in said
        assert "| [x] the second of them | 80% |" in said
        assert "4 students whose points are all decided." in said
