"""The figures of lesson 3 and the numbers in their descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from course.figures import comparison as figures
from course.figures.picture import Picture
from tests.course.pictures import check_pictures

rng = np.random.default_rng(0)
CLASSES = np.repeat([0, 1, 2], 12)
CLUSTERS = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])[CLASSES] + rng.normal(size=(36, 2))
NAMES = ("wool", "coal", "rain")


def all_figures() -> list[Picture]:
    axes = np.linalg.qr(rng.normal(size=(784, 3)))[0].T
    return [
        figures.maps({"LSA": CLUSTERS, "autoencoder": -CLUSTERS}, CLASSES, NAMES),
        figures.axes({"PCA": axes, "network": axes[::-1]}),
        figures.subspaces({"a and b": [1.0, 2.0, 60.0], "a and c": [80.0, 85.0, 90.0]}),
        figures.ladder({"mean image": 52.9, "PCA": 13.87, "autoencoder": 3.0}),
        figures.sheets({"PCA": rng.random((9, 784)), "network": rng.random((9, 784))}),
    ]


def test_every_figure_has_a_description_and_a_png() -> None:
    check_pictures(all_figures())


def test_the_maps_description_says_how_pure_neighborhoods_are() -> None:
    mixed = rng.permutation(CLUSTERS)
    alt = figures.maps({"clustered": CLUSTERS, "mixed": mixed}, CLASSES, NAMES).alt
    assert "clustered: of the 5 nearest neighbors of a point, 100% have its label" in alt
    assert "mixed: of the 5 nearest neighbors of a point, 100%" not in alt
    assert "wool, coal, rain" in alt


def test_an_outlier_does_not_squeeze_the_other_points() -> None:
    points = rng.normal(size=(400, 2))
    points[7] = 1e6
    picture = figures.maps({"PCA": points}, np.zeros(400, int), ["all"])
    assert picture.axes[0].get_xlim()[1] < 10


def test_classes_differ_in_shape_and_color() -> None:
    picture = figures.maps({"PCA": CLUSTERS}, CLASSES, NAMES)
    groups = picture.axes[0].collections
    colors = {np.asarray(group.get_facecolor()).tobytes() for group in groups}
    shapes = {np.asarray(group.get_paths()[0].vertices).tobytes() for group in groups}
    assert len(colors) == len(shapes) == len(NAMES)


def test_the_axes_description_has_the_largest_overlap() -> None:
    axes = np.linalg.qr(rng.normal(size=(784, 3)))[0].T
    alt = figures.axes({"PCA": axes, "same": -axes}).alt
    assert (
        "same: the largest overlap between one of its axes and one of the first row is 1.00" in alt
    )


def test_angles_and_errors_are_described() -> None:
    alt = figures.subspaces({"a and b": [1.0, 2.5]}).alt
    assert "a and b: from 1.0 to 2.5 degrees" in alt
    assert "PCA 13.87; autoencoder 3.00" in figures.ladder({"PCA": 13.87, "autoencoder": 3.0}).alt


def test_the_sheets_description_compares_adjacent_images() -> None:
    grid = np.repeat(np.arange(3) / 10, 3)[:, None] * np.ones(784)  # the same along each row
    any_two = ((grid[:, None] - grid[None]) ** 2).sum(axis=2).sum() / 72
    alt = figures.sheets({"rows": grid, "flat": grid * 0}).alt
    assert f"rows: 0.0 side by side, {any_two:.1f} for any two" in alt
    assert "flat: 0.0 side by side, 0.0 for any two" in alt


def test_invalid_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"codes of PCA must have shape \(36, 2\).*got \(36, 3\)"):
        figures.maps({"PCA": np.zeros((36, 3))}, CLASSES, NAMES)
    with pytest.raises(ValueError, match=r"rows must have the same number of axes, got \[2, 3\]"):
        figures.axes({"a": np.ones((3, 784)), "b": np.ones((2, 784))})
    with pytest.raises(ValueError, match="images of PCA must make a square grid, got 8"):
        figures.sheets({"PCA": np.zeros((8, 784))})
