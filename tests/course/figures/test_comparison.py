"""The figures of lesson 3 draw what they say, and say it with the right numbers."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from course.figures import comparison as figures
from course.figures.picture import Picture
from tests.course.pictures import speak

rng = np.random.default_rng(0)
CLASSES = np.repeat([0, 1, 2], 12)
APART = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])[CLASSES] + rng.normal(size=(36, 2))
NAMES = ("wool", "coal", "rain")


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(figures).failed == 0


def all_figures() -> list[Picture]:
    axes = np.linalg.qr(rng.normal(size=(784, 3)))[0].T
    return [
        figures.maps({"LSA": APART, "autoencoder": -APART}, CLASSES, NAMES),
        figures.axes({"PCA": axes, "network": axes[::-1]}),
        figures.subspaces({"a and b": [1.0, 2.0, 60.0], "a and c": [80.0, 85.0, 90.0]}),
        figures.ladder({"mean image": 52.9, "PCA": 13.87, "autoencoder": 3.0}),
        figures.sheets({"PCA": rng.random((9, 784)), "network": rng.random((9, 784))}),
    ]


def test_every_figure_speaks_and_makes_a_png() -> None:
    speak(all_figures())


def test_maps_tell_how_pure_the_neighbourhoods_are() -> None:
    mixed = rng.permutation(APART)
    alt = figures.maps({"apart": APART, "mixed": mixed}, CLASSES, NAMES).alt
    assert "apart: of the 5 nearest neighbours of a point, 100% have its label" in alt
    assert "mixed: of the 5 nearest neighbours of a point, 100%" not in alt
    assert "wool, coal, rain" in alt


def test_a_point_far_out_does_not_press_the_others_together() -> None:
    many = rng.normal(size=(400, 2))
    many[7] = 1e6
    picture = figures.maps({"PCA": many}, np.zeros(400, int), ["all"])
    assert picture.axes[0].get_xlim()[1] < 10


def test_classes_differ_in_shape_and_colour() -> None:
    picture = figures.maps({"PCA": APART}, CLASSES, NAMES)
    shown = picture.axes[0].collections
    colours = {np.asarray(one.get_facecolor()).tobytes() for one in shown}
    shapes = {np.asarray(one.get_paths()[0].vertices).tobytes() for one in shown}
    assert len(colours) == len(shapes) == len(NAMES)


def test_axes_tell_how_far_they_overlap() -> None:
    axes = np.linalg.qr(rng.normal(size=(784, 3)))[0].T
    same = figures.axes({"PCA": axes, "same": -axes})
    assert "same: the largest overlap of one of its axes with one of the first row's is 1.00" in (
        same.alt
    )


def test_angles_and_errors_are_told() -> None:
    alt = figures.subspaces({"a and b": [1.0, 2.5]}).alt
    assert "a and b: from 1.0 to 2.5 degrees" in alt
    assert "PCA 13.87; autoencoder 3.00" in figures.ladder({"PCA": 13.87, "autoencoder": 3.0}).alt


def test_sheets_tell_how_far_neighbours_are_apart() -> None:
    grid = np.repeat(np.arange(3) / 10, 3)[:, None] * np.ones(784)  # the same along each row
    any_two = ((grid[:, None] - grid[None]) ** 2).sum(axis=2).sum() / 72
    alt = figures.sheets({"rows": grid, "flat": grid * 0}).alt
    assert f"rows: 0.0 side by side, {any_two:.1f} for any two" in alt
    assert "flat: 0.0 side by side, 0.0 for any two" in alt


def test_what_does_not_fit_is_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match=r"codes of PCA: shape \(36, 3\); two numbers .* \(36, 2\)"
    ):
        figures.maps({"PCA": np.zeros((36, 3))}, CLASSES, NAMES)
    with pytest.raises(ValueError, match=r"\[2, 3\] axes; all rows need as many"):
        figures.axes({"a": np.ones((3, 784)), "b": np.ones((2, 784))})
    with pytest.raises(ValueError, match="8 of them make no square grid"):
        figures.sheets({"PCA": np.zeros((8, 784))})
