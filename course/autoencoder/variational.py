"""Build a variational autoencoder: an autoencoder whose encoder returns a cloud of codes.

Example:
    >>> model = build_variational(784, 64, 2)
    >>> [layer.name for layer in model.layers[1:]]
    ['encoder_1', 'code', 'log_variance', 'draw', 'decoder']

It is the network of `course.autoencoder.build` with two more layers: one computes how wide each
image's cloud is, one draws a code from it and adds the divergence to the loss. So `train` trains it
like any other model; use ``loss="cross_entropy"``, which is summed over the pixels.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from course.autoencoder.backend import tensorflow
from course.autoencoder.files import freeze
from course.autoencoder.frozen_variational import FrozenVariational
from course.autoencoder.model import build

if TYPE_CHECKING:
    import keras


def build_variational(
    *sizes: int, beta: float = 1.0, hidden: str = "gelu", seed: int = 0
) -> keras.Model:
    """Build an untrained variational autoencoder for numbers in [0, 1].

    Example:
        >>> model = build_variational(784, 100, 10, beta=4.0)
        >>> model.encoder.output_shape, model.decoder.input_shape
        ((None, 10), (None, 10))

    In training, a code is drawn from the image's cloud: the mean plus noise times the spread, so
    that gradients reach both (D. P. Kingma and M. Welling 2014, https://arxiv.org/abs/1312.6114).
    Otherwise the code is the mean.

    Args:
        sizes: As for `build`.
        beta: The price of the divergence (I. Higgins et al. 2017,
            https://openreview.net/forum?id=Sy2fzU9gl); 1 trains on the evidence lower bound.
        hidden: Activation of the hidden layers, as for `build`.
        seed: For the initial weights and the noise.

    Returns:
        A Keras model ``(n, d) -> (n, d)``. Its ``encoder`` returns the means of the clouds, its
        ``decoder`` takes codes, and its ``autoencoder``, from `build`, joins the two; all share its
        weights.

    Raises:
        ValueError: ``beta`` is negative, or as for `build`.
    """
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be 0 or more, got {beta!r}; 1 is the evidence lower bound.")
    plain = build(*sizes, hidden=hidden, seed=seed)
    _, keras = tensorflow()
    code = plain.get_layer("code")
    # With weights of 0, every cloud starts as wide as the prior.
    spread = keras.layers.Dense(code.units, kernel_initializer="zeros", name="log_variance")
    drawn = _draw_layer()(beta, seed, name="draw")([code.output, spread(code.input)])
    model = keras.Model(plain.input, plain.decoder(drawn), name="variational_autoencoder")
    model.encoder, model.decoder, model.autoencoder = plain.encoder, plain.decoder, plain
    return model


def freeze_variational(model: keras.Model) -> FrozenVariational:
    """Return a copy in plain NumPy that also samples and computes bounds.

    Example:
        >>> freeze_variational(build_variational(784, 20, 3)).sample(5).shape
        (5, 784)

    Training the model further doesn't change the copy.

    Raises:
        ValueError: The model isn't from `build_variational`.
    """
    plain = getattr(model, "autoencoder", None)
    if plain is None:
        raise ValueError(
            f"model must come from build_variational(), got {type(model).__name__}; "
            "freeze() takes models from build()."
        )
    kernel, bias = model.get_layer("log_variance").get_weights()
    return FrozenVariational(freeze(plain), kernel, bias)


@functools.cache
def _draw_layer() -> Any:
    """Return the class of the layer that draws codes; Keras is loaded only now."""
    _, keras = tensorflow()
    ops = keras.ops

    class Draw(keras.layers.Layer):  # type: ignore[misc, name-defined]  # untyped
        """Draw a code from each cloud, and add beta times the mean divergence to the loss."""

        def __init__(self, beta: float, seed: int, **options: Any) -> None:
            super().__init__(**options)
            self.beta = beta
            self.noise = keras.random.SeedGenerator(seed)

        def call(self, cloud: Any, training: bool = False) -> Any:
            mean, log_variance = cloud
            parts = ops.square(mean) + ops.exp(log_variance) - 1 - log_variance
            self.add_loss(self.beta * ops.mean(0.5 * ops.sum(parts, axis=1)))
            if not training:
                return mean
            noise = keras.random.normal(ops.shape(mean), seed=self.noise)
            return mean + ops.exp(0.5 * log_variance) * noise

    return Draw
