"""A small convolutional network in plain NumPy: two convolutions, two dense layers.

Example:
    >>> import numpy as np
    >>> from course import classifier
    >>> classifier.load().probabilities(np.zeros((2, 784))).shape
    (2, 10)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float32]

SIDE: Final = 28
WINDOW: Final = 5  # pixels of a convolution's window, each way
STRIDE: Final = 2


@dataclass(frozen=True, eq=False)
class DigitClassifier:
    """Reads digits: 28x28 pixels, two convolutions with ReLU, a dense layer with ReLU, ten classes.

    Both convolutions look at windows of 5 by 5 and go on by two pixels; nothing is padded, so the
    picture shrinks from 28 to 12 to 4.

    Attributes:
        kernels: Weights: ``(5, 5, 1, a)``, ``(5, 5, a, b)``, ``(16 b, c)``, ``(c, 10)``.
        biases: What is added after each.
    """

    kernels: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    def logits(self, images: ArrayLike) -> FloatArray:
        """Return the network's ten sums ``(n, 10)``; the largest is the class.

        Args:
            images: ``(n, 784)``, dark 0 to ink 1, in MNIST's place and size.

        Raises:
            ValueError: The shape is another, or a number is not finite.
        """
        x = _checked(images).reshape(-1, SIDE, SIDE, 1)
        for kernel, bias in zip(self.kernels[:2], self.biases[:2], strict=True):
            x = np.maximum(_convolved(x, kernel) + bias, 0)
        hidden = np.maximum(x.reshape(len(x), -1) @ self.kernels[2] + self.biases[2], 0)
        sums: FloatArray = hidden @ self.kernels[3] + self.biases[3]
        return sums

    def probabilities(self, images: ArrayLike) -> FloatArray:
        """Return how likely the network takes each class to be, ``(n, 10)``; rows sum to 1.

        They are a softmax of `logits`, and surer of themselves than they should be.

        Args:
            images: As in `logits`.

        Raises:
            ValueError: As in `logits`.
        """
        sums = self.logits(images)
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        shares: FloatArray = powers / powers.sum(axis=1, keepdims=True)
        return shares


def _convolved(x: FloatArray, kernel: FloatArray) -> FloatArray:
    """``(n, h, w, a)`` and ``(5, 5, a, b)`` to ``(n, h', w', b)``: one matrix product for all."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (WINDOW, WINDOW), axis=(1, 2))
    seen = windows[:, ::STRIDE, ::STRIDE]  # (n, h', w', a, 5, 5)
    rows = np.ascontiguousarray(seen).reshape(-1, kernel[..., 0].size)
    columns = kernel.transpose(2, 0, 1, 3).reshape(-1, kernel.shape[-1])
    return (rows @ columns).reshape(*seen.shape[:3], -1)


def _checked(images: ArrayLike) -> FloatArray:
    array = np.asarray(images, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != SIDE * SIDE:
        raise ValueError(
            f"images: shape {array.shape}; (n, {SIDE * SIDE}) is right, one row each. "
            "For a single one: images[None]"
        )
    if not np.isfinite(array).all():
        raise ValueError("images: not all numbers are finite; 0 to 1 is right")
    return array
