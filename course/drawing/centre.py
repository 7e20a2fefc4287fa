"""MNIST's normalization: fit into 20 by 20 pixels, then center in 28 by 28 by mass.

Example:
    >>> line = np.full((80, 16), 255, np.uint8)
    >>> small = fit(line)
    >>> small.shape
    (20, 4)
    >>> centred(small).shape
    (28, 28)

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits,
http://yann.lecun.com/exdb/mnist/: digits were "size normalized to fit in a 20x20 pixel box while
preserving their aspect ratio", and put into 28 by 28 "by computing the center of mass of the
pixels".
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.arrays import ByteArray
from course.drawing.resize import fit_longer_side

INNER: Final = 20
SIDE: Final = 28
MIDDLE: Final = 14


def fit(alpha: ByteArray) -> ByteArray:
    """Resize so that the longer side has 20 pixels, keeping the aspect ratio.

    Args:
        alpha: The ink, cropped to its bounding box, ``(h, w)`` uint8.

    Returns:
        ``(20, w)`` or ``(h, 20)``, at least 1 pixel wide.
    """
    return fit_longer_side(alpha, INNER)


def centre_of_mass(alpha: ByteArray) -> tuple[float, float]:
    """Return row and column of the ink's center of mass; a pixel's center is at its index.

    Example:
        >>> centre_of_mass(np.array([[0, 0, 0], [0, 10, 30]], np.uint8))
        (1.0, 1.75)
    """
    rows, columns = (alpha.sum(axis=axis, dtype=np.float64) for axis in (1, 0))
    row, column = (ink @ np.arange(len(ink)) / ink.sum() for ink in (rows, columns))
    return float(row), float(column)


def centred(small: ByteArray) -> ByteArray:
    """Return 28 by 28 pixels with the ink's center of mass in the middle, to the nearest pixel.

    MNIST's middle is pixel (14, 14): the average center of mass of its test digits is at row 13.99
    and column 14.01, counted from 0. Ink is never moved beyond the border.

    Args:
        small: At most 28 by 28, uint8, not all 0.
    """
    top, left = (
        int(np.clip(np.floor(MIDDLE - centre + 0.5), 0, SIDE - size))
        for centre, size in zip(centre_of_mass(small), small.shape, strict=True)
    )
    framed = np.zeros((SIDE, SIDE), dtype=np.uint8)
    framed[top : top + small.shape[0], left : left + small.shape[1]] = small
    return framed
