"""A test evaluates a copy of a model that holds its layers and weights, and nothing else."""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest

from course import autoencoder
from course.autoencoder.backend import tensorflow
from course.autoencoder.rebuild import MAX_WEIGHTS, rebuild

pytestmark = pytest.mark.slow


class Claim:
    """Answers like a model, with any configuration and weights."""

    def __init__(self, config: Any, weights: Any = ()) -> None:
        self.config, self.weights = config, weights

    def to_json(self) -> Any:
        return self.config if isinstance(self.config, str) else json.dumps(self.config)

    def get_weights(self) -> Any:
        return self.weights


def convolutional() -> Any:
    layers = tensorflow()[1].layers
    return tensorflow()[1].Sequential(
        [
            tensorflow()[1].Input((784,)),
            layers.Rescaling(0.5, offset=0.1),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation=layers.LeakyReLU(0.3)),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Conv2DTranspose(2, 3, strides=2, activation="gelu"),
            layers.Dropout(0.5),
            layers.Flatten(),
            layers.Dense(30, activation="selu"),
        ]
    )


def branched() -> Any:
    keras = tensorflow()[1]
    z = keras.Input((30,))
    shared = keras.layers.Dense(30, activation="relu")
    h = keras.layers.Add()([shared(z), shared(keras.layers.LayerNormalization()(z))])
    h = keras.layers.Concatenate()([h, z])
    return keras.Model(z, keras.layers.Dense(784, activation="sigmoid")(h))


def nested() -> Any:
    keras = tensorflow()[1]
    x = keras.Input((784,))
    return keras.Model(x, branched()(convolutional()(x)))


@pytest.mark.parametrize("build", [convolutional, branched, nested])
def test_a_rebuilt_model_computes_the_same(build: Any) -> None:
    model = build()
    model.set_weights([np.random.default_rng(0).random(w.shape) / 20 for w in model.get_weights()])
    x = np.random.default_rng(1).random((3, model.input_shape[1])).astype("float32")
    copy = rebuild(model)
    assert copy is not model
    assert np.allclose(copy(x), model(x), atol=1e-6)


def test_the_courses_own_network_can_be_rebuilt() -> None:
    model = autoencoder.build(784, 1000, 500, 250, 30)
    x = np.random.default_rng(1).random((3, 784)).astype("float32")
    assert np.allclose(rebuild(model)(x), model(x), atol=1e-3)
    copy = rebuild(model, weights=False)
    assert copy.count_params() == 2837314
    assert not any(weight.any() for weight in copy.get_weights())


def test_the_random_numbers_of_the_learner_are_not_used() -> None:
    keras = tensorflow()[1]
    model = autoencoder.build(12, 8, 3)
    keras.utils.set_random_seed(3)
    expected = keras.layers.Dense(4)
    expected.build((None, 4))
    keras.utils.set_random_seed(3)
    rebuild(model)
    got = keras.layers.Dense(4)
    got.build((None, 4))
    assert np.array_equal(expected.get_weights()[0], got.get_weights()[0])


def dense(**changes: Any) -> dict[str, Any]:
    keras = tensorflow()[1]
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    config: dict[str, Any] = json.loads(model.to_json())
    layer = config["config"]["layers"][1]
    layer["config"] |= changes.pop("config", {})
    layer |= changes
    return config


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (lambda: None, "not a NoneType"),
        (lambda: Claim(7), "can't be rebuilt|too long|no configuration"),
        (lambda: Claim("[" * 100_000), "can't be rebuilt"),
        (lambda: Claim("[" * 600_000), "too long"),
        (lambda: Claim(dense(class_name="Lambda")), "it uses Lambda"),
        (lambda: Claim(dense(module="builtins")), "it uses Dense"),
        (lambda: Claim(dense(module="keras.src.ops.numpy", class_name="Add")), "it uses Add"),
        (lambda: Claim(dense(class_name="TorchModuleWrapper")), "it uses TorchModuleWrapper"),
        (lambda: Claim(dense(config={"activation": "exec"})), "the activation exec"),
        (
            lambda: Claim(dense(config={"activation": {"class_name": "__lambda__"}})),
            "the activation None",
        ),
        (lambda: Claim(dense(config={"units": 10**9})), "has the setting 1000000000"),
        (lambda: Claim(dense(config={"units": {"class_name": "x"}})), "has the setting"),
        (lambda: Claim(dense(config={"units": -4})), "can't be rebuilt"),
        (lambda: Claim(dense(config={"name": 5})), "has no name"),
        (lambda: Claim(dense()), "weights don't fit"),
        (lambda: Claim(dense(), [np.zeros((8, 5)), np.zeros(4)]), "weights don't fit"),
        (lambda: Claim(dense(), [np.zeros((8, 4)), np.array([[], 1, 2, 3], object)]), "rebuilt"),
        (lambda: Claim(dense(), itertools.repeat(np.zeros(10**6))), "weights don't fit"),
    ],
)
def test_what_is_not_a_plain_network_is_refused(claim: Any, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        rebuild(claim(), "encoder")


def test_a_network_too_large_is_refused_before_it_takes_memory() -> None:
    config = dense(config={"units": 100_000})
    layer = json.loads(json.dumps(config["config"]["layers"][1]))
    layer["config"]["name"] = "second"
    config["config"]["layers"].append(layer)
    with pytest.raises(AssertionError, match=rf"10,001,000,000 weights; .* {MAX_WEIGHTS:,}"):
        rebuild(Claim(config))
    # Keras would fill the refused layers when it next works out a shape.
    assert autoencoder.build_variational(8, 4, 2).count_params() == 108


def test_layers_that_compute_too_much_are_refused() -> None:
    keras = tensorflow()[1]
    layers = [keras.layers.Reshape((2, 4, 1)), keras.layers.UpSampling2D(300)]
    with pytest.raises(AssertionError, match="more than 200,000 numbers per image"):
        rebuild(keras.Sequential([keras.Input((8,)), *layers]))


def test_a_class_that_cannot_describe_itself_is_named() -> None:
    keras = tensorflow()[1]

    class Own(keras.Model):  # type: ignore[misc,name-defined]  # Keras has no types
        def get_config(self) -> Any:
            raise OSError("no")

    with pytest.raises(AssertionError, match="encoder, a Own, can't be read: no"):
        rebuild(Own(), "encoder")


def test_the_convolutional_network_halves_the_image_twice() -> None:
    model = autoencoder.build_convolutional(30)
    shapes = [layer.output.shape[1:] for layer in model.encoder.layers]
    assert shapes == [(28, 28, 1), (14, 14, 16), (7, 7, 32), (1568,), (30,)]
    x = np.random.default_rng(1).random((2, 784)).astype("float32")
    again = autoencoder.build_convolutional(30)
    assert np.allclose(model(x), again.decoder(again.encoder(x)), atol=1e-6)
    assert not np.allclose(model(x), autoencoder.build_convolutional(30, seed=1)(x), atol=1e-4)
    with pytest.raises(ValueError, match="at least 1, got 0"):
        autoencoder.build_convolutional(0)
