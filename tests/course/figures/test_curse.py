"""The figures of lesson 2 and the numbers in their descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from course import curse
from course.figures import curse as figures
from course.figures.picture import Picture
from tests.course.pictures import check_pictures


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


def test_every_figure_has_a_description_and_a_png() -> None:
    check_pictures(all_figures(), min_chars=80)


def test_sparsity_counts_the_occupied_cells() -> None:
    points = np.random.default_rng(5).random((12, 3))
    alt = figures.sparsity(n=12, bins=4, seed=5).alt
    for d in (1, 2, 3):
        assert f"{curse.count_occupied(points[:, :d], 4)} of {4**d}" in alt


def test_the_rates_description_has_both_slopes() -> None:
    sizes = [100, 1000, 10_000]
    alt = figures.rates(sizes, {3: [m**-0.3 for m in sizes]}).alt
    assert "3-D: measured slope -0.30, Stone -0.29" in alt


def test_the_costs_description_has_the_slope() -> None:
    widths = [100, 200, 400]
    assert "slope is 1.00" in figures.costs(widths, [1e-5 * d for d in widths]).alt
    assert "slope is 2.00" in figures.costs(widths, [1e-8 * d * d for d in widths]).alt


def test_the_contrasts_description_has_every_group() -> None:
    alt = figures.contrasts({"a": [1.0, 3.0], "b": [2.0, 2.5]}).alt
    assert "a: the farthest is 3.00 times" in alt
    assert "b: the farthest is 1.25 times" in alt


@pytest.mark.parametrize("n", [1, 40])
def test_overlap_describes_the_number_of_examples(n: int) -> None:
    alt = figures.overlap(n=n).alt
    assert f"Learned from {n} examples" in alt


def test_concentration_draws_smooth_densities_that_rise_and_fall_once() -> None:
    picture = figures.concentration((2, 1000))
    for line in picture.axes[0].get_lines():
        heights = np.asarray(line.get_ydata(), dtype=float)
        top = int(heights.argmax())
        assert (np.diff(heights[: top + 1]) >= -0.004).all()
        assert (np.diff(heights[top:]) <= 0.004).all()
        assert heights[0] < 0.05  # no two points are at the same place


def test_costs_have_more_than_two_ticks_and_overlap_shows_every_point() -> None:
    costs = figures.costs([64, 512, 4096], [0.00017, 0.0009, 0.0053])
    assert len(costs.axes[0].get_yticks()) > 4
    clouds = figures.overlap().axes[0]
    low, high = clouds.get_ylim()
    for dots in clouds.collections:
        heights = np.asarray(dots.get_offsets())[:, 1]
        assert low < heights.min()
        assert heights.max() < high
