"""Unreadable drawings and invalid canvases are rejected with helpful messages."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from course import drawing
from course.drawing import DrawingError


def test_a_blank_canvas_a_dot_and_two_digits_are_refused() -> None:
    stored = drawing.stored()
    for canvas, message in [
        (drawing.rasterise([]), "The canvas is empty. Draw one digit, 0 to 9."),
        (stored["dot"].rgba, "That is a dot"),
        (stored["two digits"].rgba, "There seem to be 2 digits"),
    ]:
        with pytest.raises(DrawingError, match=message):
            drawing.preprocess(canvas)


def test_three_digits_are_counted_and_a_star_passes() -> None:
    sticks = [[[x, 60], [x, 200]] for x in (60, 130, 200)]
    with pytest.raises(DrawingError, match="3 digits"):
        drawing.preprocess(drawing.rasterise(sticks))
    stacked = [[[100, y], [180, y], [120, y + 60]] for y in (20, 180)]
    with pytest.raises(DrawingError, match="2 digits"):
        drawing.preprocess(drawing.rasterise(stacked, pen=10))
    assert drawing.preprocess(drawing.stored()["star"].rgba).vector.max() == 1


TWO_STROKES = {
    "5": [[[200, 60], [120, 60]], [[112, 72], [105, 120], [170, 130], [150, 200], [90, 190]]],
    "5 with its bar far above": [
        [[215, 40], [120, 36]],
        [[112, 85], [105, 125], [170, 135], [150, 205], [90, 195]],
    ],
    "5 with its bar far to the right": [
        [[240, 75], [160, 70]],
        [[112, 72], [105, 120], [170, 130], [150, 200], [90, 190]],
    ],
    "7 with a bar beside its stem": [
        [[80, 40], [190, 40], [120, 220]],
        [[190, 140], [250, 130]],
    ],
    "4": [[[110, 40], [60, 140], [180, 140]], [[160, 60], [150, 230]]],
    "4 with its stem apart": [[[60, 40], [50, 150], [150, 150]], [[185, 60], [180, 230]]],
}


@pytest.mark.parametrize("name", TWO_STROKES)
def test_a_digit_of_two_strokes_with_a_gap_is_one_digit(name: str) -> None:
    assert drawing.preprocess(drawing.rasterise(TWO_STROKES[name], pen=6)).notes == ()


@pytest.mark.parametrize("gap", [26, 40, 80])
def test_two_wide_digits_are_two_digits_however_wide(gap: int) -> None:
    turn = np.linspace(0, 2 * np.pi, 40)
    zero = np.stack([60 + 40 * np.cos(turn), 140 + 50 * np.sin(turn)], axis=1)
    other = zero + np.array([80 + gap, 0])
    with pytest.raises(DrawingError, match="2 digits"):
        drawing.preprocess(drawing.rasterise([zero.tolist(), other.tolist()], pen=6))


def test_ink_at_the_edge_is_reported_but_accepted() -> None:
    original = drawing.stored()["3"]
    cut = [[[x - 90, y] for x, y in stroke] for stroke in original.strokes]
    result = drawing.preprocess(drawing.rasterise(cut, pen=18))
    assert result.notes == ("The ink touches the left edge; part of the digit may be cut off.",)
    assert result.vector.shape == (1, 784)


def test_the_canvas_need_not_be_square() -> None:
    original = drawing.stored()["9"]
    usual = drawing.preprocess(original.rgba).vector
    for width, height in [(280, 400), (500, 280)]:
        canvas = drawing.rasterise(original.strokes, width, height, original.pen)
        assert canvas.shape == (height, width, 4)
        assert (drawing.preprocess(canvas).vector == usual).all()


@pytest.mark.parametrize(
    ("strokes", "message"),
    [
        ("abc", "strokes must be .* got a str"),
        ([5], r"strokes\[0\] must be a list"),
        ([[[1, 2], [3]]], r"strokes\[0\]\[1\] must be a point"),
        ([[[1, 2], [float("nan"), 3]]], r"strokes\[0\]\[1\] must hold finite"),
        ([[["1", 2]]], r"strokes\[0\]\[0\] must hold finite"),
        ([[[True, 2]]], "finite"),
        ([[[1e300, 2]]], "finite"),
        ([[[0, 0]] * 20_001], "20,000 points"),
    ],
)
def test_invalid_strokes_are_rejected(strokes: Any, message: str) -> None:
    with pytest.raises(DrawingError, match=message):
        drawing.rasterise(strokes)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"width": 0}, "width must be .* got 0"),
        ({"height": 1e9}, "height must be .* got 1000000000.0"),
        ({"width": 80.5}, "width must be .* got 80.5"),
        ({"pen": float("nan")}, "pen must be between 1 and 200 pixels, got nan"),
        ({"pen": 0}, "pen must be between 1 and 200 pixels, got 0"),
    ],
)
def test_sizes_out_of_range_are_rejected(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(DrawingError, match=message):
        drawing.rasterise([[[1, 2]]], **sizes)


def zigzag(points: int) -> list[list[list[float]]]:
    """Return one stroke back and forth, whose segments are all as large as the canvas."""
    return [[[0.0 if i % 2 else 511.0, float(37 * i % 512)] for i in range(points)]]


def test_strokes_that_would_take_minutes_are_rejected_at_once() -> None:
    message = "20,000 points with a pen of 200 are too much to draw"
    with pytest.raises(DrawingError, match=message):
        drawing.rasterise(zigzag(20_000), 512, 512, pen=200)
    # A few such points are drawn, and so are many close together, as in real strokes.
    assert drawing.rasterise(zigzag(60), 512, 512, pen=200)[..., 3].max() == 255
    turns = np.linspace(0, 60 * np.pi, 19_000)
    spiral = np.stack([256 + turns * np.cos(turns), 256 + turns * np.sin(turns)], axis=1)
    assert drawing.rasterise([spiral.tolist()], 512, 512, pen=18)[..., 3].max() == 255


def test_ink_in_hundreds_of_specks_is_rejected() -> None:
    canvas = np.zeros((512, 512, 4), np.uint8)
    canvas[::2, ::2] = 255
    with pytest.raises(DrawingError, match="The ink consists of 65,536 pieces"):
        drawing.preprocess(canvas)
    dotted = drawing.stored()["0"].rgba  # a digit with a few specks is accepted
    dotted[4:30:4, 4:60:4] = 255
    assert drawing.preprocess(dotted).vector.shape == (1, 784)


def test_strokes_outside_leave_the_canvas_empty() -> None:
    assert not drawing.rasterise([[[-900, -900], [-800, -900]], [[9e5, 1], [9e5, 9]]]).any()


@pytest.mark.parametrize(
    ("canvas", "message"),
    [
        (np.zeros((28, 28), np.uint8), r"got \(28, 28\)"),
        (np.zeros((0, 5, 4), np.uint8), "shape"),
        (np.zeros((28, 28, 4)), "float64"),
        (np.full((28, 28, 4), 255, np.uint8), "transparent"),
        ("canvas", "shape"),
    ],
)
def test_invalid_canvases_are_rejected(canvas: Any, message: str) -> None:
    with pytest.raises(DrawingError, match=message):
        drawing.preprocess(canvas)


@pytest.mark.parametrize(
    ("data", "height", "message"),
    [
        ([0] * 400, 10, "canvas is empty"),
        ([0] * 399, 10, r"10 \* 10 \* 4 = 400 numbers.* got 399"),
        ([0] * 400, 10.0, "height must be .* got 10.0"),
        ([0] * 400, True, "height must be .* got True"),
        ([0] * 400, "10", "height must be .* got '10'"),
        ([], 0, "height must be .* got 0"),
        ([0], 10**9, "height must be .* got 1000000000"),
        ([256] * 400, 10, "0 to 255"),
        ([-1] * 400, 10, "0 to 255"),
        ([0.5] * 400, 10, "whole numbers"),
        (["0"] * 400, 10, "whole numbers"),
        ([None] * 400, 10, "whole numbers"),
        ([[0] * 4] * 99 + [[0]], 10, "numbers"),
        (None, 10, "got 1"),
    ],
)
def test_invalid_squares_are_rejected(data: Any, height: Any, message: str) -> None:
    with pytest.raises(DrawingError, match=message):
        drawing.from_square(data, height)


def test_an_opaque_square_is_reported_as_such_and_not_as_a_dot() -> None:
    opaque = np.zeros((40, 40, 4), np.uint8)
    opaque[..., 3] = 255
    opaque[5:30, 10:14, :3] = 200  # a digit only in the colors
    with pytest.raises(
        DrawingError, match=r"Every pixel has ink\. Make the background transparent"
    ):
        drawing.from_square(opaque.ravel().tolist(), 40)


def test_an_unknown_way_is_rejected() -> None:
    with pytest.raises(ValueError, match="'mnist' or 'lecture'"):
        drawing.preprocess(drawing.stored()["1"].rgba, "other")  # type: ignore[arg-type]


@pytest.mark.parametrize("pen", [4, 14])
def test_real_digits_are_not_refused(pen: int) -> None:
    folder = os.environ.get("COURSE_DATA")
    if folder is None:
        pytest.skip("COURSE_DATA names no folder with pen strokes")
    with gzip.open(Path(folder) / "pen_strokes.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file][::5]
    for line in lines:
        strokes = [[[40 + 190 * x, 40 + 190 * y] for x, y in stroke] for stroke in line["strokes"]]
        result = drawing.preprocess(drawing.rasterise(strokes, pen=pen))
        assert result.vector.sum() > 20
