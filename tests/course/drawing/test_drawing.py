"""Strokes become 784 numbers: the lecture's six steps exactly, and MNIST's way."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from course import classifier, drawing
from course.drawing import boxes, centre, pen, resize
from course.drawing.ink import Strokes
from tests.course.drawing import golden

DIGITS = [str(digit) for digit in range(10)]
MODULES = ["", *(f".{name}" for name in ("boxes", "centre", "checks", "errors", "examples"))]
MODULES += [f".{name}" for name in ("ink", "pen", "resize", "steps", "strip")]


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


def test_timestamps_of_points_are_ignored() -> None:
    plain, timed = [[[20, 30], [60, 70]]], [[[20, 30, 0], [60, 70, 16]]]
    assert (drawing.rasterise(plain) == drawing.rasterise(timed)).all()


def test_lecture_preprocessing_matches_the_six_steps_exactly() -> None:
    canvas = drawing.stored()["4"].rgba
    result = drawing.preprocess(canvas, "lecture")
    # Written out anew, with Pillow alone.
    picture = Image.fromarray(canvas)
    left, top, right, bottom = picture.getchannel("A").getbbox() or (0, 0, 0, 0)
    side = max(right - left, bottom - top)
    squared = Image.new("RGBA", (side, side))
    offset = ((side - right + left) // 2, (side - bottom + top) // 2)
    squared.paste(picture.crop((left, top, right, bottom)), offset)
    small = squared.resize((28, 28), Image.Resampling.LANCZOS)
    expected = np.asarray(small)[..., 3].reshape(1, 784) / 255
    assert result.box == (top, left, bottom, right)
    assert np.allclose(result.vector, expected, atol=1e-6)
    assert [stage.name for stage in result.stages] == [
        *("canvas", "box", "square", "resized", "gray", "row", "numbers")
    ]


@pytest.mark.parametrize("name", [*DIGITS, "small", "thin"])
def test_mnist_preprocessing_matches_mnist(name: str) -> None:
    result = drawing.preprocess(drawing.stored()[name].rgba)
    image = result.stages[-3].array
    box = boxes.bounding_box(image)
    assert max(box.height, box.width) == 20
    assert np.abs(np.array(centre.centre_of_mass(image)) - 14).max() <= 0.51
    enlarged = np.kron(image, np.ones((8, 8), np.uint8))
    assert pen.thickness(enlarged) / 8 == pytest.approx(pen.MNIST_THICKNESS, abs=0.8)
    assert result.vector.dtype == np.float32
    assert result.vector.shape == (1, 784)
    assert result.vector.min() == 0
    assert 0.9 < result.vector.max() <= 1


def test_every_stage_describes_itself() -> None:
    for way in drawing.WAYS:
        result = drawing.preprocess(drawing.stored()["2"].rgba, way)
        for stage in result.stages:
            assert stage.shape == stage.array.shape
            assert stage.dtype in {"uint8", "float32"}
            assert stage.range == f"{stage.array.min():g} to {stage.array.max():g}"
            assert stage.sentence.endswith(".")


@pytest.mark.parametrize("way", drawing.WAYS)
@pytest.mark.parametrize("name", ["1", "8"])
def test_both_deployments_see_the_same_numbers(name: str, way: drawing.Way) -> None:
    result = drawing.preprocess(drawing.stored()[name].rgba, way)
    values = json.loads(json.dumps(result.payload("function")))["values"][0]
    assert (drawing.from_square(**values, way=way).vector == result.vector).all()
    model = json.loads(json.dumps(result.payload("model")))["values"]
    assert np.abs(np.array(model) - result.vector).max() < 1e-5
    with pytest.raises(ValueError, match="'model' or 'function'"):
        result.payload("other")  # type: ignore[arg-type]


def nearest(a: np.typing.NDArray[np.float32], b: np.typing.NDArray[np.float32]) -> float:
    """The difference between two images, as a part of the ink, one of them moved by a pixel."""
    first, second = a.reshape(28, 28), b.reshape(28, 28)
    shifts = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    distances = [np.abs(first - np.roll(second, shift, (0, 1))).sum() for shift in shifts]
    return float(min(distances) / first.sum())


# The nearest two of the ten stored digits, a 3 and an 8, differ by half of the ink. What follows
# stays well below: where edges fall between other pixels, a side of 13.5 becomes 13 or 14.
ALIKE = 0.35


def read(vector: np.typing.NDArray[np.float32]) -> str:
    return str(classifier.load().probabilities(vector).argmax())


def test_two_digits_are_further_apart_than_any_two_drawings_of_one() -> None:
    vectors = [drawing.preprocess(drawing.stored()[name].rgba).vector for name in DIGITS]
    distances = [nearest(a, b) for a in vectors for b in vectors if a is not b]
    assert ALIKE < 0.5 < min(distances)


@settings(max_examples=12, deadline=None)
@given(name=st.sampled_from(DIGITS), right=st.integers(-60, 60), down=st.integers(-30, 30))
def test_moving_a_drawing_by_whole_pixels_hardly_changes_it(
    name: str, right: int, down: int
) -> None:
    original = drawing.stored()[name]
    centered = drawing.rasterise(original.strokes, 420, 360, original.pen)
    shifted = drawing.rasterise(
        moved(original.strokes, 1, right + 70, down + 40), 420, 360, original.pen
    )
    # Sums of decimals are rounded elsewhere: a pixel at the edge may be a gray level lighter.
    assert nearest(drawing.preprocess(centered).vector, drawing.preprocess(shifted).vector) < 0.05


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(DIGITS), right=st.floats(0, 99), down=st.floats(0, 60))
def test_moving_a_drawing_by_fractions_of_a_pixel_changes_little(
    name: str, right: float, down: float
) -> None:
    original = drawing.stored()[name]
    shifted = drawing.rasterise(
        moved(original.strokes, 1, right + 20, down + 10), 420, 360, original.pen
    )
    result = drawing.preprocess(shifted).vector
    assert nearest(drawing.preprocess(original.rgba).vector, result) < ALIKE
    assert read(result) == name


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(DIGITS), scale=st.floats(0.4, 1.4), right=st.floats(0, 9))
def test_size_changes_little(name: str, scale: float, right: float) -> None:
    original = drawing.stored()[name]
    other = drawing.rasterise(
        moved(original.strokes, scale, 20 + right, 20), 440, 440, scale * original.pen
    )
    result = drawing.preprocess(other).vector
    assert nearest(drawing.preprocess(original.rgba).vector, result) < ALIKE
    assert read(result) == name


@settings(max_examples=15, deadline=None)
@given(name=st.sampled_from(DIGITS), width=st.floats(8, 24))
def test_the_pen_changes_little(name: str, width: float) -> None:
    original = drawing.stored()[name]
    result = drawing.preprocess(drawing.rasterise(original.strokes, pen=width)).vector
    assert nearest(drawing.preprocess(original.rgba).vector, result) < ALIKE
    assert read(result) == name


def test_most_sizes_positions_and_pens_hardly_change_the_error() -> None:
    rng = np.random.default_rng(0)
    distances = []
    for name in DIGITS * 3:
        original = drawing.stored()[name]
        scale, width = rng.uniform(0.4, 1.4), rng.uniform(8, 24)
        strokes = moved(original.strokes, scale, *rng.uniform(20, 29, 2))
        other = drawing.rasterise(strokes, 440, 440, scale * width)
        distances.append(
            nearest(drawing.preprocess(original.rgba).vector, drawing.preprocess(other).vector)
        )
    assert np.median(distances) < 0.1


@pytest.mark.parametrize("way", drawing.WAYS)
def test_stored_drawings_have_the_stored_gray_levels(way: drawing.Way) -> None:
    """``python -m tests.course.drawing.golden`` stores them."""
    expected, actual = golden.stored()[way], golden.made()[way]
    assert set(expected) == set(actual) == set(DIGITS)
    for name in DIGITS:
        difference = np.abs(expected[name].astype(int) - actual[name])
        assert difference.max() <= 1, f"{name}: {int((difference > 1).sum())} pixels differ"


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
    original = drawing.stored()["6"]
    large = drawing.rasterise(moved(original.strokes, 3), 840, 840, 3 * original.pen)
    assert nearest(drawing.preprocess(original.rgba).vector, drawing.preprocess(large).vector) < 0.1


def test_the_strip_is_small_and_contains_only_ink() -> None:
    page = drawing.stage_strip(drawing.preprocess(drawing.stored()["0"].rgba))
    assert sum(len(stage["pixels"]) for stage in page["stages"]) < 60_000
    for stage in page["stages"]:
        assert len(stage["pixels"]) == stage["rows"] * stage["columns"]
    assert all(0 <= share <= 1 for share in page["box"])
    assert page["notes"] == []


def test_importing_it_loads_no_scipy() -> None:

    code = "import sys, course.drawing; print({'scipy', 'PIL', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
