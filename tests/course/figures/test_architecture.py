"""The figures of lesson 4 and the numbers in their descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from course.figures import architecture as figures
from course.figures.picture import Picture
from tests.course.pictures import check_pictures


def all_figures() -> list[Picture]:
    rng = np.random.default_rng(0)
    return [
        figures.network([625, 2000, 1000, 500, 30], "Faces"),
        figures.convolutions([(28, 28, 1), (14, 14, 8), (7, 7, 16)], code=30, kernel=3),
        figures.rows({"input": rng.random((5, 784)), "output": rng.random((5, 784))}, "All noise."),
        figures.curves({"sum": [9.0, 3, 1], "mean": [9.0, 8, 7]}, ylabel="error"),
        figures.cross_entropy_floor(),
        figures.nudges([1e-8, 1e-5, 1e-2], [1e-6, 1e-9, 1e-5]),
        figures.twice(rng.normal(size=(3, 30)), rng.integers(0, 2, (3, 64))),
        figures.approach([1, 5, 50], [0.8, 0.4, 0.001], [54, 12, 0.1]),
        figures.trade({"one": [(900, 4.0), (100, 6.0)], "two": [(500, 3.0), (1500, 2.5)]}),
    ]


def test_every_figure_has_a_description_and_a_png() -> None:
    check_pictures(all_figures())


def test_the_network_description_has_layers_and_code() -> None:
    alt = figures.network([784, 1000, 500, 250, 30]).alt
    assert "784, 1000, 500, 250, 30, 250, 500, 1000, 784" in alt
    assert "code with 30 units" in alt


def test_the_convolutional_encoder_is_described_layer_by_layer() -> None:
    alt = figures.convolutions([(28, 28, 1), (7, 9, 16)], code=12, kernel=5).alt
    assert "28 by 28 with 1 channel, then 7 by 9 with 16 channels, then a code of 12" in alt
    assert "patch of 5 by 5" in alt


def test_the_minimum_for_a_gray_pixel_is_its_entropy() -> None:
    alt = figures.cross_entropy_floor().alt
    assert "0.00 for a pixel of 0" in alt
    assert f"{np.log(2):.2f} for a pixel of 0.5" in alt


@pytest.mark.parametrize("changed", [0, 3])
def test_twice_counts_the_changed_units(changed: int) -> None:
    hidden = np.zeros((2, 16))
    hidden[1, :changed] = 1
    alt = figures.twice(np.ones((2, 4)), hidden).alt
    assert f"16 hidden units, {changed} change between passes" in alt
    assert "differ by at most 0 between" in alt


def test_trade_names_the_best_of_each_kind() -> None:
    alt = figures.trade({"one": [(900, 4.0), (100, 6.0)], "two": [(500, 3.0)]}).alt
    assert "one: best 4.00 with 900 parameters" in alt
    assert "two: best 3.00 with 500 parameters" in alt


@pytest.mark.parametrize("columns", [6, 10])
def test_rows_of_images_are_large_and_close_together(columns: int) -> None:
    picture = figures.rows(
        {"one": np.zeros((columns, 784)), "two": np.zeros((columns, 784))}, "Two."
    )
    picture.draw_without_rendering()
    boxes = [axes.get_window_extent() for axes in picture.axes[:2]]
    width = boxes[0].width / picture.dpi * 96  # CSS pixels
    gap = (boxes[1].x0 - boxes[0].x1) / picture.dpi * 96
    assert width > 55
    assert gap < 0.25 * width
