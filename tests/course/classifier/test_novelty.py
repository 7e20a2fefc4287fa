"""The detector of drawings that aren't digits: its formula, and its rates on new drawings."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from benchmarks.assets import make_novelty_detector, other_drawings
from benchmarks.not_digits import SHAPES
from course import classifier, data, drawing
from course.classifier import novelty

_DATA = Path(os.environ.get("COURSE_DATA", ""))
real = pytest.mark.skipif(
    not ((_DATA / "mnist.npz").is_file() and (_DATA / "pen_strokes.jsonl.gz").is_file()),
    reason="COURSE_DATA names no folder with mnist.npz and pen_strokes.jsonl.gz",
)


def test_the_evidence_ends_with_error_total_and_lead() -> None:
    logits = np.array([[0.0, 3.0, 1.0] + [-50.0] * 7], np.float32)
    maps = np.array([[5.0, 6.0]], np.float32)
    evidence = novelty.collect_evidence(maps, logits, np.array([2.0]))
    total = np.log(np.exp([0.0, 3.0, 1.0]).sum())
    np.testing.assert_allclose(evidence, [[5, 6, np.log(2), total, 2]], rtol=1e-6)
    assert np.isfinite(novelty.collect_evidence(maps, logits, np.zeros(1))).all()


def test_the_novelty_is_the_larger_of_a_regression_and_a_bound_on_the_error() -> None:
    detector = novelty.NoveltyDetector(np.array([1, 0, 0, 0], np.float32), -2.0, half_error=10.0)
    known, strange, badly_copied = (
        detector.novelty(np.array([[value, np.log(error), 0.0, 0.0]]))[0]
        for value, error in ((0, 1), (4, 1), (0, 30))
    )
    assert known == pytest.approx(1 / (1 + np.exp(2)))
    assert strange == pytest.approx(1 / (1 + np.exp(-2)))
    assert badly_copied == pytest.approx(30 / 40)


def test_stored_drawings_are_told_apart() -> None:
    for name, sample in drawing.stored().items():
        if name in {"dot", "two digits"}:  # refused before any network sees them
            continue
        evidence = make_novelty_detector.evidence_of(drawing.preprocess(sample.rgba).vector)
        looks_odd = bool(novelty.load().novelty(evidence)[0] > novelty.LIMIT)
        assert looks_odd is (name == "star"), name


def test_the_detector_has_a_weight_for_each_number_and_is_small() -> None:
    maps = classifier.load().feature_maps(np.zeros((1, 784)))
    assert novelty.load().weights.shape == (maps.shape[1] + 3,)
    assert novelty.DETECTOR.stat().st_size < 4000
    assert novelty.load() is novelty.load()


def test_the_measured_kinds_are_not_fitted() -> None:
    assert not set(other_drawings.KINDS) & {name.removeprefix("a ") for name in SHAPES}
    rng = np.random.default_rng(0)
    for kind in other_drawings.KINDS:
        lines = other_drawings.draw(kind, rng)
        assert all(line.ndim == 2 and line.shape[1] == 2 for line in lines), kind
        assert np.isfinite(np.concatenate(lines)).all(), kind


@real
def test_hardly_any_digit_is_called_odd_and_most_other_things_are() -> None:
    """A part of what benchmarks/pen_accuracy.md measures."""
    from benchmarks import pen_drawings

    digits = data.digits("mnist").x_test[1::8]
    assert make_novelty_detector.share_odd(digits) <= 0.01
    assert make_novelty_detector.share_odd(pen_drawings.not_digits(5)) >= 0.8
    strangers = make_novelty_detector.pen_digits(np.random.default_rng(6), 1, 1, step=5)
    assert len(strangers) > 100
    assert make_novelty_detector.share_odd(strangers) <= 0.01
