"""The error for drawings that can't be read."""

from __future__ import annotations


class DrawingError(ValueError):
    """The drawing can't be read as a digit; the message tells the learner what to change.

    Example:
        >>> from course import drawing
        >>> drawing.preprocess(drawing.rasterise([]))
        Traceback (most recent call last):
        course.drawing.errors.DrawingError: The canvas is empty. Draw one digit, 0 to 9.
    """
