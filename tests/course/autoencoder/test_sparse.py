"""Sparse autoencoders: their definition, their training, and known features that they find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.assets import make_digit_features
from course import classifier, data, metrics
from course.assets import digit_features
from course.autoencoder import SparseAutoencoder, sparse, train_sparse
from course.autoencoder.sparse import keep_largest
from course.classifier.augmentation import add_stroke, augment
from course.classifier.habits import HABITS, Habit
from tests.course.imports import HEAVY, loaded

RNG = np.random.default_rng(0)
TRUE = metrics.cosines(RNG.normal(size=(16, 8)), np.eye(8))  # rows of length 1
STRENGTHS = RNG.random((6000, 16)) * (RNG.random((6000, 16)) < 0.05)
X = STRENGTHS @ TRUE


def test_the_code_is_what_the_definition_says() -> None:
    encoder, decoder = np.array([[1.0, -1.0, 0.0]]), np.array([[1.0], [-1.0], [1.0]])
    bias, center = np.array([0.0, 0.0, 0.5]), np.array([1.0])
    e, b, d, c = (array.astype(np.float32) for array in (encoder, bias, decoder, center))
    net = SparseAutoencoder(e, b, d, c)
    assert net.encode([[4.0], [-1.0]]).tolist() == [[3.0, 0.0, 0.5], [0.0, 2.0, 0.5]]
    assert net.reconstruct([[4.0]]).tolist() == [[4.5]]
    assert net.error([[4.0]]).tolist() == [0.25]
    assert net.without([[4.0], [-1.0]], 0).tolist() == [[1.0], [-1.0]]
    limited = SparseAutoencoder(e, b, d, c, active=1)
    assert limited.encode([[4.0]]).tolist() == [[3.0, 0.0, 0.0]]


def test_keep_largest_keeps_as_many_as_there_are() -> None:
    codes = RNG.random((30, 9)).astype(np.float32)
    kept = keep_largest(codes, 4)
    assert ((kept > 0).sum(axis=1) == 4).all()
    assert (kept.sum(axis=1) >= np.sort(codes, axis=1)[:, -4:].sum(axis=1) - 1e-6).all()
    assert keep_largest(codes, 9) is codes


@pytest.mark.parametrize("way", [{"penalty": 0.1}, {"active": 3}])
def test_training_follows_the_gradient_of_its_loss(
    way: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    x = X[:40].astype(np.float32)
    rng = np.random.default_rng(1)
    run = sparse._Training(x, 12, way.get("penalty", 0.0), way.get("active"), 0.0, rng)  # type: ignore[arg-type]
    seen: list[Any] = []

    def remember(slopes: Any, _scale: float) -> None:
        seen.extend(slopes)

    monkeypatch.setattr(run._adam, "step", remember)

    def loss() -> float:
        codes = run.net.encode(x).astype(np.float64)
        errors = ((codes @ run.net.decoder + run.net.center - x) ** 2).sum(axis=1)
        return float((errors + way.get("penalty", 0.0) * codes.sum(axis=1)).mean())

    run.step(x, 1)
    agrees = []
    for array, slopes in zip(run._arrays, seen, strict=True):
        for index in [tuple(rng.integers(size) for size in array.shape) for _ in range(12)]:
            kept, ends = array[index], []
            for sign in (1, -1):
                array[index] = kept + sign * 1e-3
                ends.append(loss())
            array[index] = kept
            agrees.append(abs(slopes[index] - (ends[0] - ends[1]) / 2e-3) < 3e-3)
    # Where a step changes which features fire, the loss has a kink or a jump.
    assert np.mean(agrees) > 0.85


@pytest.mark.parametrize("way", [{"penalty": 0.2}, {"active": 2}])
def test_it_finds_features_that_are_known(way: dict[str, float]) -> None:
    net = train_sparse(X, 40, epochs=20, **way)  # type: ignore[arg-type]
    np.testing.assert_allclose(np.linalg.norm(net.decoder, axis=1), 1, rtol=1e-4)
    best = metrics.cosines(TRUE, net.decoder).max(axis=1)
    assert best.mean() > 0.9
    assert (net.encode(X) > 0).sum(axis=1).mean() < 4


def test_dead_features_are_revived() -> None:
    dead = []
    for revive in (False, True):
        net = train_sparse(X, 60, active=2, epochs=20, revive=revive)
        dead.append(int((~(net.encode(X) > 0).any(axis=0)).sum()))
    assert dead[1] < dead[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give either penalty or active, got None and None"),
        ({"penalty": 0.1, "active": 2}, "either penalty or active"),
        ({"active": 9}, "active must be from 1 to 5, got 9"),
        ({"penalty": -1.0}, r"penalty must be 0 or more, got -1"),
    ],
)
def test_contradictory_options_are_rejected(options: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        train_sparse(X[:10], 5, **options)  # type: ignore[arg-type]


def test_training_needs_only_numpy() -> None:
    program = (
        "import numpy as np; from course.autoencoder import train_sparse; "
        "train_sparse(np.eye(4), 4, active=1, epochs=1)"
    )
    assert loaded(program, *HEAVY) == []


# ---------------------------------------------------------------- the dictionary that ships


def test_the_shipped_dictionary_has_the_recorded_error() -> None:
    facts, net, reader = digit_features.facts(), digit_features.dictionary(), classifier.load()
    digits = data.digits("bundled")
    hidden = reader.hidden(digits.x_test)
    assert net.error(hidden).mean() == pytest.approx(facts.error, abs=0.05)
    assert facts.error < 0.15 * facts.spread
    read = reader.logits_from_hidden(net.reconstruct(hidden)).argmax(axis=1)
    assert (read == digits.y_test).mean() == pytest.approx(facts.copied_accuracy, abs=0.002)
    assert (net.encode(hidden) > 0).sum(axis=1).max() <= facts.active
    np.testing.assert_allclose(np.linalg.norm(net.decoder, axis=1), 1, atol=2e-3)


def test_the_script_trains_what_it_records() -> None:
    facts, net = digit_features.facts(), digit_features.dictionary()
    assert facts.epochs == make_digit_features.EPOCHS
    assert facts.features == make_digit_features.FEATURES
    assert net.features == len(facts.shares) == len(facts.digits) <= facts.features
    assert facts.names == {str(k): name for k, name in make_digit_features.NAMES.items()}
    assert facts.name(99) == "bar of a 7"
    assert facts.name(0) == "feature 0"
    assert digit_features.pictures().shape == (net.features, facts.strongest, 784)
    assert digit_features.WEIGHTS.stat().st_size < 60_000
    assert digit_features.PICTURES.stat().st_size < 150_000


STROKES = {"slash": "slash through a 0", "bar": "bar of a 7", "foot": "foot of a 1"}


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.lines.__name__)
def test_a_feature_follows_the_stroke_that_it_is_named_for(habit: Habit) -> None:
    """Of all features, the named one changes the most when the stroke is drawn."""
    if habit.lines.__name__ not in STROKES:
        pytest.skip("several features share this stroke")
    facts, net, reader = digit_features.facts(), digit_features.dictionary(), classifier.load()
    digits = data.digits("bundled")
    images = digits.x_test[digits.y_test == habit.digit]
    rng = np.random.default_rng(5)
    before = augment(images, np.full(len(images), habit.digit), rng, ())
    change = net.encode(reader.hidden(add_stroke(images, habit, rng)))
    change -= net.encode(reader.hidden(before))
    assert facts.name(int(change.mean(axis=0).argmax())) == STROKES[habit.lines.__name__]
