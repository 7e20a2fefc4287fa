"""The figures of lesson 7 and the numbers in their descriptions."""

from __future__ import annotations

import numpy as np

from course.figures import variational as figures
from tests.course.pictures import check_pictures

RNG = np.random.default_rng(0)
IMAGES = RNG.random((14, 784))


def test_planes_describe_where_the_codes_lie() -> None:
    codes = np.array([[-4.0, 1.0], [2.0, 3.0]])
    picture = figures.planes({"A": codes, "B": codes / 2}, [0, 1], ["0", "1"], ["B"])
    check_pictures([picture])
    assert "A: from -4.0 to 2.0 and from 1.0 to 3.0" in picture.alt
    assert [len(axes.patches) for axes in picture.axes] == [0, 3]


def test_samples_show_a_question_mark_where_the_classifier_is_not_sure() -> None:
    shares = np.full((14, 10), 0.05)
    shares[:7, 4] = 0.95
    picture = figures.samples({"random": (IMAGES, shares)})
    check_pictures([picture])
    titles = [axes.get_title() for axes in picture.axes]
    assert titles == ["4"] * 7 + ["?"] * 5
    assert "random: 50% of 14" in picture.alt


def test_used_counts_the_numbers_that_cost_something() -> None:
    picture = figures.used({"β = 1": [0.001, 3.0, 2.0], "β = 9": [0.0, 0.0, 0.5]})
    check_pictures([picture])
    assert "β = 1: 2 of 3 cost more than 0.01, 5.0 in all" in picture.alt
    assert [len(axes.patches) for axes in picture.axes] == [3, 3]


def test_blur_measures_the_copy_against_the_mean_and_the_original() -> None:
    mean = IMAGES.mean(axis=0)
    picture = figures.blur(IMAGES[0], IMAGES, mean, mean)
    check_pictures([picture])
    assert "differs from the mean by a squared error of 0.0" in picture.alt


def test_the_plane_and_the_family_are_described() -> None:
    check_pictures([figures.plane(0.0), figures.plane(1.0), figures.family()])
    assert "diffusion to latent diffusion" in figures.family().alt
