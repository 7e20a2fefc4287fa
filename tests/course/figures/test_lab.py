"""The figures of lesson 5 and the numbers in their descriptions."""

from __future__ import annotations

import re

import numpy as np
import pytest

from course.figures import lab
from tests.course.pictures import check_pictures

RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 784))


def test_the_ladder_describes_every_method_on_both_sides() -> None:
    picture = lab.ladder({"mean image": 34.05, "PCA": 3.87}, {"PCA": 13.87, "the paper": 3.0})
    check_pictures([picture])
    assert "the data in use: mean image 34.05, PCA 3.87" in picture.alt
    assert "MNIST: PCA 13.87, the paper 3.00" in picture.alt
    labels = [text.get_text() for text in picture.axes[0].get_yticklabels()]
    assert labels == ["mean image", "PCA", "the paper"]


def test_a_ladder_can_have_one_side_only() -> None:
    assert "MNIST: nothing" in lab.ladder({"PCA": 3.87}, {}).alt


def test_faces_are_named_and_dark_where_zero() -> None:
    picture = lab.faces(np.zeros((2, 784)), ["happy", "sad"])
    check_pictures([picture], min_chars=20)
    assert "2 faces: happy, sad" in picture.alt
    (shown,) = picture.axes[0].images
    assert np.asarray(shown.get_array()).min() == 1  # full ink


def test_a_face_without_a_name_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"names must have one entry per image \(4\), got 1"):
        lab.faces(IMAGES, ["happy"])


def test_copies_describe_their_errors() -> None:
    worse = IMAGES.copy()
    worse[:, :4] += 1  # four pixels wrong by 1
    picture = lab.copies({"original": IMAGES, "good": IMAGES, "bad": worse})
    check_pictures([picture])
    assert "good: mean error of the images shown 0.0" in picture.alt
    assert "bad: mean error of the images shown 4.0" in picture.alt
    titles = [axes.get_title() for axes in picture.axes]
    assert titles == [""] * 4 + ["0.0"] * 4 + ["4.0"] * 4


def test_one_row_is_enough_and_photographs_are_inverted() -> None:
    picture = lab.copies({"faces": np.ones((3, 784))}, photographs=True)
    (shown,) = picture.axes[0].images
    assert np.asarray(shown.get_array()).max() == 0


def test_rows_of_different_lengths_are_rejected() -> None:
    with pytest.raises(ValueError, match="one copy for each original"):
        lab.copies({"original": IMAGES, "copy": IMAGES[:3]})


def test_a_walk_describes_its_ends() -> None:
    picture = lab.walk({"mixed pixels": IMAGES, "mixed codes": IMAGES}, ("a 0", "a 3"))
    check_pictures([picture])
    assert re.search("4 steps from a 0 on the left to a 3", picture.alt)


def test_a_shorter_walk_leaves_panels_empty() -> None:
    picture = lab.walk({"long": IMAGES, "short": IMAGES[:3]}, ("a 0", "a 3"))
    assert [axes.axison for axes in picture.axes] == [True] * 7 + [False]


def test_around_has_a_row_for_each_distance() -> None:
    picture = lab.around({0.2: IMAGES, 2.0: IMAGES}, IMAGES[0])
    check_pictures([picture])
    assert "0.2, 2 standard deviations" in picture.alt
    assert len(picture.axes) == 2 * 5


def test_the_meter_describes_what_raises_the_alarm() -> None:
    picture = lab.meter({"digits": [1.0, 2.0, 3.0], "faces": [40.0, 50.0]}, 5.0)
    check_pictures([picture])
    assert "digits: median 2.0, 0% above" in picture.alt
    assert "faces: median 45.0, 100% above" in picture.alt


def test_the_roc_curve_describes_its_area_and_each_alarm() -> None:
    errors, anomaly = [1.0, 2.0, 3.0, 4.0], [False, False, True, True]
    picture = lab.roc(errors, anomaly, {"low": 0.0, "careful": 1.0, "exact": 2.0, "high": 3.0})
    check_pictures([picture])
    assert "area of 1.00" in picture.alt
    assert "low: 100% caught, 100% of the normal stopped; careful: 100% caught, 50%" in picture.alt
    assert "exact: 100% caught, 0% of the normal stopped; high: 50% caught, 0%" in picture.alt
    assert "area of 0.50" in lab.roc([1.0, 1.0], [True, False], {"any": 1.0}).alt


def test_splits_are_described_side_by_side() -> None:
    errors = {"by person": {"PCA": 14.0}, "at random": {"PCA": 11.0}}
    picture = lab.splits(errors)
    check_pictures([picture])
    assert "by person: PCA 14.00; at random: PCA 11.00" in picture.alt


def test_probes_are_described_by_number_of_examples() -> None:
    picture = lab.probes({"code": [0.5, 0.9], "pixels": [0.4, 0.9]}, [25, 1000])
    check_pictures([picture])
    assert "code: 50% with 25, 90% with 1,000" in picture.alt


@pytest.mark.parametrize("images", [np.zeros(784), np.zeros((2, 28, 28)), np.zeros((0, 784))])
def test_images_of_the_wrong_shape_are_rejected(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"original must be images of shape \(n, 784\), got"):
        lab.copies({"original": images})
