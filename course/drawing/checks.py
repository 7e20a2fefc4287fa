"""What is wrong with a drawing, said before a model would say something about it.

Example:
    >>> from course.drawing.ink import rasterise
    >>> check_single_digit(rasterise([[[140, 140]]])[..., 3])
    Traceback (most recent call last):
    course.drawing.errors.DrawingError: That is a dot, no line. Draw a digit, larger or thinner.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from course.drawing.boxes import EMPTY, bounding_box
from course.drawing.errors import DrawingError
from course.drawing.ink import Bytes

_DOT: Final = "That is a dot, no line. Draw a digit, larger or thinner."
_LEAST: Final = 8  # pixels: below, nobody could read the digit either
_ROUND: Final = 0.62  # a line's thickest place as a part of its longer side; 1 in a round dot
_FAR: Final = 0.12  # what lies further apart, as a part of the whole, does not belong together
_TALL: Final = 0.5  # a second digit is at least so large, as a part of the largest
_MOST_PIECES: Final = 200  # of ink; lines make a few


def check_canvas(rgba: Any) -> Bytes:
    """Return the canvas if it is one.

    Raises:
        DrawingError: It is no ``(h, w, 4)`` array of bytes, or its ground is not transparent.
    """
    canvas = np.asarray(rgba)
    if canvas.ndim != 3 or canvas.shape[2] != 4 or 0 in canvas.shape:
        raise DrawingError(f"rgba has the shape {canvas.shape}: (height, width, 4) is right")
    if canvas.dtype != np.uint8:
        raise DrawingError(f"rgba is of {canvas.dtype}: uint8, 0 to 255, is right")
    if canvas[..., 3].min() > 0:
        raise DrawingError(
            "Every pixel has ink. The ground must be transparent, alpha 0: the ink is read from "
            "the alpha channel."
        )
    return canvas


def check_single_digit(alpha: Bytes) -> None:
    """Raise if no single digit can be read.

    Args:
        alpha: How much ink is in each pixel, ``(h, w)`` uint8.

    Raises:
        DrawingError: The canvas is empty, or holds a dot, several digits, or many specks; says
            what to do.
    """
    from scipy.ndimage import distance_transform_edt

    if not (alpha > 127).any():
        raise DrawingError(EMPTY)
    box = bounding_box(alpha)
    longest = max(box.height, box.width)
    inside = np.pad(alpha[box.top : box.bottom, box.left : box.right] > 127, 1)
    if longest < _LEAST or 2 * distance_transform_edt(inside).max() > _ROUND * longest:
        raise DrawingError(_DOT)
    digits = _groups(inside, _FAR * longest)
    if digits > 1:
        raise DrawingError(
            f"There seem to be {digits} digits, side by side. Draw one alone, its strokes close "
            "to each other."
        )


def touched_edges(alpha: Bytes) -> tuple[str, ...]:
    """Return the edges of the canvas that the ink touches: some of the digit may be cut off.

    Example:
        >>> touched_edges(np.eye(4, dtype=np.uint8)[:3])
        ('upper', 'lower', 'left')
    """
    sides = {"upper": alpha[0], "lower": alpha[-1], "left": alpha[:, 0], "right": alpha[:, -1]}
    return tuple(name for name, side in sides.items() if side.max() > 0)


def _groups(ink: NDArray[np.bool_], gap: float) -> int:
    """Count the parts that stand further apart than `gap`, leaving out small ones."""
    from scipy.ndimage import find_objects, label

    labels, pieces = label(ink, structure=np.ones((3, 3)))
    if pieces > _MOST_PIECES:  # each is compared with each, below
        raise DrawingError(
            f"The ink lies in {pieces:,} pieces, no lines. Draw one digit with a pen."
        )
    boxes = [
        (rows.start, columns.start, rows.stop, columns.stop)
        for rows, columns in find_objects(labels)
    ]
    groups: list[tuple[int, int, int, int]] = []
    while boxes:
        box = boxes.pop()
        near = [other for other in groups if _apart(box, other) <= gap]
        if near:  # one larger group now, which may be near to others
            groups = [other for other in groups if other not in near]
            tops, lefts, bottoms, rights = zip(box, *near, strict=True)
            boxes.append((min(tops), min(lefts), max(bottoms), max(rights)))
        else:
            groups.append(box)
    sizes = [max(box[2] - box[0], box[3] - box[1]) for box in groups]
    return sum(size >= _TALL * max(sizes) for size in sizes)


def _apart(a: tuple[int, ...], b: tuple[int, ...]) -> int:
    """Return the gap between two boxes, the wider of both directions; 0 or less if they touch."""
    return max(max(a[k], b[k]) - min(a[k + 2], b[k + 2]) for k in (0, 1))
