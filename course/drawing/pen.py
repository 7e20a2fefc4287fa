"""Normalize the line thickness to that of MNIST, relative to the digit's size.

Example:
    >>> from course.drawing.ink import rasterise
    >>> thin = rasterise([[[140, 40], [140, 240]]], pen=5)[..., 3]
    >>> round(thickness(thin))
    5
    >>> round(thickness(normalize_thickness(thin)))
    25

After resizing, a large digit drawn with a thin pen consists of hairlines, and a small one drawn
with a thick pen is a blob. A model that has seen neither misreads both. So the line is made thicker
or thinner by moving its outline, before the image is resized.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.arrays import ByteArray, Float64Array
from course.drawing.boxes import bounding_box, crop

MNIST_THICKNESS: Final = 2.23
"""Typical line thickness in MNIST, in pixels of 28. In its test images, enlarged eight times and
measured as here, the median is 1.9 if pixels are repeated and 2.4 if they are interpolated. Half of
the lines are between 1.9 and 2.9 (``benchmarks/preprocessing.md``)."""

_MAX_THINNING: Final = 0.3  # on each side, as a fraction of the line, so that no line vanishes
_HALF_COVERED: Final = 127  # pixels above this count as ink


def thickness(alpha: ByteArray) -> float:
    """Return the line thickness in pixels; 0 if no pixel is half covered.

    The distance to the edge grows from 0 to half the thickness across a line. So its ridges, the
    points that are deeper inside than their neighbors, follow the middle of the line. Their median
    is robust against blots.
    """
    return _thickness(_depth(np.pad(alpha, 1) > _HALF_COVERED))


def normalize_thickness(alpha: ByteArray) -> ByteArray:
    """Return the drawing, ``(h, w)`` uint8, with MNIST's line thickness relative to its size.

    The result is larger or smaller, cropped to its ink. Without ink, DrawingError is raised.
    """
    box = bounding_box(alpha)
    longest = max(box.height, box.width)
    margin = int(np.ceil(MNIST_THICKNESS / (20 - MNIST_THICKNESS) * longest / 2)) + 2
    framed = np.pad(alpha, margin)
    inside = _depth(framed > _HALF_COVERED)
    line = _thickness(inside)
    # The path of the pen's center stays the same; later the digit's longer side becomes 20.
    path = max(longest - line, 1.0)
    target = MNIST_THICKNESS * path / (20 - MNIST_THICKNESS)
    grow = max((target - line) / 2, -_MAX_THINNING * line)
    outline = inside - _depth(framed <= _HALF_COVERED)
    moved = np.rint(255 * np.clip(0.5 + outline + grow, 0, 1)).astype(np.uint8)
    return crop(moved, bounding_box(moved))


def _depth(inside: np.typing.NDArray[np.bool_]) -> Float64Array:
    """Return each inside pixel's distance from the edge, and 0 for the others."""
    from scipy.ndimage import distance_transform_edt

    distance: Float64Array = distance_transform_edt(inside)
    return np.maximum(distance - 0.5, 0)


def _thickness(inside: Float64Array) -> float:
    from scipy.ndimage import maximum_filter

    ridges = inside[(inside > 0) & (inside == maximum_filter(inside, size=3))]
    return float(2 * np.median(ridges)) if len(ridges) else 0.0
