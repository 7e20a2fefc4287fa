"""The figures of lesson 6 draw what they say, and say it with the right numbers."""

from __future__ import annotations

import doctest

import pytest

from course import drawing
from course.figures import drawing as figures
from course.figures.picture import Picture
from tests.course.pictures import speak


def test_the_example_in_the_docstring_holds() -> None:
    assert doctest.testmod(figures).failed == 0


def all_figures() -> list[Picture]:
    found = drawing.preprocess(drawing.stored()["5"].rgba)
    return [
        figures.stages(found),
        figures.stages(drawing.preprocess(drawing.stored()["5"].rgba, "lecture"), "The lecture's"),
        figures.answers([(f"a {n}", found.vector, f"read as {n}") for n in range(8)]),
        figures.shares({"MNIST's way": 0.98, "the lecture's way": 0.5}, "100 drawings"),
    ]


def test_every_figure_speaks_and_makes_a_png() -> None:
    speak(all_figures())


@pytest.mark.parametrize("way", drawing.WAYS)
def test_the_stages_are_told_with_shape_type_and_range(way: drawing.Way) -> None:
    found = drawing.preprocess(drawing.stored()["1"].rgba, way)
    alt = figures.stages(found).alt
    for number, stage in enumerate(found.stages):
        assert f"{number} {stage.name}, {'×'.join(map(str, stage.shape))}, {stage.dtype}" in alt
    assert f"{stage.range}." in alt


def test_the_box_is_drawn_where_the_ink_is() -> None:
    found = drawing.preprocess(drawing.stored()["small"].rgba)
    (box,) = figures.stages(found).axes[0].patches
    assert box.get_bbox().bounds == (  # type: ignore[attr-defined]  # it is a Rectangle
        found.box.left - 0.5,
        found.box.top - 0.5,
        found.box.width,
        found.box.height,
    )


def test_the_shares_are_told() -> None:
    alt = figures.shares({"one": 0.976, "two": 0.1}, "9 digits").alt
    assert alt == "Shares of right answers of 9 digits: one 98%, two 10%."
