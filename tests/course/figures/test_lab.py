"""The figures of lesson 5 say in words what they show."""

from __future__ import annotations

import doctest
import re

import numpy as np
import pytest

from course.figures import lab
from tests.course.pictures import speak

RNG = np.random.default_rng(0)
IMAGES = RNG.random((4, 784))


def test_the_docstrings_hold() -> None:
    assert doctest.testmod(lab).failed == 0


def test_the_ladder_names_every_rung_on_both_sides() -> None:
    picture = lab.ladder({"mean image": 34.05, "PCA": 3.87}, {"PCA": 13.87, "the paper": 3.0})
    speak([picture])
    assert "the data in use: mean image 34.05, PCA 3.87" in picture.alt
    assert "MNIST: PCA 13.87, the paper 3.00" in picture.alt
    labels = [text.get_text() for text in picture.axes[0].get_yticklabels()]
    assert labels == ["mean image", "PCA", "the paper"]


def test_a_ladder_may_have_one_side_only() -> None:
    assert "MNIST: nothing" in lab.ladder({"PCA": 3.87}, {}).alt


def test_faces_are_named_and_dark_where_zero() -> None:
    picture = lab.faces(np.zeros((2, 784)), ["happy", "sad"])
    speak([picture], shortest=20)
    assert "2 faces: happy, sad" in picture.alt
    (shown,) = picture.axes[0].images
    assert np.asarray(shown.get_array()).min() == 1  # full ink


def test_a_face_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="names: 1 for 4 images"):
        lab.faces(IMAGES, ["happy"])


def test_copies_tell_their_errors() -> None:
    worse = IMAGES.copy()
    worse[:, :4] += 1  # four pixels wrong by 1
    picture = lab.copies({"original": IMAGES, "good": IMAGES, "bad": worse})
    speak([picture])
    assert "good: mean error of those shown 0.0" in picture.alt
    assert "bad: mean error of those shown 4.0" in picture.alt
    titles = [axes.get_title() for axes in picture.axes]
    assert titles == [""] * 4 + ["0.0"] * 4 + ["4.0"] * 4


def test_one_row_may_stand_alone_and_photographs_are_turned_round() -> None:
    picture = lab.copies({"faces": np.ones((3, 784))}, photographs=True)
    (shown,) = picture.axes[0].images
    assert np.asarray(shown.get_array()).max() == 0


def test_a_copy_for_each_original() -> None:
    with pytest.raises(ValueError, match="one copy for each original"):
        lab.copies({"original": IMAGES, "copy": IMAGES[:3]})


def test_a_walk_names_its_ends() -> None:
    picture = lab.walk({"mixed pixels": IMAGES, "mixed codes": IMAGES}, ("a 0", "a 3"))
    speak([picture])
    assert re.search("4 steps from a 0 on the left to a 3", picture.alt)


def test_a_shorter_walk_leaves_the_rest_of_its_row_empty() -> None:
    picture = lab.walk({"long": IMAGES, "short": IMAGES[:3]}, ("a 0", "a 3"))
    assert [axes.axison for axes in picture.axes] == [True] * 7 + [False]


def test_around_has_a_row_for_each_distance() -> None:
    picture = lab.around({0.2: IMAGES, 2.0: IMAGES}, IMAGES[0])
    speak([picture])
    assert "0.2, 2 spreads" in picture.alt
    assert len(picture.axes) == 2 * 5


def test_the_meter_tells_who_raises_the_alarm() -> None:
    picture = lab.meter({"digits": [1.0, 2.0, 3.0], "faces": [40.0, 50.0]}, 5.0)
    speak([picture])
    assert "digits: median 2.0, 0% above" in picture.alt
    assert "faces: median 45.0, 100% above" in picture.alt


def test_splits_stand_side_by_side() -> None:
    errors = {"by person": {"PCA": 14.0}, "at random": {"PCA": 11.0}}
    picture = lab.splits(errors)
    speak([picture])
    assert "by person: PCA 14.00; at random: PCA 11.00" in picture.alt


def test_probes_are_drawn_over_labelled_examples() -> None:
    picture = lab.probes({"code": [0.5, 0.9], "pixels": [0.4, 0.9]}, [25, 1000])
    speak([picture])
    assert "code: 50% with 25, 90% with the most" in picture.alt


@pytest.mark.parametrize("images", [np.zeros(784), np.zeros((2, 28, 28)), np.zeros((0, 784))])
def test_images_of_another_shape_are_refused(images: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"original: shape .*\(n, 784\) are right"):
        lab.copies({"original": images})
