"""Training: it learns, can be stopped, explains errors and leaks nothing."""

from __future__ import annotations

import importlib
import weakref
from typing import Any

import numpy as np
import pytest

from course import autoencoder, data
from course.autoencoder import precision, steps
from course.autoencoder.checks import TrainingError
from course.autoencoder.history import History
from course.autoencoder.recipe import Recipe
from course.autoencoder.steps import TrainingSteps, dense_layers, shift_randomly
from course.metrics import squared_error


def digits() -> Any:
    return data.digits("bundled").x_train[:1501]


def keras() -> Any:
    return importlib.import_module("keras")


def tensorflow() -> Any:
    return importlib.import_module("tensorflow")


@pytest.mark.slow
def test_training_beats_the_mean_image_by_far() -> None:
    digits_ = data.digits("bundled")
    model = autoencoder.build(784, 64, 10)
    history = autoencoder.train(
        model, digits(), epochs=15, batch=64, validation=digits_.x_test, live=False
    )
    assert len(history.loss) == len(history.validation) == len(history.seconds) == 15
    assert history.seconds == sorted(history.seconds)
    measured = squared_error(digits_.x_test, model(digits_.x_test).numpy())
    assert history.validation[-1] == pytest.approx(measured, rel=1e-3)
    assert measured < 27  # the mean image: 53.3
    assert not history.interrupted


@pytest.mark.slow
def test_the_seed_decides_and_training_goes_on_where_it_stopped() -> None:
    results = []
    for seed in (0, 0, 1):
        model = autoencoder.build(784, 2)
        history = autoencoder.train(
            model, digits()[:600], batch=20, epochs=2, seed=seed, live=False
        )
        results.append(history.loss)
    assert results[0] == pytest.approx(results[1], rel=1e-3)
    assert results[0] != pytest.approx(results[2], rel=1e-6)
    more = autoencoder.train(model, digits()[:600], batch=20, epochs=1, live=False)
    assert more.loss[0] < 1.02 * results[2][1]
    assert more.loss[0] < results[2][0]


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("sigmoid", "squared_error"),
        ("sigmoid", "cross_entropy"),
        ("linear", "squared_error"),
        ("softmax", "cross_entropy"),
        ("softmax", "squared_error"),
    ],
)
def test_every_loss_falls_and_starts_near_the_mean_example(output: str, loss: Any) -> None:
    x = digits()[:600]
    if output == "softmax":
        x = x / x.sum(1, keepdims=True)
    model = autoencoder.build(784, 5, output=output)
    history = autoencoder.train(model, x, epochs=8, batch=60, loss=loss, shift=0, live=False)
    assert history.loss[-1] < history.loss[0]
    mean = x.mean(0)
    untrained = {
        ("sigmoid", "squared_error"): np.square(x - mean).sum(1).mean(),
        ("linear", "squared_error"): np.square(x - mean).sum(1).mean(),
        ("softmax", "cross_entropy"): -(x * np.log(mean + 1e-9)).sum(1).mean(),
    }.get((output, loss))
    if untrained is not None:
        assert history.loss[0] < 3 * untrained  # gray images: 196, six times as much


@pytest.mark.parametrize(
    ("output", "loss"), [("sigmoid", "cross_entropy"), ("softmax", "cross_entropy")]
)
def test_any_model_is_trained_with_the_same_loss(output: str, loss: Any) -> None:
    """Dense chains go a faster way than other models; both must mean the same."""
    x = digits()[:200]
    plain = autoencoder.build(784, 9, 3, output=output)
    copy = autoencoder.build(784, 9, 3, output=output)
    inputs = keras().Input((784,))
    # Adding 0 changes nothing but that the model is no chain of Dense layers any more.
    other = keras().Model(inputs, copy(keras().layers.Rescaling(1.0)(inputs)))
    recipe = Recipe(epochs=1, loss=loss, precision="float32")
    ways = [TrainingSteps(model, recipe, x, 1) for model in (plain, other)]
    assert ways[0]._layers is not None
    assert ways[1]._layers is None
    assert ways[0].measure(x) == pytest.approx(ways[1].measure(x), rel=1e-4)


