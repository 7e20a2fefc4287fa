"""From the pen's path to pixels: strokes become a canvas whose alpha channel is the ink.

Example:
    >>> canvas = rasterise([[[40, 40], [40, 240]]], pen=10)
    >>> canvas.shape, canvas.dtype.name
    ((280, 280, 4), 'uint8')
    >>> [int(value) for value in canvas[140, 40]]  # the ink's colour, and all of it
    [0, 114, 178, 255]

A stroke is a list of points ``[x, y]``, or ``[x, y, t]``, in CSS pixels: x to the right,
y down, from the canvas's upper left corner. The page draws the same straight pieces with round
ends, so what is computed here is what was seen there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from course.drawing.errors import DrawingError

Bytes: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float64]
Strokes: TypeAlias = Sequence[Sequence[Sequence[float]]]

INK: Final = (0, 114, 178)
"""Red, green and blue of the ink; nothing is read from them, the ink is in the alpha channel."""

PEN: Final = 18.0
"""Width of the pen in CSS pixels on a canvas of 280, unless said otherwise."""

MAX_SIDE: Final = 2048
MAX_POINTS: Final = 20_000
_MOST_WORK: Final = 30_000_000  # pixels that all pieces look at: a quarter of a second


def rasterise(strokes: Strokes, width: int = 280, height: int = 280, pen: float = PEN) -> Bytes:
    """Draw strokes with a round pen.

    Example:
        >>> rasterise([[[30, 30]]], width=60, height=40, pen=8)[30, 30, 3]  # a dot
        np.uint8(255)

    Args:
        strokes: Points ``[x, y]`` or ``[x, y, t]`` in CSS pixels; those outside are cut off.
        width: Of the canvas, 8 to 2048 pixels.
        height: Of the canvas, 8 to 2048 pixels.
        pen: Width of the line, 1 to 200 pixels.

    Returns:
        RGBA, ``(height, width, 4)`` uint8. A pixel's alpha says how much of it the ink
        covers, 0 to 255.

    Raises:
        DrawingError: A number is missing, not finite or out of range; names it. Or the pen's
            pieces cover too much between them: many points, far apart, with a wide pen.
    """
    for name, size in (("width", width), ("height", height)):
        if not _is_number(size) or int(size) != size or not 8 <= size <= MAX_SIDE:
            raise DrawingError(f"{name}={size!r}: whole pixels from 8 to {MAX_SIDE} are right")
    if not _is_number(pen) or not 1 <= pen <= 200:
        raise DrawingError(f"pen={pen!r}: a width from 1 to 200 pixels is right")
    nearest = np.full((int(height), int(width)), np.inf)
    for start, end, box in _pieces(check_strokes(strokes), nearest.shape, pen):
        _approach(nearest, start, end, box)
    # A pixel's share of ink falls from 1 to 0 within one pixel: a soft edge.
    cover = np.clip(pen / 2 + 0.5 - np.sqrt(nearest), 0, 1)
    canvas = np.zeros((int(height), int(width), 4), dtype=np.uint8)
    canvas[..., 3] = np.rint(255 * cover)
    canvas[canvas[..., 3] > 0, :3] = INK
    return canvas


def check_strokes(strokes: Strokes) -> list[Floats]:
    """Return each stroke as points ``(n, 2)``, without their times; empty ones are left out.

    Example:
        >>> check_strokes([[[1, 2, 0.0], [3, 4, 0.1]], []])
        [array([[1., 2.],
               [3., 4.]])]

    Raises:
        DrawingError: A stroke is no list of finite points.
    """
    if not isinstance(strokes, list | tuple):
        raise DrawingError(f"strokes is a {type(strokes).__name__}: a list of strokes is right")
    checked: list[Floats] = []
    total = 0
    for number, stroke in enumerate(strokes):
        if not isinstance(stroke, list | tuple | np.ndarray):
            raise DrawingError(f"strokes[{number}] is no list of points [x, y]")
        total += len(stroke)
        if total > MAX_POINTS:
            raise DrawingError(f"strokes: more than {MAX_POINTS:,} points are too many")
        points = np.array([_point(point, number, place) for place, point in enumerate(stroke)])
        if len(points):
            checked.append(points)
    return checked


def _point(point: Any, stroke: int, place: int) -> tuple[float, float]:
    where = f"strokes[{stroke}][{place}]"
    if not isinstance(point, list | tuple | np.ndarray) or len(point) not in (2, 3):
        raise DrawingError(f"{where} is no point: [x, y] or [x, y, t] is right")
    if not all(_is_number(value) for value in point[:2]):
        raise DrawingError(f"{where}={list(point)!r}: finite numbers of pixels are right")
    return float(point[0]), float(point[1])


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(np.isfinite(value)) and abs(value) < 1e6


def _pieces(
    strokes: list[Floats], shape: tuple[int, ...], pen: float
) -> Iterator[tuple[Floats, Floats, list[int]]]:
    """Return each straight piece's ends, and the pixels that it may reach: left, top, ...

    Raises:
        DrawingError: They are more than can be looked at in a moment.
    """
    if not strokes:
        return iter(())
    starts = np.concatenate([one[:-1] if len(one) > 1 else one for one in strokes])
    ends = np.concatenate([one[1:] if len(one) > 1 else one for one in strokes])
    reach, size = pen / 2 + 1, np.array(shape[::-1])
    low = np.clip(np.floor(np.minimum(starts, ends) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(np.maximum(starts, ends) + reach), 0, size).astype(int)
    areas = np.prod(high - low, axis=1)
    if areas.sum() > _MOST_WORK:
        raise DrawingError(
            f"strokes: {sum(map(len, strokes)):,} points with a pen of {pen:g} are "
            "too much to draw. Fewer points, closer together, are right, or a thinner pen."
        )
    there = areas > 0
    boxes = np.concatenate([low, high], axis=1)[there].tolist()
    return zip(starts[there], ends[there], boxes, strict=True)


def _approach(nearest: Floats, start: Floats, end: Floats, box: list[int]) -> None:
    """Lower `nearest`, squared distances of pixels to the path, by one straight piece, in place."""
    left, top, right, bottom = box
    x = np.arange(left, right) + (0.5 - start[0])
    y = (np.arange(top, bottom) + (0.5 - start[1]))[:, None]
    dx, dy = (end - start).tolist()
    length = dx * dx + dy * dy
    if length:
        share = np.clip(x * (dx / length) + y * (dy / length), 0, 1)
        x, y = x - share * dx, y - share * dy
    piece = nearest[top:bottom, left:right]
    np.minimum(piece, x * x + y * y, out=piece)
