"""Check that a drawing can be read as a single digit.

Example:
    >>> from course.drawing.ink import rasterise
    >>> check_single_digit(rasterise([[[140, 140]]])[..., 3])
    Traceback (most recent call last):
    course.drawing.errors.DrawingError: That is a dot, not a digit. ...
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from course.arrays import ByteArray
from course.drawing.boxes import EMPTY, Box, bounding_box, crop
from course.drawing.errors import DrawingError

_DOT: Final = "That is a dot, not a digit. Draw larger, or with a thinner pen."
_MIN_SIZE: Final = 8  # pixels; smaller digits aren't readable
_MAX_THICKNESS: Final = 0.62  # as a fraction of the longer side; a round dot has 1
_MAX_GAP: Final = 0.15  # between parts of one digit, as a fraction of the drawing's height
_MIN_SECOND_DIGIT: Final = 0.7  # its height, as a fraction of the tallest; a bar is flatter
_MAX_PIECES: Final = 200  # of ink; lines form only a few


def check_canvas(rgba: Any) -> ByteArray:
    """Return a canvas as an array ``(h, w, 4)`` of bytes.

    Raises:
        DrawingError: The canvas has another shape or type, or no transparent background.
    """
    canvas = np.asarray(rgba)
    if canvas.ndim != 3 or canvas.shape[2] != 4 or 0 in canvas.shape:
        raise DrawingError(f"rgba must have the shape (height, width, 4), got {canvas.shape}")
    if canvas.dtype != np.uint8:
        raise DrawingError(f"rgba must be uint8, 0 to 255, got {canvas.dtype}")
    if canvas[..., 3].min() > 0:
        raise DrawingError(
            "Every pixel has ink. Make the background transparent (alpha 0): the ink is read from "
            "the alpha channel."
        )
    return canvas


def check_single_digit(alpha: ByteArray) -> None:
    """Raise an error unless the ink, ``(h, w)`` uint8, may be a single digit.

    Raises:
        DrawingError: The canvas is empty, or has a dot, several digits, or many specks; the message
            says what to do.
    """
    from scipy.ndimage import distance_transform_edt

    if not (alpha > 127).any():
        raise DrawingError(EMPTY)
    box = bounding_box(alpha)
    longest = max(box.height, box.width)
    inside = np.pad(crop(alpha, box) > 127, 1)
    thickness = 2 * distance_transform_edt(inside).max()
    if longest < _MIN_SIZE or thickness > _MAX_THICKNESS * longest:
        raise DrawingError(_DOT)
    digits = _count_digits(inside, _MAX_GAP * box.height)
    if digits > 1:
        raise DrawingError(
            f"There seem to be {digits} digits. Draw a single one, with its strokes close together."
        )


def touched_edges(alpha: ByteArray) -> tuple[str, ...]:
    """Return the edges of the canvas that the ink touches, where the digit may be cut off.

    Example:
        >>> touched_edges(np.eye(4, dtype=np.uint8)[:3])
        ('upper', 'lower', 'left')
    """
    sides = {"upper": alpha[0], "lower": alpha[-1], "left": alpha[:, 0], "right": alpha[:, -1]}
    return tuple(name for name, side in sides.items() if side.max() > 0)


def _count_digits(ink: NDArray[np.bool_], max_gap: float) -> int:
    """Count groups of ink separated by more than ``max_gap`` pixels, without flat or small ones."""
    from scipy.ndimage import find_objects, label

    labels, pieces = label(ink, structure=np.ones((3, 3)))
    if pieces > _MAX_PIECES:  # the grouping below takes quadratic time
        raise DrawingError(
            f"The ink consists of {pieces:,} pieces, not of lines. Draw one digit with a pen."
        )
    boxes = [Box(y.start, x.start, y.stop, x.stop) for y, x in find_objects(labels)]
    groups: list[Box] = []
    while boxes:
        box = boxes.pop()
        near = [other for other in groups if _gap(box, other) <= max_gap]
        if near:  # merge them; the larger group may be near others
            groups = [other for other in groups if other not in near]
            tops, lefts, bottoms, rights = zip(box, *near, strict=True)
            boxes.append(Box(min(tops), min(lefts), max(bottoms), max(rights)))
        else:
            groups.append(box)
    heights = [box.height for box in groups]
    return sum(height >= _MIN_SECOND_DIGIT * max(heights) for height in heights)


def _gap(a: Box, b: Box) -> int:
    """Return the larger of the horizontal and vertical gaps; 0 or less if the boxes touch."""
    return max(max(a[k], b[k]) - min(a[k + 2], b[k + 2]) for k in (0, 1))