def test_only_chains_of_dense_layers_use_the_fast_path() -> None:
    layers, x = keras().layers, digits()[:2]
    image = keras().Input((784,))
    code = layers.Dense(5)(image)
    twice = layers.Dense(784)(layers.Add()([code, layers.Dense(5)(image)]))
    skip = keras().Model(image, twice)
    regular = keras().Sequential([image, layers.Dense(784, kernel_regularizer="l2")])
    frozen_layer = keras().Sequential([image, layers.Dense(5, trainable=False), layers.Dense(784)])
    swapped = keras().Model(image, layers.Dense(784, name="a")(layers.Dense(784, name="b")(image)))
    assert dense_layers(skip, x) is None
    assert dense_layers(regular, x) is None
    assert dense_layers(frozen_layer, x) is None
    assert dense_layers(swapped, x) is not None
    inner = keras().Sequential([image, layers.Dense(5, activation="relu")])
    nested = keras().Sequential([image, inner, layers.Dense(784)])
    assert len(dense_layers(nested, x) or []) == 2
    history = autoencoder.train(skip, digits()[:100], epochs=3, batch=10, live=False)
    assert history.loss[-1] < history.loss[0]


def test_models_without_a_chain_learn_too_with_dropout_and_penalties() -> None:
    layers = keras().layers
    model = keras().Sequential(
        [
            keras().Input((784,)),
            layers.Dense(32, activation="relu", kernel_regularizer="l2"),
            layers.Dropout(0.2),
            layers.Dense(784, activation="sigmoid"),
        ]
    )
    history = autoencoder.train(model, digits(), epochs=6, batch=64, live=False)
    assert history.loss[-1] < history.loss[0]


def test_half_precision_models_are_trained() -> None:
    layers = keras().layers
    half = keras().dtype_policies.DTypePolicy("mixed_bfloat16")
    dense = [layers.Dense(5, dtype=half), layers.Dense(784, activation="sigmoid", dtype=half)]
    model = keras().Sequential([keras().Input((784,)), *dense])
    assert dense_layers(model, digits()[:2]) is None
    history = autoencoder.train(model, digits()[:300], epochs=3, batch=30, live=False)
    assert history.loss[-1] < history.loss[0]


