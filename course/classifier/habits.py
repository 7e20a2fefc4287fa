"""Strokes that some people add to a digit: a slash in 0, a bar on 7, a flag on 1, a hook on 9.

Example:
    >>> import numpy as np
    >>> draw_polyline(np.array([[4.0, 14.0], [24.0, 14.0]]), 3).shape
    (44, 44)

People taught to write in Europe do so more often than the people whose digits became MNIST.
The digit lies in the middle of 44 by 44 pixels, so that a new stroke may outgrow it. Lines are
points ``(n, 2)`` as (y, x) in pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.random import Generator

FloatArray = NDArray[np.float32]
Line = NDArray[np.floating]

SIDE: Final = 28
FRAME: Final = 44
_INK: Final = 0.3  # grey enough to belong to a stroke
_PIXELS: Final = np.moveaxis(np.indices((FRAME, FRAME), dtype=np.float32), 0, -1)


@dataclass(frozen=True)
class Habit:
    """One habit of writing.

    Attributes:
        digit: Whose habit it is.
        share: How many of the digits get it while a network learns.
        lines: What is drawn, given the image and chance.
    """

    digit: int
    share: float
    lines: Callable[[FloatArray, Generator], list[Line]]


def slash(image: FloatArray, rng: Generator) -> list[Line]:
    """Return a line through a zero, mostly from lower left to upper right, often beyond it."""
    top, left, bottom, right = _box(image)
    middle = np.array([(top + bottom) / 2, (left + right) / 2]) + rng.normal(0, 0.8, 2)
    angle = rng.uniform(0.4, 1.4)  # from the horizontal, in radians
    half = rng.uniform(0.6, 1.8) * max(bottom - top, right - left) / 2
    lean = -1 if rng.random() < 0.2 else 1
    step = min(half, 20) * np.array([-np.sin(angle), lean * np.cos(angle)])
    return [np.stack([middle - step, middle + step])]


def bar(image: FloatArray, rng: Generator) -> list[Line]:
    """Return a bar across a seven's stem, about half way down, nearly level."""
    top, left, bottom, right = _box(image)
    row = top + (bottom - top) * rng.uniform(0.38, 0.65)
    inked = np.flatnonzero(image[round(row)] > _INK)
    column = float(inked.mean()) if len(inked) else (left + right) / 2
    step = np.array([rng.normal(-0.12, 0.15), 1]) * rng.uniform(2.5, 6.5)
    middle = np.array([row, column + rng.normal(0, 1)])
    return [np.stack([middle - step, middle + step])]


def flag(image: FloatArray, rng: Generator) -> list[Line]:
    """Return a flag: from the top of a one down to the left, up to most of its height."""
    top = _tip(image, 0)
    length, angle = rng.uniform(4, 16), rng.uniform(0.5, 1.2)
    return [np.stack([top, top + length * np.array([np.sin(angle), -np.cos(angle)])])]


def foot(image: FloatArray, rng: Generator) -> list[Line]:
    """Return a level line under a one, and the flag that goes with it."""
    bottom = _tip(image, -1)
    step = np.array([rng.normal(0, 0.06), 1]) * rng.uniform(3, 7)
    return [np.stack([bottom - step, bottom + step]), *flag(image, rng)]


def hook(image: FloatArray, rng: Generator) -> list[Line]:
    """Return a nine's tail that turns: a quarter to half a circle, from its end to the left."""
    radius, turn, wider = rng.uniform(2.5, 6), rng.uniform(1.2, 3.4), rng.uniform(0.7, 1.3)
    angles = np.linspace(0, turn, 6)
    circle = np.stack([np.sin(angles) / wider, wider * (np.cos(angles) - 1)], axis=1)
    return [_tip(image, -1) + radius * circle]


HABITS: Final = (
    Habit(0, 0.45, slash),
    Habit(7, 0.35, bar),
    Habit(1, 0.35, flag),
    Habit(1, 0.15, foot),
    Habit(9, 0.35, hook),
)
"""What is added to how many digits; in no case to most, so that no habit becomes the rule."""


def add_habits(images: FloatArray, labels: NDArray[np.integer], rng: Generator) -> None:
    """Draw the habits into some of the images, in place.

    A new stroke is as wide as the digit's own.

    Args:
        images: ``(n, 44, 44)`` in [0, 1].
        labels: ``(n,)``.
        rng: Where chance comes from.
    """
    for habit in HABITS:
        chosen = (labels == habit.digit) & (rng.random(len(images)) < habit.share)
        for image in (images[i] for i in np.flatnonzero(chosen)):
            width = stroke_width(image)
            for line in habit.lines(image, rng):
                np.maximum(image, draw_polyline(line, width), out=image)


def stroke_width(image: FloatArray) -> float:
    """Return how wide the pen was, in pixels: area over half the outline.

    Example:
        >>> line = np.zeros((28, 28), np.float32)
        >>> line[4:24, 12:15] = 1
        >>> round(stroke_width(line))
        3
    """
    outline = sum(float(np.abs(np.diff(image, axis=axis)).sum()) for axis in (0, 1))
    # Counted along rows and columns, a slanted edge is up to 1.41 times its length: 1.2 is between.
    return float(np.clip(2 * float(image.sum()) / max(outline / 1.2, 1.0), 1.2, 5.0))


def draw_polyline(points: Line, width: float) -> FloatArray:
    """Return a stroke with round ends and a soft edge, as an image ``(44, 44)`` in [0, 1]."""
    corners = np.asarray(points, np.float32)
    nearest = np.full((FRAME, FRAME), np.inf, np.float32)
    for start, along in zip(corners[:-1], np.diff(corners, axis=0), strict=True):
        towards = _PIXELS - start
        share = np.clip(towards @ along / max(float(along @ along), 1e-9), 0, 1)
        away = towards - share[..., None] * along
        nearest = np.minimum(nearest, away[..., 0] ** 2 + away[..., 1] ** 2)
    ink: FloatArray = np.clip(np.float32(width / 2 + 0.5) - np.sqrt(nearest), 0, 1)
    return ink


def _box(image: FloatArray) -> tuple[float, float, float, float]:
    ys, xs = np.nonzero(image > _INK)
    if not len(ys):
        return 12, 12, 31, 31
    return float(ys.min()), float(xs.min()), float(ys.max()), float(xs.max())


def _tip(image: FloatArray, which: int) -> Line:
    ys, xs = np.nonzero(image > _INK)
    if not len(ys):
        return np.array([FRAME / 2, FRAME / 2])
    row = int(ys[which])  # np.nonzero goes row by row
    return np.array([float(row), float(xs[ys == row].mean())])
