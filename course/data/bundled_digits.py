"""scikit-learn's bundled handwritten digits, scaled and centered like MNIST's.

Example:
    >>> load().x_train.shape
    (1501, 784)

The 1,797 digits come with scikit-learn, 8 x 8 pixels of 17 shades (E. Alpaydin and
C. Kaynak, *Optical Recognition of Handwritten Digits*, UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.arrays import Float32Array
from course.data.dataset import Dataset

_SIZE, _BOX, _SMALL = 28, 20, 8  # MNIST fits each digit into 20 x 20 of 28 x 28 pixels
_MAX_SHADE: Final = 16
# Enlarging blurs the strokes; more contrast around this gray makes them as crisp as MNIST's.
_CONTRAST, _EDGE = 2.0, 0.55
_TEST_EVERY: Final = 6


def load() -> Dataset:
    """Load 1,797 digits; every sixth digit of each class is in the test set."""
    from sklearn.datasets import load_digits

    small, label = load_digits(return_X_y=True)
    images = enlarge(small.reshape(-1, _SMALL, _SMALL).astype(np.float32) / _MAX_SHADE)
    label = label.astype(np.int64)
    rank = np.empty_like(label)  # position of each digit within its class
    for digit in range(10):
        where = label == digit
        rank[where] = np.arange(where.sum())
    test = rank % _TEST_EVERY == _TEST_EVERY - 1
    labels = tuple("0123456789")
    note = "scikit-learn's bundled digits, scaled to 28 x 28"
    return Dataset.split(
        images, label, ~test, name="digits", labels=labels, source="bundled", note=note
    )


def enlarge(small: Float32Array) -> Float32Array:
    """Enlarge 8 x 8 digits to 28 x 28 the way MNIST was made: 20 x 20, centered by mass.

    Example:
        >>> dot = np.zeros((1, 8, 8), np.float32)
        >>> dot[0, 2, 5] = 1
        >>> large = enlarge(dot).reshape(28, 28)
        >>> bool(np.allclose(large, large[::-1, ::-1], atol=1e-6))  # now in the middle
        True

    Digits ``(n, 8, 8)`` in [0, 1], none of them blank, become images ``(n, 784)`` in [0, 1].
    """
    step = np.arange(_SMALL, dtype=np.float32)
    mass = small.sum((1, 2))
    vertical = _resampling_matrices(small.sum(2) @ step / mass)
    horizontal = _resampling_matrices(small.sum(1) @ step / mass)
    large = vertical @ small @ horizontal.transpose(0, 2, 1)
    images = np.clip((large - _EDGE) * _CONTRAST + 0.5, 0, 1)
    return images.reshape(len(small), -1).astype(np.float32)


def _resampling_matrices(center: Float32Array) -> Float32Array:
    """Return matrices (n, 28, 8) that enlarge a line of 8 and move ``center`` to its middle.

    They interpolate with the Catmull-Rom cubic, which is sharper and smoother than linear
    interpolation (R. G. Keys 1981, https://doi.org/10.1109/TASSP.1981.1163711).
    """
    position = (np.arange(_SIZE) - (_SIZE - 1) / 2) * _SMALL / _BOX + center[:, None]
    t = np.abs(position[:, :, None] - np.arange(_SMALL)).astype(np.float32)
    near: Float32Array = 1.5 * t**3 - 2.5 * t**2 + 1
    far: Float32Array = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, np.float32(0))).astype(np.float32)
