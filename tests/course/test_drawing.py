"""Strokes become 784 numbers: the lecture's six steps exactly, and MNIST's way."""

from __future__ import annotations

import doctest
import importlib
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course import drawing
from course.drawing import boxes, centre, pen, resize
from course.drawing.ink import Strokes

DIGITS = [str(digit) for digit in range(10)]
MODULES = ["", *(f".{name}" for name in ("boxes", "centre", "checks", "errors", "examples"))]
MODULES += [f".{name}" for name in ("ink", "pen", "resize", "steps", "strip")]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    module = importlib.import_module(f"course.drawing{name}")
    done = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert done.failed == 0
    assert done.attempted > 0


def moved(strokes: Strokes, scale: float = 1, right: float = 0, down: float = 0) -> Strokes:
    return [[[scale * x + right, scale * y + down] for x, y, *_ in stroke] for stroke in strokes]


def test_ink_covers_what_the_pen_covers() -> None:
    canvas = drawing.rasterise([[[20.0, 50.0], [80.0, 50.0]]], 100, 100, pen=10)
    alpha = canvas[..., 3] / 255
    assert alpha[45:55, 20:80].min() == 1
    assert alpha[:44].max() == alpha[56:].max() == 0
    # A bar of 60 by 10 and two half discs; edges are soft, so the sum is the true area.
    assert alpha.sum() == pytest.approx(600 + np.pi * 25, rel=0.005)
    assert (canvas[alpha == 0] == 0).all()
    assert (canvas[alpha > 0, :3] == drawing.INK).all()


def test_a_point_with_a_time_is_the_same_point() -> None:
    plain, timed = [[[20, 30], [60, 70]]], [[[20, 30, 0], [60, 70, 16]]]
    assert (drawing.rasterise(plain) == drawing.rasterise(timed)).all()


