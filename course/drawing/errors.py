"""What a drawing can't be, and what to do about it."""

from __future__ import annotations


class DrawingError(ValueError):
    """No digit can be read from this canvas; the message says what to change.

    Example:
        >>> from course import drawing
        >>> drawing.preprocess(drawing.rasterise([]))
        Traceback (most recent call last):
        course.drawing.errors.DrawingError: The canvas is empty. Draw one digit, 0 to 9.
    """
