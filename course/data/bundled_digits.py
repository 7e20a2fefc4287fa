"""scikit-learn's bundled handwritten digits, brought to the size and place of MNIST's.

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

from course.data.dataset import Dataset, FloatArray

_SIZE, _BOX, _SMALL = 28, 20, 8  # MNIST fits each digit into 20 x 20 of 28 x 28 pixels
_SHADES: Final = 16
# Enlarged strokes are blurred; more contrast about this grey makes them as crisp as MNIST's.
_CONTRAST, _EDGE = 2.0, 0.55
_TEST_EVERY: Final = 6
NOTE: Final = "scikit-learn's bundled digits, scaled to 28 x 28"


def load() -> Dataset:
    """Load the bundled digits; every sixth digit of each class is for testing.

    Example:
        >>> load().labels
        ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')

    Returns:
        1,501 training and 296 test digits.
    """
    from sklearn.datasets import load_digits

    small, label = load_digits(return_X_y=True)
    images = enlarge(small.reshape(-1, _SMALL, _SMALL).astype(np.float32) / _SHADES)
    label = label.astype(np.int64)
    rank = np.empty_like(label)  # the how-manieth of its class each digit is
    for digit in range(10):
        where = label == digit
        rank[where] = np.arange(where.sum())
    test = rank % _TEST_EVERY == _TEST_EVERY - 1
    return Dataset(
        name="digits",
        x_train=images[~test],
        y_train=label[~test],
        x_test=images[test],
        y_test=label[test],
        labels=tuple("0123456789"),
        source="bundled",
        note=NOTE,
    )


def enlarge(small: FloatArray) -> FloatArray:
    """Bring 8 x 8 digits to 28 x 28 the way MNIST was made: 20 x 20, centred by mass.

    Example:
        >>> dot = np.zeros((1, 8, 8), np.float32)
        >>> dot[0, 2, 5] = 1
        >>> large = enlarge(dot).reshape(28, 28)
        >>> bool(np.allclose(large, large[::-1, ::-1], atol=1e-6))  # it is in the middle now
        True

    Args:
        small: Digits, ``(n, 8, 8)``, in [0, 1], none of them blank.

    Returns:
        Images, ``(n, 784)``, float32 in [0, 1].
    """
    step = np.arange(_SMALL, dtype=np.float32)
    mass = small.sum((1, 2))
    down = _resampling(small.sum(2) @ step / mass)
    across = _resampling(small.sum(1) @ step / mass)
    large = down @ small @ across.transpose(0, 2, 1)
    images = np.clip((large - _EDGE) * _CONTRAST + 0.5, 0, 1)
    return images.reshape(len(small), -1).astype(np.float32)


def _resampling(centre: FloatArray) -> FloatArray:
    """Matrices (n, 28, 8) that enlarge a line of 8 and put ``centre`` in its middle.

    Between pixels they follow the cubic of Catmull and Rom, sharper than a straight
    line and without its kinks (R. G. Keys 1981, https://doi.org/10.1109/TASSP.1981.1163711).
    """
    place = (np.arange(_SIZE) - (_SIZE - 1) / 2) * _SMALL / _BOX + centre[:, None]
    t = np.abs(place[:, :, None] - np.arange(_SMALL)).astype(np.float32)
    near: FloatArray = 1.5 * t**3 - 2.5 * t**2 + 1
    far: FloatArray = -0.5 * t**3 + 2.5 * t**2 - 4 * t + 2
    return np.where(t < 1, near, np.where(t < 2, far, np.float32(0))).astype(np.float32)
