"""Build the network: layers that narrow down to a code, and their mirror image.

Example:
    >>> model = build(784, 1000, 500, 250, 30)
    >>> model.count_params()
    2837314
    >>> model.encoder.output_shape, model.decoder.output_shape
    ((None, 30), (None, 784))
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

from course.autoencoder.archive import HIDDEN, OUTPUTS
from course.autoencoder.backend import tensorflow
from course.autoencoder.memory_errors import build_memory_message

if TYPE_CHECKING:
    import keras

# Of GELU's approximation (D. Hendrycks and K. Gimpel 2016, https://arxiv.org/abs/1606.08415), in
# which (1 + tanh(z)) / 2 is the logistic function of 2 z.
_SLOPE, _CUBIC = 2 * math.sqrt(2 / math.pi), 0.044715


def build(*sizes: int, hidden: str = "gelu", output: str = "sigmoid", seed: int = 0) -> keras.Model:
    """Build an untrained autoencoder: the given layers down to the code, and back up.

    Example:
        >>> model = build(784, 100, 10)
        >>> [layer.units for layer in model.layers[1:]]
        [100, 10, 100, 784]

    The code layer is linear, as in Hinton and Salakhutdinov 2006
    (https://doi.org/10.1126/science.1127647), so codes can be any numbers. Weights are random
    with variance 1 / inputs, or 2 / inputs after a ReLU or GELU, which pass about half of the
    signal (K. He et al. 2015, https://arxiv.org/abs/1502.01852).

    Args:
        sizes: Numbers per example, widths of the hidden layers if any, numbers per code.
        hidden: Activation of the hidden layers: ``"gelu"`` (tanh approximation), ``"relu"``,
            ``"tanh"``, ``"sigmoid"`` or ``"linear"``.
        output: Activation of the last layer: ``"sigmoid"`` for numbers in [0, 1], ``"linear"``
            for any numbers, ``"softmax"`` for shares that sum to 1.
        seed: The same seed gives the same initial weights.

    Returns:
        A Keras model ``(n, d) -> (n, d)``. Its ``encoder`` ``(n, d) -> (n, k)`` and its ``decoder``
        ``(n, k) -> (n, d)`` are Keras models too and share its weights.

    Raises:
        ValueError: The sizes aren't at least two whole numbers above 0, or an activation is
            unknown.
        MemoryError: There is not enough memory for layers this wide.
    """
    widths = _widths(sizes)
    if hidden not in HIDDEN:
        raise ValueError(f"hidden must be one of {', '.join(HIDDEN)}, got {hidden!r}.")
    if output not in OUTPUTS:
        raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, got {output!r}.")
    tf, keras = tensorflow()
    try:
        return _assemble(keras, widths, hidden, output, seed)
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        raise MemoryError(build_memory_message(widths)) from error


def _assemble(keras: Any, widths: list[int], hidden: str, output: str, seed: int) -> Any:
    middle = len(widths) - 1
    inner = range(1, middle)
    names = [*(f"encoder_{i}" for i in inner), "code", *(f"decoder_{i}" for i in inner), "copy"]
    own = [_activation(keras, hidden)] * len(inner)
    units, activations = [*widths[1:], *widths[-2::-1]], [*own, "linear", *own, output]
    layers = []
    for i, (width, activation, name) in enumerate(zip(units, activations, names, strict=True)):
        # A ReLU or GELU before this layer passed about half of the signal.
        halved = hidden in ("gelu", "relu") and i not in (0, middle - 1, middle)
        start = keras.initializers.VarianceScaling(
            2.0 if halved else 1.0, "fan_in", "untruncated_normal", seed=seed * 1000 + i
        )
        layers.append(keras.layers.Dense(width, activation, kernel_initializer=start, name=name))
    x = keras.Input((widths[0],), name="x")
    code = _chain(layers[:middle], x)
    z = keras.Input((widths[-1],), name="z")
    model = keras.Model(x, _chain(layers[middle:], code), name="autoencoder")
    model.encoder = keras.Model(x, code, name="encoder")
    model.decoder = keras.Model(z, _chain(layers[middle:], z), name="decoder")
    return model


def _widths(sizes: tuple[int, ...]) -> list[int]:
    try:
        widths = [operator.index(size) for size in sizes]
    except TypeError:
        widths = []
    if len(widths) < 2 or min(widths) < 1 or any(isinstance(size, bool) for size in sizes):
        raise ValueError(
            "build needs at least two whole numbers above 0, from the numbers of an example to "
            f"those of a code, as in build(784, 1000, 500, 250, 30); got {sizes!r}."
        )
    return widths


def _chain(layers: list[Any], values: Any) -> Any:
    for layer in layers:
        values = layer(values)
    return values


def _activation(keras: Any, name: str) -> Any:
    """Return Keras's name, or GELU's tanh approximation: faster, and equal to three digits."""
    if name != "gelu":
        return name
    registered = keras.saving.get_registered_object("course>gelu")
    if registered is not None:
        return registered
    tf, _ = tensorflow()

    def gelu(x: Any) -> Any:
        # Fewer operations than Keras's form. A custom gradient would need fewer still, but
        # TensorFlow keeps each one, with the graph that it belongs to, for good.
        return x * tf.sigmoid(x * (_SLOPE + _SLOPE * _CUBIC * tf.square(x)))

    return keras.saving.register_keras_serializable("course", "gelu")(gelu)
