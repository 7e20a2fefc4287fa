"""Fit the detector of drawings that aren't digits.

Run as ``python -m benchmarks.assets.make_novelty_detector``. It takes about three
minutes on one core, needs ``COURSE_DATA`` (MNIST and ``pen_strokes.jsonl.gz``), and writes
``course/assets/digit_novelty.npz``. Run it again whenever the digit classifier or the digit
autoencoder changes.

What is fitted: every second of MNIST's test digits, which the two networks have not learned, some
training digits, plain and augmented, and the digits of every second writer; against drawings of
other things (``other_drawings``). The limits are set for a false alarm rate below 1%, with digits
judged by a fit without them. The other test digits, the other writers and the sixteen kinds of
``benchmarks.not_digits`` only measure.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from benchmarks import pen_drawings
from benchmarks.assets import other_drawings
from course import atomic_write, classifier, data, drawing
from course.arrays import Float32Array, Float64Array
from course.autoencoder import frozen
from course.classifier import novelty
from course.classifier.augmentation import augment

PENS: Final = (4, 24)  # narrowest and widest, on a canvas of 280
_BY_ERROR: Final = 0.002  # digits that are too odd because of their error alone
_BY_FIT: Final = 0.006  # digits that are too odd for the logistic regression
_DRAWINGS: Final = 80  # of each kind
_TRAINING_DIGITS: Final = 2000
_COPIES: Final = 3  # of each pen digit: other size, place and pen
_STRENGTH: Final = 0.01  # inverse of the regularization, as scikit-learn counts
_FOLDS: Final = 5


class Evidence(NamedTuple):
    """Rows for the fit, and who they are of."""

    test: Float64Array  # every second of MNIST's test digits
    pens: Float64Array  # every second writer
    training: Float64Array
    other: Float64Array  # drawings of other things


def main() -> None:
    """Fit, store and print the rates on what was not fitted."""
    evidence = _collect()
    detector = fit(evidence)
    store(detector)
    novelty.load.cache_clear()
    digits = data.digits("mnist")
    rng = np.random.default_rng(6)
    rows = {
        "MNIST's other test digits": digits.x_test[1::2],
        "pen strokes of the other writers": pen_digits(rng, 1, 1),
        "drawings of sixteen other things": pen_drawings.not_digits(),
    }
    for name, images in rows.items():
        print(f"{name}: {share_odd(images):.1%} of {len(images):,} above the limit")
    print(f"{novelty.DETECTOR.stat().st_size:,} bytes")


def evidence_of(images: Float32Array) -> Float64Array:
    """Return the evidence of images ``(n, 784)``, as the digit page collects it."""
    network, parts = classifier.load(), []
    for part in np.array_split(images, max(1, len(images) // 1000)):
        maps = network.feature_maps(part)
        logits = network.logits_from_hidden(network.hidden_from_maps(maps))
        parts.append(novelty.collect_evidence(maps, logits, frozen.digits().error(part)))
    return np.concatenate(parts)


def share_odd(images: Float32Array) -> float:
    """Return the share of images whose novelty exceeds the limit."""
    return float((novelty.load().novelty(evidence_of(images)) > novelty.LIMIT).mean())


def fit(evidence: Evidence) -> novelty.NoveltyDetector:
    """Fit the weights, and choose the limits."""
    rows = np.concatenate(evidence)
    groups = np.repeat(np.arange(len(evidence)), [len(part) for part in evidence])
    scores = np.empty(len(rows))
    # Neighbors are of one writer or of one kind, so contiguous folds keep those together.
    fold = np.concatenate([np.arange(len(part)) * _FOLDS // len(part) for part in evidence])
    for number in tqdm(range(_FOLDS), desc="fitting"):
        rest = fold != number
        weights, bias = _logistic(rows[rest], groups[rest])
        scores[~rest] = rows[~rest] @ weights + bias
    weights, bias = _logistic(rows, groups)
    limit = max(float(np.quantile(scores[groups == group], 1 - _BY_FIT)) for group in (0, 1))
    caught = (scores[groups == len(evidence) - 1] > limit).mean()
    print(f"fitted kinds, each judged by a fit without it: {caught:.1%} above the limit")
    half_error = np.exp(np.quantile(evidence.test[:, novelty.ERROR_COLUMN], 1 - _BY_ERROR))
    return novelty.NoveltyDetector(weights.astype(np.float32), bias - limit, float(half_error))


def store(detector: novelty.NoveltyDetector) -> None:
    """Write the detector with 16 bits per number."""
    packed = io.BytesIO()
    arrays: dict[str, Any] = {
        "weights": detector.weights.astype(np.float16),
        "bias": np.array([detector.bias], np.float16),
        "half_error": np.array([detector.half_error], np.float16),
    }
    np.savez_compressed(packed, **arrays)
    atomic_write.write_bytes(novelty.DETECTOR, packed.getvalue())


def _logistic(rows: Float64Array, groups: NDArray[np.integer]) -> tuple[Float64Array, float]:
    """Fit a logistic regression; digits and other things weigh the same."""
    from sklearn.linear_model import LogisticRegression

    is_other = groups == len(Evidence._fields) - 1
    middle, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    share = np.bincount(groups) / len(groups)
    weight = np.where(is_other, 1 / share[-1], 1 / (1 - share[-1]))
    model = LogisticRegression(C=_STRENGTH, max_iter=500)
    model.fit((rows - middle) / scale, is_other, weight)
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ middle)


def _collect() -> Evidence:
    rng = np.random.default_rng(0)
    digits = data.digits("mnist")
    chosen = rng.permutation(len(digits.x_train))[: 2 * _TRAINING_DIGITS]
    images, labels = digits.x_train[chosen], digits.y_train[chosen]
    images[_TRAINING_DIGITS:] = augment(images, labels, rng)[_TRAINING_DIGITS:]
    return Evidence(
        test=evidence_of(digits.x_test[::2]),
        pens=evidence_of(pen_digits(rng, 0, _COPIES)),
        training=evidence_of(images),
        other=evidence_of(_other_things(rng)),
    )


def pen_digits(rng: np.random.Generator, part: int, copies: int, step: int = 1) -> Float32Array:
    """Return the digits of every second writer, writer by writer, ``copies`` drawings of each.

    Part 0 was fitted, part 1 was not; with a ``step``, only every so many digits are drawn.
    """
    stored = pen_drawings.strokes()
    writers = sorted({digit["writer"] for digit in stored})
    mine: dict[str, list[Any]] = {writer: [] for writer in writers[part::2]}
    for digit in stored:
        if digit["writer"] in mine:
            mine[digit["writer"]].append(digit["strokes"])
    lines = [strokes for drawn in mine.values() for strokes in drawn for _ in range(copies)]
    lines = lines[::step]
    return _drawn(tqdm(lines, desc="drawing digits"), rng)


def _other_things(rng: np.random.Generator) -> Float32Array:
    kinds = tqdm(other_drawings.KINDS, desc="drawing other things")
    return _drawn((other_drawings.draw(kind, rng) for kind in kinds for _ in range(_DRAWINGS)), rng)


def _drawn(lines: Iterable[Any], rng: np.random.Generator) -> Float32Array:
    """Return drawings anywhere on a canvas, preprocessed MNIST's way, without refused ones."""
    images = []
    for strokes in lines:
        with contextlib.suppress(drawing.DrawingError):
            canvas = pen_drawings.anywhere(strokes, rng, PENS)
            images.append(drawing.preprocess(canvas).vector[0])
    return np.stack(images)


if __name__ == "__main__":
    main()
