"""Draw strokes on a canvas whose alpha channel is the ink.

Example:
    >>> canvas = rasterise([[[40, 40], [40, 240]]], pen=10)
    >>> canvas.shape, canvas.dtype.name
    ((280, 280, 4), 'uint8')
    >>> [int(value) for value in canvas[140, 40]]  # the ink's color, fully opaque
    [0, 114, 178, 255]

A stroke is a list of points ``[x, y]``, or ``[x, y, t]``, in CSS pixels: x to the right, y down,
from the canvas's upper left corner. The page draws the same straight segments with round ends, so
this computes what the learner sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from course.arrays import ByteArray, Float64Array
from course.drawing.errors import DrawingError

Strokes: TypeAlias = Sequence[Sequence[Sequence[float]]]

INK: Final = (0, 114, 178)  # red, green, blue; only the alpha channel is evaluated
PEN: Final = 18.0  # default width in CSS pixels, on a canvas of 280
MAX_SIDE: Final = 2048
MAX_POINTS: Final = 20_000
_MAX_PIXEL_VISITS: Final = 30_000_000  # over all segments; takes a quarter of a second


def rasterise(strokes: Strokes, width: int = 280, height: int = 280, pen: float = PEN) -> ByteArray:
    """Draw strokes with a round pen.

    Example:
        >>> rasterise([[[30, 30]]], width=60, height=40, pen=8)[30, 30, 3]  # a dot
        np.uint8(255)

    Args:
        strokes: Points ``[x, y]`` or ``[x, y, t]`` in CSS pixels; parts outside are clipped.
        width: Canvas width, 8 to 2048 pixels.
        height: Canvas height, 8 to 2048 pixels.
        pen: Line width, 1 to 200 pixels.

    Returns:
        RGBA, ``(height, width, 4)`` uint8. Alpha is the ink's coverage of each pixel, 0 to 255.

    Raises:
        DrawingError: A number is missing, not finite or out of range; the message names it. Or
            drawing would take too long: many points, far apart, with a wide pen.
    """
    for name, size in (("width", width), ("height", height)):
        if not _is_number(size) or int(size) != size or not 8 <= size <= MAX_SIDE:
            raise DrawingError(
                f"{name} must be between 8 and {MAX_SIDE} whole pixels, got {size!r}"
            )
    if not _is_number(pen) or not 1 <= pen <= 200:
        raise DrawingError(f"pen must be between 1 and 200 pixels, got {pen!r}")
    squared_distance = np.full((int(height), int(width)), np.inf)
    for start, end, box in _segments(check_strokes(strokes), squared_distance.shape, pen):
        _add_segment(squared_distance, start, end, box)
    # Coverage falls from 1 to 0 within one pixel, which anti-aliases the edge.
    cover = np.clip(pen / 2 + 0.5 - np.sqrt(squared_distance), 0, 1)
    canvas = np.zeros((int(height), int(width), 4), dtype=np.uint8)
    canvas[..., 3] = np.rint(255 * cover)
    canvas[canvas[..., 3] > 0, :3] = INK
    return canvas


def check_strokes(strokes: Strokes) -> list[Float64Array]:
    """Return each stroke as points ``(n, 2)`` without times, leaving out empty strokes."""
    if not isinstance(strokes, list | tuple):
        raise DrawingError(f"strokes must be a list of strokes, got a {type(strokes).__name__}")
    checked: list[Float64Array] = []
    total = 0
    for number, stroke in enumerate(strokes):
        if not isinstance(stroke, list | tuple | np.ndarray):
            raise DrawingError(f"strokes[{number}] must be a list of points [x, y]")
        total += len(stroke)
        if total > MAX_POINTS:
            raise DrawingError(f"strokes must have at most {MAX_POINTS:,} points")
        points = np.array([_point(point, number, index) for index, point in enumerate(stroke)])
        if len(points):
            checked.append(points)
    return checked


def _point(point: Any, stroke: int, index: int) -> tuple[float, float]:
    name = f"strokes[{stroke}][{index}]"
    if not isinstance(point, list | tuple | np.ndarray) or len(point) not in (2, 3):
        raise DrawingError(f"{name} must be a point [x, y] or [x, y, t]")
    if not all(_is_number(value) for value in point[:2]):
        raise DrawingError(f"{name} must hold finite numbers of pixels, got {list(point)!r}")
    return float(point[0]), float(point[1])


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(np.isfinite(value)) and abs(value) < 1e6


def _segments(
    strokes: list[Float64Array], shape: tuple[int, ...], pen: float
) -> Iterator[tuple[Float64Array, Float64Array, list[int]]]:
    """Return each segment's ends, and the box of pixels it may cover: left, top, right, bottom."""
    if not strokes:
        return iter(())
    starts = np.concatenate([points[:-1] if len(points) > 1 else points for points in strokes])
    ends = np.concatenate([points[1:] if len(points) > 1 else points for points in strokes])
    reach, size = pen / 2 + 1, np.array(shape[::-1])
    low = np.clip(np.floor(np.minimum(starts, ends) - reach), 0, size).astype(int)
    high = np.clip(np.ceil(np.maximum(starts, ends) + reach), 0, size).astype(int)
    areas = np.prod(high - low, axis=1)
    if areas.sum() > _MAX_PIXEL_VISITS:
        raise DrawingError(
            f"strokes: {sum(map(len, strokes)):,} points with a pen of {pen:g} are "
            "too much to draw. Use fewer points, closer together, or a thinner pen."
        )
    visible = areas > 0
    boxes = np.concatenate([low, high], axis=1)[visible].tolist()
    return zip(starts[visible], ends[visible], boxes, strict=True)


def _add_segment(
    squared_distance: Float64Array, start: Float64Array, end: Float64Array, box: list[int]
) -> None:
    """Update the pixels' squared distances to the path with another segment, in place."""
    left, top, right, bottom = box
    x = np.arange(left, right) + (0.5 - start[0])
    y = (np.arange(top, bottom) + (0.5 - start[1]))[:, None]
    dx, dy = (end - start).tolist()
    length = dx * dx + dy * dy
    if length:
        share = np.clip(x * (dx / length) + y * (dy / length), 0, 1)
        x, y = x - share * dx, y - share * dy
    part = squared_distance[top:bottom, left:right]
    np.minimum(part, x * x + y * y, out=part)
