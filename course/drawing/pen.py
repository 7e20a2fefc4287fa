"""Draw the same lines with another pen: as thick, for the digit's size, as MNIST's pens were.

Example:
    >>> from course.drawing.ink import rasterise
    >>> thin = rasterise([[[140, 40], [140, 240]]], pen=5)[..., 3]
    >>> round(thickness(thin))
    5
    >>> round(thickness(normalize_thickness(thin)))
    25

A digit drawn large with a thin pen is all hairlines after the resizing, a small one with a thick
pen is a blob. A model that has seen neither takes both for something else. So the line is made
thicker or thinner by moving its outline, before anything is resized.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.drawing.boxes import bounding_box
from course.drawing.ink import Bytes, Floats

MNIST_THICKNESS: Final = 2.23
"""The usual line in MNIST, in pixels of 28. In its test images, enlarged eight times and measured
as here, the median is 1.9 with each pixel repeated and 2.4 enlarged smoothly: this is between them.
Half of the lines lie between 1.9 and 2.9 (``benchmarks/preprocessing.md``)."""

_THINNEST: Final = 0.3  # no line loses more: what was drawn stays

_FULL: Final = 127  # a pixel counts as ink when it is covered by half or more


def thickness(alpha: Bytes) -> float:
    """Return how thick the line is, in pixels; 0 if no pixel is half covered.

    Across a line the distance to its edge grows from 0 to half the thickness. So the ridges of that
    distance, the points deeper inside than their neighbors, run along the middle of the line; the
    median of them does not mind a blot.

    Args:
        alpha: How much ink is in each pixel, ``(h, w)`` uint8.
    """
    return _thickness(_depth(np.pad(alpha, 1) > _FULL))


def normalize_thickness(alpha: Bytes) -> Bytes:
    """Return the drawing with the line that MNIST's digits have for their size.

    Args:
        alpha: How much ink is in each pixel, ``(h, w)`` uint8.

    Returns:
        A larger or smaller picture, uint8, cut to its ink.

    Raises:
        DrawingError: There is no ink.
    """
    box = bounding_box(alpha)
    longest = max(box.height, box.width)
    margin = int(np.ceil(MNIST_THICKNESS / (20 - MNIST_THICKNESS) * longest / 2)) + 2
    framed = np.pad(alpha, margin)
    inside = _depth(framed > _FULL)
    line = _thickness(inside)
    # The path that the pen's center took keeps its length; the digit's longest side becomes 20.
    path = max(longest - line, 1.0)
    wanted = MNIST_THICKNESS * path / (20 - MNIST_THICKNESS)
    grow = max((wanted - line) / 2, -_THINNEST * line)
    outline = inside - _depth(framed <= _FULL)
    moved = np.rint(255 * np.clip(0.5 + outline + grow, 0, 1)).astype(np.uint8)
    box = bounding_box(moved)
    return moved[box.top : box.bottom, box.left : box.right]


def _depth(inside: np.typing.NDArray[np.bool_]) -> Floats:
    """Return how far each pixel that is inside lies from the edge; 0 for the others."""
    from scipy.ndimage import distance_transform_edt

    distance: Floats = distance_transform_edt(inside)
    return np.maximum(distance - 0.5, 0)


def _thickness(inside: Floats) -> float:
    from scipy.ndimage import maximum_filter

    ridges = inside[(inside > 0) & (inside == maximum_filter(inside, size=3))]
    return float(2 * np.median(ridges)) if len(ridges) else 0.0
