"""Rebuild a learner's Keras model from its layers and weights, so that a test can trust it.

Example:
    >>> from course import autoencoder
    >>> model = autoencoder.build(12, 8, 3)
    >>> rebuild(model.encoder, "encoder").output_shape
    (None, 3)

An object that calls itself a model may answer a test with anything, such as images that it has
remembered. So a test only asks it for plain data, with Keras' own methods ``to_json`` and
``get_weights``, and evaluates a new model that holds nothing else. In grading, the data come from
the learner's kernel and the new model is built in the test's process. Therefore none of the
learner's code and no serialized Python may be in it: of each layer, only the settings in `LAYERS`
are used.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from course.autoencoder.backend import tensorflow

if TYPE_CHECKING:
    import keras

_CONVOLUTION: Final = (
    *("filters", "kernel_size", "strides", "padding", "dilation_rate", "activation", "use_bias"),
)
_POOLING: Final = ("pool_size", "strides", "padding")
LAYERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Dense": ("units", "activation", "use_bias"),
    "Conv2D": (*_CONVOLUTION, "groups"),
    "Conv2DTranspose": (*_CONVOLUTION, "output_padding"),
    "MaxPooling2D": _POOLING,
    "AveragePooling2D": _POOLING,
    "GlobalAveragePooling2D": ("keepdims",),
    "UpSampling2D": ("size", "interpolation"),
    "ZeroPadding2D": ("padding",),
    "Cropping2D": ("cropping",),
    "Flatten": (),
    "Reshape": ("target_shape",),
    "Activation": ("activation",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "LeakyReLU": ("negative_slope",),
    "ELU": ("alpha",),
    "PReLU": ("shared_axes",),
    "Softmax": ("axis",),
    "BatchNormalization": ("axis", "epsilon", "center", "scale"),
    "LayerNormalization": ("axis", "epsilon", "center", "scale"),
    "Dropout": ("rate",),
    "GaussianNoise": ("stddev",),
    "Rescaling": ("scale", "offset"),
    "Add": (),
    "Average": (),
    "Concatenate": ("axis",),
}
"""The layers that are rebuilt, with the settings that matter for what they compute."""
MAX_LAYERS: Final = 60
MAX_WEIGHTS: Final = 8_000_000
MAX_OUTPUTS: Final = 200_000  # numbers that a layer computes for one example
_MAX_CONFIG_CHARS: Final = 500_000
_MAX_SETTING: Final = 100_000
_MODELS: Final = {"Sequential": "keras", "Functional": "keras.src.models.functional"}
_ACTIVATIONS: Final = (
    *("celu", "elu", "exponential", "gelu", "hard_sigmoid", "hard_silu", "hard_tanh", "leaky_relu"),
    *("linear", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus"),
    *("softsign", "swish", "tanh"),
)


def rebuild(model: Any, name: str = "model", *, weights: bool = True) -> keras.Model:
    """Return a new Keras model with the layers of another one, and with its weights.

    Example:
        >>> rebuild(lambda images: images, "encoder")
        Traceback (most recent call last):
            ...
        AssertionError: The encoder should be a Keras model, not a function. Return the model
        itself, such as keras.Model(inputs, outputs).

    Args:
        model: A model of the learner's.
        name: What the learner calls it, for messages.
        weights: Whether to copy the weights; otherwise they are 0.

    Raises:
        AssertionError: It isn't a model that can be rebuilt; the message is a hint for the learner.
    """
    if not hasattr(model, "to_json") or not hasattr(model, "get_weights"):
        raise AssertionError(
            f"The {name} should be a Keras model, not a {type(model).__name__}. Return the model "
            "itself, such as keras.Model(inputs, outputs)."
        )
    text, arrays = _plain_data(model, name, weights)
    try:
        return _build(_Reader().model(_parse(text)), arrays)
    except _RefusedError as refused:
        raise AssertionError(
            f"The {name} can't be tested: {refused}. The test rebuilds your network from its "
            "layers and weights. Use keras.Model(inputs, outputs) or keras.Sequential with layers "
            "such as Dense."
        ) from None
    except Exception as error:  # noqa: BLE001  (Keras raises anything if the settings make no sense)
        raise AssertionError(
            f"The {name} can't be rebuilt from its layers and weights: {str(error)[:300]}"
        ) from None


class _RefusedError(Exception):
    """A model holds what can't be rebuilt; the message completes a sentence."""


