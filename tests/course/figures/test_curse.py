"""The figures of lesson 2 draw what they say, and say it with the right numbers."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from course import curse
from course.figures import curse as figures
from course.figures.picture import Picture
from tests.course.pictures import speak


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(figures).failed == 0


def all_figures() -> list[Picture]:
    rng = np.random.default_rng(0)
    return [
        figures.sparsity(n=15, bins=4),
        figures.edges(),
        figures.overlap(n=8),
        figures.concentration((2, 50)),
        figures.contrasts({"near <1>": rng.random(50) + 1, "far": rng.random(50) + 9}),
        figures.rates([100, 1000], {1: [0.2, 0.1], 8: [0.7, 0.5]}),
        figures.costs([64, 128, 256], [0.001, 0.002, 0.004]),
    ]


def test_every_figure_speaks_and_makes_a_png() -> None:
    speak(all_figures(), shortest=80)


def test_sparsity_counts_the_cells_of_its_own_points() -> None:
    points = np.random.default_rng(5).random((12, 3))
    alt = figures.sparsity(n=12, bins=4, seed=5).alt
    for d in (1, 2, 3):
        assert f"{curse.count_occupied(points[:, :d], 4)} of {4**d}" in alt


def test_rates_tell_the_measured_slope_and_stones() -> None:
    sizes = [100, 1000, 10_000]
    alt = figures.rates(sizes, {3: [m**-0.3 for m in sizes]}).alt
    assert "3-D: measured slope -0.30, Stone -0.29" in alt


def test_costs_tell_the_slope() -> None:
    widths = [100, 200, 400]
    assert "slope is 1.00" in figures.costs(widths, [1e-5 * d for d in widths]).alt
    assert "slope is 2.00" in figures.costs(widths, [1e-8 * d * d for d in widths]).alt


def test_contrasts_tell_each_group() -> None:
    alt = figures.contrasts({"a": [1.0, 3.0], "b": [2.0, 2.5]}).alt
    assert "a: the farthest is 3.00 times" in alt
    assert "b: the farthest is 1.25 times" in alt


@pytest.mark.parametrize("n", [1, 40])
def test_the_best_number_of_features_is_where_the_curve_is_highest(n: int) -> None:
    alt = figures.overlap(n=n).alt
    assert f"Learned from {n} examples" in alt
