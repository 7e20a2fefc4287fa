"""The digit classifier: small, in NumPy alone, right on MNIST and on real pen strokes."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.assets.make_digit_classifier import accuracy, store
from course import classifier, data, drawing
from course.classifier import network
from course.classifier.augmentation import KINDS, add_stroke, augment
from course.classifier.habits import HABITS
from course.classifier.network import DigitClassifier
from tests.course.imports import HEAVY, loaded

_DATA = Path(os.environ.get("COURSE_DATA", ""))
real = pytest.mark.skipif(
    not ((_DATA / "mnist.npz").is_file() and (_DATA / "pen_strokes.jsonl.gz").is_file()),
    reason="COURSE_DATA names no folder with mnist.npz and pen_strokes.jsonl.gz",
)


def test_the_classifier_is_small_and_needs_only_numpy() -> None:
    assert classifier.WEIGHTS.stat().st_size < 1_500_000
    program = (
        "import numpy; from course import classifier; "
        "classifier.load().probabilities(numpy.zeros((1, 784)))"
    )
    assert loaded(program, *HEAVY, "scipy", "sklearn", "PIL") == []


def test_the_convolution_follows_its_definition() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 28, 28, 3)).astype(np.float32)
    kernel = rng.normal(size=(5, 5, 3, 4)).astype(np.float32)
    found = network._convolve(x, kernel)
    assert found.shape == (2, 12, 12, 4)
    for row, column in ((0, 0), (3, 7), (11, 11)):
        window = x[1, 2 * row : 2 * row + 5, 2 * column : 2 * column + 5]
        right = np.einsum("yxa,yxab->b", window, kernel)
        np.testing.assert_allclose(found[1, row, column], right, rtol=1e-4, atol=1e-4)


def test_probabilities_sum_to_one_even_for_large_weights() -> None:
    large = DigitClassifier(
        tuple(100 * kernel for kernel in classifier.load().kernels), classifier.load().biases
    )
    images = np.random.default_rng(0).random((5, 784))
    for one in (classifier.load(), large):
        shares = one.probabilities(images)
        assert shares.shape == (5, 10)
        np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
        assert shares.min() >= 0


def test_a_batch_gives_the_same_as_single_images() -> None:
    images = np.random.default_rng(1).random((7, 784)).astype(np.float32)
    together = classifier.load().logits(images)
    for i, image in enumerate(images):
        alone = classifier.load().logits(image[None])[0]
        np.testing.assert_allclose(alone, together[i], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros(784), r"\(n, 784\), got \(784,\)"),
        (np.zeros((1, 783)), r"got \(1, 783\)"),
        (np.full((1, 784), np.nan), "hold finite numbers"),
    ],
)
def test_invalid_images_are_rejected(images: np.typing.NDArray[np.float64], message: str) -> None:
    with pytest.raises(ValueError, match=f"images must .*{message}"):
        classifier.load().logits(images)


def test_a_stored_network_loads_unchanged(tmp_path: Path) -> None:
    first = classifier.load()
    store(first, tmp_path / "again.npz")
    again = classifier.load(tmp_path / "again.npz")
    images = np.random.default_rng(2).random((3, 784))
    np.testing.assert_array_equal(first.logits(images), again.logits(images))
    np.savez(tmp_path / "other.npz", kernel_0=np.zeros(3))
    with pytest.raises(ValueError, match=r"it lacks \['bias_0'"):
        classifier.load(tmp_path / "other.npz")
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_the_stored_drawings_are_read_right() -> None:
    for name, one in drawing.stored().items():
        if name.isdigit():
            found = classifier.load().probabilities(drawing.preprocess(one.rgba).vector)
            assert str(found.argmax()) == name
            assert found.max() > 0.5


# ---------------------------------------------------------------- variations


def ring() -> np.typing.NDArray[np.float32]:
    y, x = np.indices((28, 28))
    return (np.abs(np.hypot((y - 14) / 1.2, x - 14) - 6.5) < 1.3).astype(np.float32).reshape(784)


@pytest.mark.parametrize("kinds", [(), *[(kind,) for kind in KINDS], KINDS])
def test_variations_stay_images_of_the_same_size_and_place(kinds: tuple[str, ...]) -> None:
    images = np.repeat(ring()[None], 40, axis=0)
    before = images.copy()
    varied = augment(images, np.zeros(40, int), np.random.default_rng(0), kinds)
    np.testing.assert_array_equal(images, before)
    assert varied.shape == (40, 784)
    assert varied.dtype == np.float32
    assert varied.min() >= 0
    assert varied.max() <= 1
    pixels = np.arange(28)
    square = varied.reshape(40, 28, 28)
    mass = square.sum(axis=(1, 2))
    assert (mass > 20).all()
    centre = np.stack([square.sum(axis=2) @ pixels, square.sum(axis=1) @ pixels]) / mass
    assert np.abs(centre - 14).max() < 3.5
    assert np.abs(centre.mean(axis=1) - 14).max() < 0.6


def test_only_digits_with_the_habit_are_changed() -> None:
    images = np.repeat(ring()[None], 60, axis=0)
    for digit, changes in ((0, True), (3, False)):
        plain = augment(images, np.full(60, digit), np.random.default_rng(0), ())
        varied = augment(images, np.full(60, digit), np.random.default_rng(0), ("habits",))
        changed = (np.abs(varied - plain).max(axis=1) > 0.5).mean()
        assert (0.2 < changed < 0.7) if changes else changed == 0


def test_variations_depend_on_the_seed_alone() -> None:
    images, labels = np.repeat(ring()[None], 10, axis=0), np.zeros(10, int)
    one, same, other = (augment(images, labels, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_invalid_kinds_and_labels_are_rejected() -> None:
    images, rng = np.zeros((2, 784), np.float32), np.random.default_rng(0)
    with pytest.raises(
        ValueError, match="kinds must be among habits, shape, thickness, got 'color'"
    ):
        augment(images, np.zeros(2, int), rng, ("color",))
    with pytest.raises(ValueError, match=r"labels must hold one label per image \(2\), got 3"):
        augment(images, np.zeros(3, int), rng)


def test_no_images_and_blank_images_work() -> None:
    rng = np.random.default_rng(0)
    assert augment(np.empty((0, 784), np.float32), np.empty(0, int), rng).shape == (0, 784)
    blank = augment(
        np.zeros((20, 784), np.float32), np.arange(20) % 10, rng, ("shape", "thickness")
    )
    assert np.isfinite(blank).all()
    assert blank.max() == 0


# ---------------------------------------------------------------- on real data


@real
def test_the_classifier_recognizes_mnist_digits() -> None:
    digits = data.digits("mnist")
    assert accuracy(classifier.load(), digits.x_test, digits.y_test) > 0.985


@real
def test_it_reads_real_pen_strokes_of_any_size_place_and_width() -> None:
    """Every fourth stroke here; all thousand in benchmarks/pen_accuracy.md."""
    from benchmarks.pen_drawings import anywhere, strokes

    rng = np.random.default_rng(3)
    stored = strokes()[::4]
    canvases = [anywhere(one["strokes"], rng) for one in stored]
    labels = np.array([one["digit"] for one in stored])
    shares = {
        way: accuracy(
            classifier.load(),
            np.concatenate([drawing.preprocess(canvas, way).vector for canvas in canvases]),
            labels,
        )
        for way in drawing.WAYS
    }
    assert shares["mnist"] >= 0.96
    assert shares["lecture"] < shares["mnist"] - 0.05


def test_the_hidden_layer_leads_to_the_same_scores() -> None:
    images = np.random.default_rng(3).random((5, 784))
    reader = classifier.load()
    hidden = reader.hidden(images)
    assert hidden.shape == (5, 96)
    assert hidden.min() >= 0
    np.testing.assert_array_equal(reader.logits_from_hidden(hidden), reader.logits(images))
    with pytest.raises(ValueError, match=r"hidden must .*\(n, 96\), got \(5, 95\)"):
        reader.logits_from_hidden(hidden[:, 1:])


def test_a_stroke_is_added_to_every_image() -> None:
    images = np.repeat(ring()[None], 6, axis=0)
    plain = augment(images, np.zeros(6, int), np.random.default_rng(0), ())
    slashed = add_stroke(images, HABITS[0], np.random.default_rng(0))
    assert slashed.shape == (6, 784)
    assert (np.abs(slashed - plain).sum(axis=1) > 5).all()