def test_a_nan_loss_is_explained_and_keeps_the_last_good_weights() -> None:
    model = autoencoder.build(784, 8, 2, output="linear")
    x = np.full((64, 784), 1e18, np.float32)
    with pytest.raises(
        TrainingError, match=r"NaN or infinite in epoch 1.*learning rate"
    ) as error_info:
        autoencoder.train(model, x, epochs=3, live=False)
    assert error_info.value.history == History(precision="float32")
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_later_divergence_restores_the_weights_of_the_last_good_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, take = autoencoder.build(784, 8, 2), TrainingSteps.take
    seen: list[Any] = []

    def poisoned(self: TrainingSteps, order: Any) -> Any:
        if len(seen) == 2:
            self._weights[0].assign(np.full(self._weights[0].shape, np.nan))
        seen.append(self.averaged_weights())
        return take(self, order)

    monkeypatch.setattr(TrainingSteps, "take", poisoned)
    with pytest.raises(TrainingError, match="epoch 3") as error_info:
        autoencoder.train(model, digits(), epochs=9, live=False)
    assert error_info.value.history is not None
    assert len(error_info.value.history.loss) == 2
    np.testing.assert_array_equal(model.get_weights()[0], seen[2][0])


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((5, 784), 255, np.uint8), "divide by 255"),
        (254.5 * digits()[:5], "divide by 255"),  # not whole
        (np.full((5, 784), -0.5), 'output="linear"'),
        (np.zeros((0, 784)), "empty"),
        (np.zeros((784, 5)), r"x\.T"),
        (np.zeros((5, 28, 28)), "reshape"),
        (np.zeros(784), r"x\[None\]"),
        (np.full((5, 784), np.nan), "NaN"),
        ("digits", "of numbers"),
    ],
)
def test_invalid_examples_are_rejected(x: Any, message: str) -> None:
    model = autoencoder.build(784, 2)
    before = model.get_weights()
    with pytest.raises(ValueError, match=rf"x_train .*{message}"):
        autoencoder.train(model, x, live=False)
    with pytest.raises(ValueError, match=rf"validation .*{message}"):
        autoencoder.train(model, digits(), validation=x, live=False)
    for ours, theirs in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"epochs": -1}, "epochs must be .* got -1"),
        ({"epochs": 2.5}, "epochs must be .* got 2.5"),
        ({"batch": 0}, "batch must be .* got 0"),
        ({"learning_rate": 0}, "learning_rate must be .* got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be .* got nan"),
        ({"loss": "mse"}, "loss must be .* got 'mse'"),
        ({"shift": 28}, "shifted by 28 pixels"),
        ({"noise": -1}, "noise must be .* got -1"),
        ({"precision": "half"}, "precision must be .* got 'half'"),
    ],
)
def test_invalid_settings_are_rejected(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        autoencoder.train(autoencoder.build(784, 2), digits(), live=False, **choice)


def test_nested_models_are_treated_like_their_layers() -> None:
    keras_ = keras()
    x = keras_.Input((16,))
    encoder = keras_.Sequential([keras_.Input((16,)), keras_.layers.Dense(2)])
    decoder = keras_.Sequential([keras_.Input((2,)), keras_.layers.Dense(16, "sigmoid")])
    model = keras_.Model(x, decoder(encoder(x)))
    with pytest.raises(ValueError, match="255"):
        autoencoder.train(model, np.full((8, 16), 200.0), epochs=1, live=False)
    autoencoder.train(model, np.full((8, 16), 0.9), epochs=0, live=False)
    assert np.all(decoder.layers[-1].bias.numpy() > 1)  # starts with the mean example


def test_pixels_up_to_255_are_rejected_with_linear_outputs_too() -> None:
    model = autoencoder.build(784, 2, output="linear")
    for x in (255 * digits(), np.rint(255 * digits())):
        with pytest.raises(ValueError, match="like pixels from 0 to 255"):
            autoencoder.train(model, x, live=False)
    standardized = (digits() - digits().mean(0)) * 200
    assert autoencoder.train(model, standardized, epochs=1, shift=0, live=False).loss


def test_unsuitable_models_are_rejected() -> None:
    layers = keras().layers
    encoder = keras().Sequential([keras().Input((784,)), layers.Dense(3)])
    empty = keras().Sequential([keras().Input((784,)), layers.Rescaling(2.0)])
    for model, message in (
        (encoder, "784 inputs and 3 outputs"),
        (empty, "weights"),
        ("m", "build"),
    ):
        with pytest.raises(ValueError, match=message):
            autoencoder.train(model, digits(), live=False)
    with pytest.raises(ValueError, match="needs probabilities"):
        autoencoder.train(
            autoencoder.build(784, 2, output="linear"), digits(), loss="cross_entropy", live=False
        )
    with pytest.raises(ValueError, match=r"square images.*shift=0"):
        autoencoder.train(autoencoder.build(10, 2), np.zeros((5, 10)), live=False)


@pytest.mark.parametrize(
    ("sizes", "batch", "message"),
    [
        (
            (784, 2),
            1501,
            r"batch=1501 take 28 MB, the 1,501 examples take 4\.7 MB\. Try a smaller batch",
        ),
        ((784, 2), 9, r"1,501 examples take 4\.7 MB\. Try fewer examples"),
        ((784, 1000, 30), 64, r"1,630,814 weights.*take 33 MB, .*Try a smaller model"),
    ],
)
def test_a_lack_of_memory_is_explained(
    sizes: tuple[int, ...], batch: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise tensorflow().errors.ResourceExhaustedError(None, None, "OOM when allocating")

    monkeypatch.setattr(TrainingSteps, "take", full)
    with pytest.raises(MemoryError, match=rf"^Not enough memory for training: .*{message}"):
        autoencoder.train(autoencoder.build(*sizes), digits(), batch=batch, live=False)


def test_few_examples_and_no_epochs_work() -> None:
    model = autoencoder.build(16, 2)
    assert autoencoder.train(model, np.ones((1, 16)), epochs=2, live=False).loss[1] >= 0
    before = model.get_weights()
    assert autoencoder.train(model, np.ones((3, 16)), epochs=0, live=False).loss == []
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


@pytest.mark.slow
def test_repeated_training_does_not_leak_memory(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    built, graph = [], steps.build_graph

    def watched(*given: Any, **options: Any) -> Any:
        built.append(weakref.ref((made := graph(*given, **options)).graph))
        return made

    monkeypatch.setattr(steps, "build_graph", watched)
    model = autoencoder.build(784, 2)
    with caplog.at_level("WARNING"):
        for _ in range(4):
            autoencoder.train(model, digits()[:390], epochs=2, batch=16, live=False)
    assert len(built) == 8  # 24 steps in calls of 20 and 4, and not one graph more
    assert [reference() for reference in built] == [None] * 8
    assert caplog.records == []  # such as TensorFlow's about functions built in a loop


def test_shifts_move_whole_pictures_by_at_most_so_many_pixels() -> None:
    tf = tensorflow()
    x = np.zeros((16, 49), np.float32)
    x[:, 24] = 1  # the middle of 7 x 7
    moved = shift_randomly(tf, tf.constant(x), 2, tf.constant([0, 1])).numpy().reshape(16, 7, 7)
    rows, columns = np.argwhere(moved)[:, 1], np.argwhere(moved)[:, 2]
    assert moved.sum() == 16
    assert set(rows) | set(columns) <= {1, 2, 3, 4, 5}
    assert len(set(zip(rows, columns, strict=True))) > 1
    other = shift_randomly(tf, tf.constant(x), 2, tf.constant([0, 2])).numpy().reshape(16, 7, 7)
    assert not np.array_equal(moved, other)
    assert shift_randomly(tf, x, 0, None) is x


@pytest.mark.parametrize("most", [1, 2, 6])
def test_shifted_pictures_have_mirrored_borders(most: int) -> None:
    tf = tensorflow()
    x = np.random.default_rng(0).random((16, 7, 7), np.float32)
    flat = tf.constant(x.reshape(16, 49))
    moved = shift_randomly(tf, flat, most, tf.constant([0, 1])).numpy().reshape(16, 7, 7)
    padded = np.pad(x, [(0, 0), (most, most), (most, most)], "symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (7, 7), (1, 2))
    for picture, choices in zip(moved, windows, strict=True):
        assert (choices == picture).all((2, 3)).sum() == 1


def test_training_with_noise_reduces_the_error_on_noisy_images() -> None:
    digits_ = data.digits("bundled")
    noisy = digits_.x_test + 0.4 * np.random.default_rng(0).standard_normal(digits_.x_test.shape)
    errors = {}
    for noise in (0.0, 0.4):
        model = autoencoder.build(784, 64, 10)
        autoencoder.train(model, digits(), epochs=15, batch=64, noise=noise, live=False)
        errors[noise] = squared_error(digits_.x_test, model(noisy).numpy())
    assert errors[0.4] < errors[0.0]


def test_bfloat16_learns_as_well_as_float32() -> None:
    ends = []
    for name in ("float32", "bfloat16"):
        history = autoencoder.train(
            autoencoder.build(784, 64, 10),
            digits(),
            epochs=8,
            batch=64,
            precision=name,
            live=False,
        )
        assert history.precision == name
        ends.append(history.loss[-1])
    assert ends[0] == pytest.approx(ends[1], rel=0.05)
    assert precision.faster_format(1, 2, 3) == "float32"
