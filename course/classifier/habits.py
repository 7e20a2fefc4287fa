"""Strokes that some writers add to a digit: a slash in 0, a bar on 7, a flag on 1, a hook on 9.

Example:
    >>> import numpy as np
    >>> draw_polyline(np.array([[4.0, 14.0], [24.0, 14.0]]), 3).shape
    (44, 44)

Such strokes are common in Europe, but rare in MNIST, which was written in the United States.
Digits are padded to 44 by 44 pixels so that a new stroke can extend beyond them. Lines are points
``(n, 2)`` as (y, x) in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from course.arrays import Float32Array

Line = NDArray[np.floating]

SIDE: Final = 28
FRAME: Final = 44
_INK: Final = 0.3  # brighter pixels belong to a stroke
_PIXELS: Final = np.moveaxis(np.indices((FRAME, FRAME), dtype=np.float32), 0, -1)


class Habit(NamedTuple):
    """A handwriting habit."""

    digit: int
    share: float  # of the training digits that get it
    lines: Callable[[Float32Array, Generator], list[Line]]  # to draw into an image


def slash(image: Float32Array, rng: Generator) -> list[Line]:
    """Return a line through a zero, usually from lower left to upper right and beyond the digit."""
    top, left, bottom, right = _box(image)
    middle = np.array([(top + bottom) / 2, (left + right) / 2]) + rng.normal(0, 0.8, 2)
    angle = rng.uniform(0.4, 1.4)  # from the horizontal, in radians
    half = rng.uniform(0.6, 1.8) * max(bottom - top, right - left) / 2
    lean = -1 if rng.random() < 0.2 else 1
    step = min(half, 20) * np.array([-np.sin(angle), lean * np.cos(angle)])
    return [np.stack([middle - step, middle + step])]


def bar(image: Float32Array, rng: Generator) -> list[Line]:
    """Return a nearly horizontal bar across a seven's stem, about halfway down."""
    top, left, bottom, right = _box(image)
    row = top + (bottom - top) * rng.uniform(0.38, 0.65)
    inked = np.flatnonzero(image[round(row)] > _INK)
    column = float(inked.mean()) if len(inked) else (left + right) / 2
    step = np.array([rng.normal(-0.12, 0.15), 1]) * rng.uniform(2.5, 6.5)
    middle = np.array([row, column + rng.normal(0, 1)])
    return [np.stack([middle - step, middle + step])]


def flag(image: Float32Array, rng: Generator) -> list[Line]:
    """Return a flag: from the top of a one down to the left."""
    top = _tip(image, 0)
    length, angle = rng.uniform(4, 16), rng.uniform(0.5, 1.2)
    return [np.stack([top, top + length * np.array([np.sin(angle), -np.cos(angle)])])]


def foot(image: Float32Array, rng: Generator) -> list[Line]:
    """Return a horizontal line under a one, and a flag."""
    bottom = _tip(image, -1)
    step = np.array([rng.normal(0, 0.06), 1]) * rng.uniform(3, 7)
    return [np.stack([bottom - step, bottom + step]), *flag(image, rng)]


def hook(image: Float32Array, rng: Generator) -> list[Line]:
    """Return an arc of a quarter to half a circle, from the end of a nine's tail to the left."""
    radius, turn, wider = rng.uniform(2.5, 6), rng.uniform(1.2, 3.4), rng.uniform(0.7, 1.3)
    angles = np.linspace(0, turn, 6)
    circle = np.stack([np.sin(angles) / wider, wider * (np.cos(angles) - 1)], axis=1)
    return [_tip(image, -1) + radius * circle]


# Every share is below one half, so that plain digits stay the majority.
HABITS: Final = (
    Habit(0, 0.45, slash),
    Habit(7, 0.35, bar),
    Habit(1, 0.35, flag),
    Habit(1, 0.15, foot),
    Habit(9, 0.35, hook),
)


def add_habits(
    images: Float32Array,
    labels: NDArray[np.integer],
    rng: Generator,
    habits: Sequence[Habit] = HABITS,
) -> None:
    """Draw habits into randomly chosen images ``(n, 44, 44)``, in place, as wide as the strokes."""
    for habit in habits:
        chosen = (labels == habit.digit) & (rng.random(len(images)) < habit.share)
        for image in (images[i] for i in np.flatnonzero(chosen)):
            width = stroke_width(image)
            for line in habit.lines(image, rng):
                np.maximum(image, draw_polyline(line, width), out=image)


def stroke_width(image: Float32Array) -> float:
    """Return the stroke width in pixels, estimated as area over half the outline.

    Example:
        >>> line = np.zeros((28, 28), np.float32)
        >>> line[4:24, 12:15] = 1
        >>> round(stroke_width(line))
        3
    """
    outline = sum(float(np.abs(np.diff(image, axis=axis)).sum()) for axis in (0, 1))
    # Counting along rows and columns overestimates slanted edges by up to 1.41; 1.2 on average.
    return float(np.clip(2 * float(image.sum()) / max(outline / 1.2, 1.0), 1.2, 5.0))


def draw_polyline(points: Line, width: float) -> Float32Array:
    """Return a stroke with round ends and a soft edge, as an image ``(44, 44)`` in [0, 1]."""
    corners = np.asarray(points, np.float32)
    nearest = np.full((FRAME, FRAME), np.inf, np.float32)
    for start, along in zip(corners[:-1], np.diff(corners, axis=0), strict=True):
        towards = _PIXELS - start
        share = np.clip(towards @ along / max(float(along @ along), 1e-9), 0, 1)
        away = towards - share[..., None] * along
        nearest = np.minimum(nearest, away[..., 0] ** 2 + away[..., 1] ** 2)
    ink: Float32Array = np.clip(np.float32(width / 2 + 0.5) - np.sqrt(nearest), 0, 1)
    return ink


def _box(image: Float32Array) -> tuple[float, float, float, float]:
    ys, xs = np.nonzero(image > _INK)
    if not len(ys):
        return 12, 12, 31, 31
    return float(ys.min()), float(xs.min()), float(ys.max()), float(xs.max())


def _tip(image: Float32Array, which: int) -> Line:
    ys, xs = np.nonzero(image > _INK)
    if not len(ys):
        return np.array([FRAME / 2, FRAME / 2])
    row = int(ys[which])  # np.nonzero goes row by row
    return np.array([float(row), float(xs[ys == row].mean())])
