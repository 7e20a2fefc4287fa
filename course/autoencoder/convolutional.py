"""Build a convolutional autoencoder for images of 28 x 28 pixels.

Example:
    >>> model = build_convolutional(30)
    >>> model.encoder.output_shape, model.count_params()
    ((None, 30), 105247)
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from course.autoencoder.backend import tensorflow

if TYPE_CHECKING:
    import keras

_SIDE, _CHANNELS = 28, (16, 32)


def build_convolutional(code: int, *, seed: int = 0) -> keras.Model:
    """Build an untrained autoencoder of two convolutions, a linear code, and their mirror image.

    Example:
        >>> [layer.name for layer in build_convolutional(10).encoder.layers[1:]]
        ['convolution_1', 'convolution_2', 'flatten', 'code']

    Each convolution has 3 x 3 weights per pair of channels and stride 2, so it halves the image:
    28, 14, 7 pixels. The decoder's transposed convolutions double it again (V. Dumoulin and F.
    Visin 2016, https://arxiv.org/abs/1603.07285). Images go in and come out as rows, so the model
    can be trained, saved in parts and measured like one from `build`.

    Args:
        code: Numbers per code.
        seed: The same seed gives the same initial weights.

    Returns:
        A Keras model ``(n, 784) -> (n, 784)`` with the models ``encoder`` and ``decoder``.

    Raises:
        ValueError: The code has no numbers.
    """
    if operator.index(code) < 1:
        raise ValueError(f"code must be at least 1, got {code}.")
    _, keras = tensorflow()
    few, many = _CHANNELS
    small = _SIDE // 4
    seeds = iter(range(6 * seed, 6 * seed + 6))

    def layer(kind: str, *sizes: int, activation: str = "gelu", **options: object) -> Any:
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        if kind != "Dense":
            options |= {"strides": 2, "padding": "same"}
        make = getattr(keras.layers, kind)
        return make(*sizes, activation=activation, kernel_initializer=start, **options)

    encoder = keras.Sequential(
        [
            keras.Input((_SIDE**2,), name="x"),
            keras.layers.Reshape((_SIDE, _SIDE, 1), name="image"),
            layer("Conv2D", few, 3, name="convolution_1"),
            layer("Conv2D", many, 3, name="convolution_2"),
            keras.layers.Flatten(name="flatten"),
            layer("Dense", code, activation="linear", name="code"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((code,), name="z"),
            layer("Dense", small * small * many, name="spread"),
            keras.layers.Reshape((small, small, many), name="small_image"),
            layer("Conv2DTranspose", few, 3, name="transposed_1"),
            layer("Conv2DTranspose", 1, 3, activation="sigmoid", name="transposed_2"),
            keras.layers.Flatten(name="copy"),
        ],
        name="decoder",
    )
    model = keras.Sequential([encoder, decoder], name="autoencoder")
    model.encoder, model.decoder = encoder, decoder
    return model
