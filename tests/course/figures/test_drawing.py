"""The figures of lesson 6 and the numbers in their descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from course import drawing
from course.figures import drawing as figures
from course.figures.picture import Picture
from tests.course.pictures import check_pictures


def all_figures() -> list[Picture]:
    preprocessed = drawing.preprocess(drawing.stored()["5"].rgba)
    return [
        figures.stages(preprocessed),
        figures.stages(drawing.preprocess(drawing.stored()["5"].rgba, "lecture"), "The lecture's"),
        figures.answers([(f"a {n}", preprocessed.vector, f"read as {n}") for n in range(8)]),
        figures.shares({"MNIST's way": 0.98, "the lecture's way": 0.5}, "100 drawings"),
    ]


def test_every_figure_has_a_description_and_a_png() -> None:
    check_pictures(all_figures())


@pytest.mark.parametrize("way", drawing.WAYS)
def test_the_stages_are_described_with_shape_type_and_range(way: drawing.Way) -> None:
    preprocessed = drawing.preprocess(drawing.stored()["1"].rgba, way)
    alt = figures.stages(preprocessed).alt
    for number, stage in enumerate(preprocessed.stages):
        assert f"{number} {stage.name}, {'×'.join(map(str, stage.shape))}, {stage.dtype}" in alt
    assert f"{stage.range}." in alt


def test_the_box_surrounds_the_ink() -> None:
    preprocessed = drawing.preprocess(drawing.stored()["small"].rgba)
    (box,) = figures.stages(preprocessed).axes[0].patches
    assert box.get_bbox().bounds == (  # type: ignore[attr-defined]  # it is a Rectangle
        preprocessed.box.left - 0.5,
        preprocessed.box.top - 0.5,
        preprocessed.box.width,
        preprocessed.box.height,
    )


def test_the_shares_are_described() -> None:
    alt = figures.shares({"one": 0.976, "two": 0.1}, "9 digits").alt
    assert alt == "Share of right answers for 9 digits: one 98%, two 10%."


@pytest.mark.parametrize(("count", "columns"), [(6, 6), (7, 7), (8, 4), (9, 5)])
def test_answers_fill_their_rows(count: int, columns: int) -> None:
    picture = figures.answers([("a", np.zeros(784), "b")] * count)
    left = {round(axes.get_position().x0, 2) for axes in picture.axes}
    assert len(left) == columns