def _plain_data(model: Any, name: str, weights: bool) -> tuple[Any, list[Any] | None]:
    """Return the configuration as JSON, and the weights."""
    arrays: list[Any] = []
    try:
        text = model.to_json()
        for array in model.get_weights() if weights else ():
            arrays.append(array)
            if sum(map(np.size, arrays)) > MAX_WEIGHTS or len(arrays) > 8 * MAX_LAYERS:
                break  # they won't fit the layers
    except Exception as error:  # noqa: BLE001  (the learner's class may raise anything)
        kind = type(model).__name__
        raise AssertionError(
            f"The layers and weights of the {name}, a {kind}, can't be read: {str(error)[:200]}. "
            "Build it with keras.Model(inputs, outputs) or keras.Sequential, without a class of "
            "your own."
        ) from None
    return text, arrays if weights else None


def _parse(text: Any) -> Any:
    if not isinstance(text, str) or len(text) > _MAX_CONFIG_CHARS:
        raise _RefusedError("its configuration is too long")
    return json.loads(text)


class _Reader:
    """Copies from an untrusted configuration what is known, and refuses everything else."""

    def __init__(self) -> None:
        self._layers = self._calls = 0

    def model(self, data: Any) -> dict[str, Any]:
        kind, config = _parts(data)
        if kind not in _MODELS:
            raise _RefusedError("it is a layer, not a model")
        return self._model(kind, config)

    def _model(self, kind: str, config: dict[str, Any]) -> dict[str, Any]:
        layers = config.get("layers")
        if not isinstance(layers, list) or not layers:
            raise _RefusedError("it has no layers")
        own: dict[str, Any] = {"name": _name(config), "trainable": True}
        own["layers"] = [self._layer(layer, calls=kind == "Functional") for layer in layers]
        if kind == "Functional":
            own |= {key: _places(config.get(key)) for key in ("input_layers", "output_layers")}
        elif config.get("build_input_shape"):
            own["build_input_shape"] = _setting(config["build_input_shape"])
        return _serialized(_MODELS[kind], kind, own)

    def _layer(self, data: Any, *, calls: bool) -> dict[str, Any]:
        self._layers += 1
        if self._layers > MAX_LAYERS:
            raise _RefusedError(f"it has more than {MAX_LAYERS} layers")
        kind, config = _parts(data)
        if kind in _MODELS:
            layer = self._model(kind, config)
        elif kind == "InputLayer":
            shape = _setting(config.get("batch_shape"))
            own = {"name": _name(config), "batch_shape": shape, "dtype": "float32"}
            layer = _serialized("keras.layers", kind, own)
        else:
            layer = _serialized("keras.layers", kind, _settings(kind, config))
        if calls:
            layer["name"] = layer["config"]["name"]
            layer["inbound_nodes"] = [self._call(call) for call in data.get("inbound_nodes", ())]
        return layer

    def _call(self, call: Any) -> dict[str, Any]:
        """Return one use of a layer; its keywords, such as ``training``, don't matter here."""
        self._calls += 1
        if self._calls > 4 * MAX_LAYERS or not isinstance(call, dict):
            raise _RefusedError("its layers are connected too often")
        return {"args": [_tensors(value) for value in call.get("args", ())], "kwargs": {}}


def _parts(data: Any) -> tuple[str, dict[str, Any]]:
    """Return the class and the configuration of a layer or model."""
    if not isinstance(data, dict) or not isinstance(data.get("config"), dict):
        raise _RefusedError("one of its layers has no configuration")
    kind = str(data.get("class_name"))[:60]
    known = kind in LAYERS or kind in (*_MODELS, "InputLayer")
    is_own = str(data.get("module")).partition(".")[0] != "keras" or ".ops" in str(data["module"])
    if is_own or not known:
        raise _RefusedError(f"it uses {kind}, which isn't one of Keras' usual layers")
    return kind, data["config"]


