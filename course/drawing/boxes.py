"""Steps 1 and 2 of the lecture: the ink's bounding box, and a square around it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from course.arrays import ByteArray
from course.drawing.errors import DrawingError

EMPTY = "The canvas is empty. Draw one digit, 0 to 9."


class Box(NamedTuple):
    """Rows ``top`` to ``bottom`` and columns ``left`` to ``right``, excluding the ends."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left


def bounding_box(alpha: ByteArray) -> Box:
    """Return the smallest box around all ink: values of ``alpha``, ``(h, w)``, above 0.

    Example:
        >>> bounding_box(np.eye(5, dtype=np.uint8)[1:])
        Box(top=0, left=1, bottom=4, right=5)

    Raises:
        DrawingError: There is no ink.
    """
    rows, columns = np.flatnonzero(alpha.any(axis=1)), np.flatnonzero(alpha.any(axis=0))
    if not len(rows):
        raise DrawingError(EMPTY)
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)


def crop(image: ByteArray, box: Box) -> ByteArray:
    """Return the part of the image inside the box."""
    return image[box.top : box.bottom, box.left : box.right]


def square(image: ByteArray, box: Box) -> ByteArray:
    """Return the box's content centered in a square with the box's longer side.

    Example:
        >>> square(np.ones((2, 5), np.uint8), Box(0, 0, 2, 5)).tolist()
        [[0, 0, 0, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]

    The added pixels are 0. If the margins can't be equal, the right or lower one is larger. The
    image is ``(h, w)`` or ``(h, w, channels)``.
    """
    side = max(box.height, box.width)
    above, left = (side - box.height) // 2, (side - box.width) // 2
    framed = np.zeros((side, side, *image.shape[2:]), dtype=image.dtype)
    framed[above : above + box.height, left : left + box.width] = crop(image, box)
    return framed
