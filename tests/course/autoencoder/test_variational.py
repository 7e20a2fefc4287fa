"""Variational autoencoders: composed of an autoencoder, trained like it, and frozen to NumPy."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.assets import make_variational
from course import assets, autoencoder, data
from course.autoencoder import bounds
from course.autoencoder.backend import tensorflow
from tests.course.imports import loaded

RNG = np.random.default_rng(0)
X = RNG.random((40, 16), np.float32)


def test_it_is_an_autoencoder_with_two_more_layers() -> None:
    model = autoencoder.build_variational(16, 8, 3, seed=5)
    plain = autoencoder.build(16, 8, 3, seed=5)
    assert model.count_params() == plain.count_params() + 8 * 3 + 3
    for ours, theirs in zip(model.autoencoder.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(model(X), plain(X), atol=1e-6)  # without noise, at the means


def test_noise_is_drawn_in_training_only_and_has_the_spread_of_the_cloud() -> None:
    _, keras = tensorflow()
    model = autoencoder.build_variational(16, 8, 3)
    model.get_layer("log_variance").bias.assign(np.log([4.0, 1.0, 0.25]))
    codes = keras.Model(model.input, model.get_layer("draw").output)
    mean = codes(X).numpy()
    drawn = np.stack([codes(X, training=True).numpy() for _ in range(300)])
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.7)
    np.testing.assert_allclose(drawn.std(axis=(0)).mean(axis=0), [2, 1, 0.5], rtol=0.05)
    np.testing.assert_array_equal(codes(X).numpy(), mean)


@pytest.mark.parametrize("beta", [0.0, 2.5])
def test_the_loss_grows_by_the_price_of_the_divergence(beta: float) -> None:
    model = autoencoder.build_variational(16, 8, 3, beta=beta)
    model.get_layer("log_variance").bias.assign([0.3, -1.0, 0.0])
    model(X)
    clouds = autoencoder.freeze_variational(model).clouds(X)
    expected = beta * bounds.divergences(*clouds).sum(axis=1).mean()
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_training_moves_the_codes_toward_the_prior() -> None:
    nets = {}
    for beta in (0.0, 100.0):
        model = autoencoder.build_variational(16, 8, 3, beta=beta)
        history = autoencoder.train(
            model, X, epochs=60, batch=8, loss="cross_entropy", shift=0, live=False
        )
        assert np.isfinite(history.loss).all()
        nets[beta] = autoencoder.freeze_variational(model)
    free, bound = (nets[beta].bill(X).code.mean() for beta in (0.0, 100.0))
    assert bound < 0.05 < free


def test_a_negative_price_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"beta must be 0 or more, got -1"):
        autoencoder.build_variational(16, 3, beta=-1)


def test_a_plain_model_cannot_be_frozen_as_a_variational_one() -> None:
    with pytest.raises(ValueError, match=r"must come from build_variational\(\), got Functional"):
        autoencoder.freeze_variational(autoencoder.build(16, 3))


@pytest.mark.parametrize("sizes", [(16, 8, 3), (16, 3)])
def test_frozen_computes_what_keras_computes(sizes: tuple[int, ...]) -> None:
    model = autoencoder.build_variational(*sizes)
    model.set_weights(
        [w + 0.1 * RNG.standard_normal(w.shape) for w in model.get_weights()[:-1]]
        + model.get_weights()[-1:]
    )
    net = autoencoder.freeze_variational(model)
    np.testing.assert_allclose(net.encode(X), model.encoder(X), atol=1e-5)
    np.testing.assert_allclose(net.reconstruct(X), model(X), atol=1e-5)
    features = net.net.features(X)
    np.testing.assert_allclose(
        net.clouds(X)[1], model.get_layer("log_variance")(features), atol=1e-5
    )


def test_the_divergence_agrees_with_a_simulation() -> None:
    mean, log_variance = RNG.normal(size=(2, 5, 4))
    noise = RNG.normal(size=(40_000, 5, 4))
    codes = mean + np.exp(log_variance / 2) * noise
    gaps = 0.5 * (codes**2 - noise**2 - log_variance)
    np.testing.assert_allclose(bounds.divergences(mean, log_variance), gaps.mean(axis=0), atol=0.06)


def test_a_linear_gaussian_estimate_lies_between_bill_and_truth() -> None:
    """With a decoder that ignores the code, every estimate of -log p(x) is exact."""
    model = autoencoder.build_variational(16, 3)
    model.decoder.set_weights([0 * weight for weight in model.decoder.get_weights()])
    net = autoencoder.freeze_variational(model)
    bill, estimate = net.bill(X), net.negative_log_likelihood(X, draws=2000)
    np.testing.assert_allclose(bill.copy, 16 * np.log(2), rtol=1e-5)
    np.testing.assert_allclose(estimate, 16 * np.log(2), atol=0.35)
    assert estimate.mean() < bill.total.mean()


@pytest.mark.parametrize("beta", [1, 4, 40])
def test_the_shipped_networks_have_the_recorded_bounds(beta: int) -> None:
    record = assets.digit_variational_record()["networks"][str(beta)]
    digits = data.digits("bundled")
    net = assets.digit_variational(beta)
    assert net.bill(digits.x_test).total.mean() == pytest.approx(record["bound"], abs=0.5)
    error = autoencoder_error(net.reconstruct(digits.x_test), digits.x_test)
    assert error == pytest.approx(record["error"], abs=0.05)


def test_the_shipped_plain_network_has_the_recorded_error() -> None:
    digits = data.digits("bundled")
    error = autoencoder_error(
        assets.plain_digit_autoencoder().reconstruct(digits.x_test), digits.x_test
    )
    recorded = assets.digit_variational_record()["networks"]["0"]["error"]
    assert error == pytest.approx(recorded, abs=0.05)


def autoencoder_error(copies: np.typing.ArrayLike, x: np.typing.ArrayLike) -> float:
    return float(((np.asarray(copies) - np.asarray(x)) ** 2).sum(axis=1).mean())


def test_an_unknown_price_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"beta must be 1, 4 or 40, .*; got 2"):
        assets.digit_variational(2)


def test_the_shipped_networks_need_no_tensorflow() -> None:
    assert loaded("from course import assets; assets.digit_variational().sample(2)") == []


def test_the_script_trains_what_it_records() -> None:
    record = json.loads(assets.VARIATIONAL_RECORD.read_text(encoding="utf-8"))
    assert tuple(record["sizes"]) == make_variational.SHIPPED
    assert record["epochs"] == make_variational.EPOCHS
    assert assets.VARIATIONAL_WEIGHTS.stat().st_size < 1_000_000