def _serialized(module: str, kind: str, config: dict[str, Any]) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _settings(kind: str, config: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {"name": _name(config)}
    for key in LAYERS[kind]:
        if key in config:
            own[key] = (_activation if key == "activation" else _setting)(config[key])
    if "use_bias" in LAYERS[kind]:  # no random numbers of the learner's are used up
        own["kernel_initializer"] = "zeros"
    return own


def _activation(value: Any) -> Any:
    if isinstance(value, dict) and value.get("class_name") in ("ReLU", "LeakyReLU", "ELU"):
        kind, config = _parts(value)
        return _serialized("keras.layers", kind, _settings(kind, config))
    name = str(value.get("config")) if isinstance(value, dict) else value
    if name == "course>gelu":
        return "gelu"  # of `course.autoencoder.build`; equal to three digits
    if name is not None and name not in _ACTIVATIONS:
        raise _RefusedError(f"it has the activation {str(name)[:60]}, which Keras does not have")
    return name


def _name(config: dict[str, Any]) -> str:
    name = config.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        raise _RefusedError("one of its layers has no name")
    return name


def _setting(value: Any, depth: int = 0) -> Any:
    """Return plain numbers, words and lists of them."""
    if isinstance(value, list) and depth < 3 and len(value) <= 64:
        return [_setting(item, depth + 1) for item in value]
    if value is None or (isinstance(value, str) and len(value) <= 20):
        return value
    if isinstance(value, (bool, int, float)) and abs(value) <= _MAX_SETTING:
        return value
    raise _RefusedError(f"a layer has the setting {str(value)[:40]}")


def _places(value: Any) -> Any:
    """Return references to layers' outputs: ``[name, call, output]``, or a list of such."""
    if isinstance(value, list) and len(value) <= 64:
        return [item if isinstance(item, str) else _places(item) for item in value]
    if isinstance(value, int) and 0 <= value < 4 * MAX_LAYERS:
        return value
    raise _RefusedError("its inputs and outputs can't be read")


def _tensors(value: Any) -> Any:
    """Return the inputs of a layer: outputs of other layers, or lists of them."""
    if isinstance(value, list) and len(value) <= 64:
        return [_tensors(item) for item in value]
    if not isinstance(value, dict) or value.get("class_name") != "__keras_tensor__":
        raise _RefusedError("a layer gets something else than the output of a layer")
    config = value.get("config")
    history = config.get("keras_history") if isinstance(config, dict) else None
    # Its shape and type follow from the layer that computes it.
    own = {"shape": [], "dtype": "float32", "keras_history": _places(history)}
    return {"class_name": "__keras_tensor__", "config": own}


def _build(config: dict[str, Any], arrays: list[Any] | None) -> Any:
    _, keras = tensorflow()
    kind = getattr(keras, "Sequential" if config["class_name"] == "Sequential" else "Model")
    with _shapes_only(keras):
        shapes = [tuple(weight.shape) for weight in _checked(kind, config, keras).weights]
    given = shapes if arrays is None else [np.shape(array) for array in arrays]
    if given != shapes:
        raise _RefusedError("its weights don't fit its layers")
    model = _checked(kind, config, keras)
    if arrays is not None:
        model.set_weights([np.asarray(array, np.float32) for array in arrays])
    return model


@contextlib.contextmanager
def _shapes_only(keras: Any) -> Iterator[None]:
    """Let variables take no memory, and let Keras forget them: it would fill them later."""
    state = importlib.import_module("keras.src.backend.common.global_state")
    name = "uninitialized_variables"
    others = state.get_global_attribute(name)
    state.set_global_attribute(name, [])
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        state.set_global_attribute(name, others)


def _checked(kind: Any, config: dict[str, Any], keras: Any) -> Any:
    """Build a model and check its size."""
    model = kind.from_config(json.loads(json.dumps(config["config"])))  # Keras changes its argument
    if not model.built:
        raise _RefusedError("it has no input; begin with keras.Input")
    count = sum(math.prod(weight.shape) for weight in model.weights)
    if count > MAX_WEIGHTS:
        raise _RefusedError(f"it has {count:,} weights; the test takes at most {MAX_WEIGHTS:,}")
    for layer in _all_layers(model, keras):
        for output in layer.output if isinstance(layer.output, list) else [layer.output]:
            if math.prod(size or 1 for size in output.shape) > MAX_OUTPUTS:
                raise _RefusedError(f"a layer computes more than {MAX_OUTPUTS:,} numbers per image")
    return model


def _all_layers(model: Any, keras: Any) -> Iterator[Any]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _all_layers(layer, keras)
        else:
            yield layer
