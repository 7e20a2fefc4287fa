"""Draw anti-aliased shapes into many small images at once.

A shape is a signed distance in pixels: negative inside, zero on the edge, positive outside.
`cover` turns it into the fraction of each pixel that the shape covers, and `paint` blends a shade
into the image by that fraction, so edges are smooth without supersampling.

Example:
    >>> import numpy as np
    >>> y, x = np.mgrid[:28, :28].astype(np.float32) + 0.5
    >>> picture = np.zeros((28, 28), np.float32)
    >>> paint(picture, cover(ellipse(x - 14, y - 14, 6, 6)), 1.0)
    >>> round(float(picture.sum()))  # the area of the disk, in pixels
    113

The distance to an ellipse, |k|(|k| - 1)/|gradient|, is the usual first-order approximation: the
implicit function divided by the length of its gradient (Taubin 1991,
https://doi.org/10.1109/34.103273).
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from course.arrays import FloatArray

Grid: TypeAlias = FloatArray  # a number for each pixel
Value: TypeAlias = Grid | float


def cover(distance: Grid) -> Grid:
    """Return the fraction of each pixel inside, 0 to 1, for a straight edge at this distance."""
    share: Grid = np.clip(0.5 - distance, 0, 1)
    return share


def paint(picture: Grid, share: Grid, shade: Value) -> None:
    """Blend ``shade`` into ``picture``, in place; ``share`` is the opacity, 0 to 1."""
    picture += share * (shade - picture)


def ellipse(x: Grid, y: Grid, half_width: Value, half_height: Value) -> Grid:
    """Return the signed distance to an ellipse around the origin."""
    across, down = x / half_width, y / half_height
    scaled = _length(across, down)
    gradient = _length(across / half_width, down / half_height) + 1e-6
    distance: Grid = scaled * (scaled - 1) / gradient
    return distance


def segment(x: Grid, y: Grid, start: tuple[Value, Value], end: tuple[Value, Value]) -> Grid:
    """Return the distance to a line segment from ``start`` to ``end``, each ``(x, y)``."""
    across, down = end[0] - start[0], end[1] - start[1]
    length2 = across * across + down * down
    along = np.clip(((x - start[0]) * across + (y - start[1]) * down) / length2, 0, 1)
    return _length(x - start[0] - along * across, y - start[1] - along * down)


def _length(x: Grid, y: Grid) -> Grid:
    length: Grid = np.sqrt(x * x + y * y)  # twice as fast as np.hypot, and nothing overflows here
    return length
