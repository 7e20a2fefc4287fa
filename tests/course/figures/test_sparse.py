"""The figures of lesson 8 and the numbers in their descriptions."""

from __future__ import annotations

import numpy as np

from course.figures import sparse as figures
from tests.course.pictures import check_pictures

IMAGES = np.random.default_rng(0).random((6, 784))


def test_directions_name_what_is_stored() -> None:
    picture = figures.directions({"A": [[1.0, 0.0], [0.0, 1.0], [0.1, 0.0]], "B": np.eye(2)})
    check_pictures([picture])
    assert "A: 2 of 3 stored (1 at 0°, 2 at 90°); B: 2 of 2" in picture.alt


def test_phases_count_the_arrangements() -> None:
    grid = [[2, 2, 0, 0], [2, 1, 1, 1]]
    picture = figures.phases({"A": grid, "B": grid}, [0.1, 0.3, 0.5, 1.0], [0.5, 2.0])
    check_pictures([picture])
    assert "A: ignored 25%, own dimension 38%, superposition 38%" in picture.alt


def test_rows_of_digits_are_named() -> None:
    picture = figures.strongest({"unit 3": IMAGES, "loop": IMAGES})
    check_pictures([picture])
    assert "2 rows of 6 digits" in picture.alt
    assert picture.alt.endswith("unit 3, loop.")


def test_what_fired_is_described_with_its_strength() -> None:
    strengths = np.zeros(127)
    strengths[99] = 3.25
    picture = figures.fired(IMAGES[:1], strengths, [99])
    check_pictures([picture])
    assert "bar of a 7 3.2" in picture.alt