def test_the_lecture_s_way_is_the_six_steps_to_the_bit() -> None:
    canvas = drawing.stored()["4"].rgba
    found = drawing.preprocess(canvas, "lecture")
    # Written out anew, with Pillow alone.
    picture = Image.fromarray(canvas)
    left, top, right, bottom = picture.getchannel("A").getbbox() or (0, 0, 0, 0)
    side = max(right - left, bottom - top)
    squared = Image.new("RGBA", (side, side))
    place = ((side - right + left) // 2, (side - bottom + top) // 2)
    squared.paste(picture.crop((left, top, right, bottom)), place)
    small = squared.resize((28, 28), Image.Resampling.LANCZOS)
    expected = np.asarray(small)[..., 3].reshape(1, 784) / 255
    assert found.box == (top, left, bottom, right)
    assert np.allclose(found.vector, expected, atol=1e-6)
    assert [stage.name for stage in found.stages] == [
        *("canvas", "box", "square", "resized", "grey", "row", "numbers")
    ]


@pytest.mark.parametrize("name", [*DIGITS, "small", "thin"])
def test_mnist_s_way_makes_what_mnist_is_made_of(name: str) -> None:
    found = drawing.preprocess(drawing.stored()[name].rgba)
    image = found.stages[-3].array
    box = boxes.bounding_box(image)
    assert max(box.height, box.width) == 20
    assert np.abs(np.array(centre.centre_of_mass(image)) - 14).max() <= 0.51
    fitted = np.kron(image, np.ones((8, 8), np.uint8))
    assert pen.thickness(fitted) / 8 == pytest.approx(pen.MNIST_THICKNESS, abs=0.8)
    assert found.vector.dtype == np.float32
    assert found.vector.shape == (1, 784)
    assert found.vector.min() == 0
    assert 0.9 < found.vector.max() <= 1


def test_every_stage_says_what_it_is() -> None:
    for way in drawing.WAYS:
        found = drawing.preprocess(drawing.stored()["2"].rgba, way)
        for stage in found.stages:
            assert stage.shape == stage.array.shape
            assert stage.dtype in {"uint8", "float32"}
            assert stage.range == f"{stage.array.min():g} to {stage.array.max():g}"
            assert stage.sentence.endswith(".")


@pytest.mark.parametrize("way", drawing.WAYS)
@pytest.mark.parametrize("name", ["1", "8"])
def test_both_deployments_see_the_same_numbers(name: str, way: drawing.Way) -> None:
    found = drawing.preprocess(drawing.stored()[name].rgba, way)
    sent = json.loads(json.dumps(found.payload("function")))["values"][0]
    assert (drawing.from_square(**sent, way=way).vector == found.vector).all()
    model = json.loads(json.dumps(found.payload("model")))["values"]
    assert np.abs(np.array(model) - found.vector).max() < 1e-5
    with pytest.raises(ValueError, match="'model' or 'function'"):
        found.payload("other")  # type: ignore[arg-type]


def nearest(a: np.typing.NDArray[np.float32], b: np.typing.NDArray[np.float32]) -> float:
    """The difference between two images, as a part of the ink, one of them moved by a pixel."""
    first, second = a.reshape(28, 28), b.reshape(28, 28)
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    apart = [np.abs(first - np.roll(second, shift, (0, 1))).sum() for shift in shifts]
    return float(min(apart) / first.sum())


@settings(max_examples=12, deadline=None)
@given(
    name=st.sampled_from(DIGITS),
    right=st.integers(-60, 60),
    down=st.integers(-30, 30),
)
def test_moving_a_drawing_changes_next_to_nothing(name: str, right: int, down: int) -> None:
    one = drawing.stored()[name]
    here = drawing.rasterise(one.strokes, 420, 360, one.pen)
    there = drawing.rasterise(moved(one.strokes, 1, right + 70, down + 40), 420, 360, one.pen)
    # Sums of decimals are rounded elsewhere: a pixel at the edge may be a grey level lighter.
    assert nearest(drawing.preprocess(here).vector, drawing.preprocess(there).vector) < 0.05


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(DIGITS),
    scale=st.floats(0.4, 1.4),
    right=st.floats(0, 9),
    width=st.floats(8, 24),
)
def test_size_and_pen_hardly_change_the_vector(
    name: str, scale: float, right: float, width: float
) -> None:
    one = drawing.stored()[name]
    # The pen grows with the drawing, and may be any pen besides.
    other = drawing.rasterise(moved(one.strokes, scale, 20 + right, 20), 440, 440, scale * width)
    usual = drawing.preprocess(one.rgba).vector
    # Edges fall between other pixels, no more: two digits differ by 80 % of the ink and more.
    assert nearest(usual, drawing.preprocess(other).vector) < 0.4


@settings(max_examples=10, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 60), st.integers(1, 60)),
    new=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 99),
)
def test_averaging_keeps_the_mean(shape: tuple[int, int], new: tuple[int, int], seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)
    assert resize.area(image, new).mean() == pytest.approx(image.mean(), abs=0.5)


def test_a_large_square_canvas_is_read_like_a_small_one() -> None:
    one = drawing.stored()["6"]
    large = drawing.rasterise(moved(one.strokes, 3), 840, 840, 3 * one.pen)
    assert nearest(drawing.preprocess(one.rgba).vector, drawing.preprocess(large).vector) < 0.1


def test_the_strip_is_small_and_holds_only_ink() -> None:
    page = drawing.shown(drawing.preprocess(drawing.stored()["0"].rgba))
    assert sum(len(stage["pixels"]) for stage in page["stages"]) < 60_000
    for stage in page["stages"]:
        assert len(stage["pixels"]) == stage["rows"] * stage["columns"]
    assert all(0 <= share <= 1 for share in page["box"])
    assert page["notes"] == []


def test_importing_it_loads_no_scipy() -> None:

    code = "import sys, course.drawing; print({'scipy', 'PIL', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
