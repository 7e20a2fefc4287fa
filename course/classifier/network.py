"""A small convolutional network in plain NumPy: two convolutions, two dense layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float32Array, float32_matrix

SIDE: Final = 28
WINDOW: Final = 5  # side of a convolution window, in pixels
STRIDE: Final = 2


@dataclass(frozen=True, eq=False)
class DigitClassifier:
    """A digit classifier: two convolutions and a dense layer with ReLU, then ten classes.

    Example:
        >>> from course import classifier
        >>> reader = classifier.load()
        >>> hidden = reader.hidden(np.zeros((3, 784)))  # what the last layer sees
        >>> hidden.shape, reader.logits_from_hidden(hidden).shape
        ((3, 96), (3, 10))

    Both convolutions use 5 by 5 windows with a stride of 2 and no padding, so the image shrinks
    from 28 to 12 to 4 pixels.

    Attributes:
        kernels: Weights: ``(5, 5, 1, a)``, ``(5, 5, a, b)``, ``(16 b, c)``, ``(c, 10)``.
        biases: The biases of each layer.
    """

    kernels: tuple[Float32Array, ...]
    biases: tuple[Float32Array, ...]

    def logits(self, images: ArrayLike) -> Float32Array:
        """Return the scores of the ten classes, ``(n, 10)``; the largest is the prediction.

        Args:
            images: ``(n, 784)`` from 0 (background) to 1 (ink), placed and sized as in MNIST.

        Raises:
            ValueError: ``images`` has another shape, or isn't finite numbers.
        """
        return self.logits_from_hidden(self.hidden(images))

    def hidden(self, images: ArrayLike) -> Float32Array:
        """Return the outputs of the last hidden layer, ``(n, c)``, none negative.

        Raises:
            ValueError: As for `logits`.
        """
        return self.hidden_from_maps(self.feature_maps(images))

    def feature_maps(self, images: ArrayLike) -> Float32Array:
        """Return the outputs of the second convolution, ``(n, 16 b)``, none negative.

        Raises:
            ValueError: As for `logits`.
        """
        rows = float32_matrix("images", images, SIDE * SIDE, min_rows=0)
        x = rows.reshape(-1, SIDE, SIDE, 1)
        for kernel, bias in zip(self.kernels[:2], self.biases[:2], strict=True):
            x = np.maximum(_convolve(x, kernel) + bias, 0)
        maps: Float32Array = x.reshape(len(x), self.kernels[2].shape[0])
        return maps

    def hidden_from_maps(self, maps: Float32Array) -> Float32Array:
        """Return the outputs of the last hidden layer for feature maps, ``(n, c)``."""
        outputs: Float32Array = np.maximum(maps @ self.kernels[2] + self.biases[2], 0)
        return outputs

    def logits_from_hidden(self, hidden: ArrayLike) -> Float32Array:
        """Return the scores of the ten classes for outputs of the hidden layer, ``(n, c)``.

        Raises:
            ValueError: ``hidden`` has another shape, or isn't finite numbers.
        """
        rows = float32_matrix("hidden", hidden, len(self.kernels[3]), min_rows=0)
        sums: Float32Array = rows @ self.kernels[3] + self.biases[3]
        return sums

    def probabilities(self, images: ArrayLike) -> Float32Array:
        """Return the softmax of `logits`, ``(n, 10)``; rows sum to 1.

        Like those of most networks, these probabilities are overconfident.
        """
        return softmax(self.logits(images))


def softmax(logits: Float32Array) -> Float32Array:
    """Return the probabilities of scores ``(n, classes)``; rows sum to 1.

    Example:
        >>> softmax(np.array([[0.0, 0.0]], np.float32)).tolist()
        [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Float32Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _convolve(x: Float32Array, kernel: Float32Array) -> Float32Array:
    """Convolve ``(n, h, w, a)`` with ``(5, 5, a, b)`` to ``(n, h', w', b)`` by a matrix product."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (WINDOW, WINDOW), axis=(1, 2))
    windows = windows[:, ::STRIDE, ::STRIDE]  # (n, h', w', a, 5, 5)
    rows = np.ascontiguousarray(windows).reshape(-1, kernel[..., 0].size)
    columns = kernel.transpose(2, 0, 1, 3).reshape(-1, kernel.shape[-1])
    return (rows @ columns).reshape(*windows.shape[:3], -1)
