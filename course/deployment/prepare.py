"""From a checked request to rows of 784 numbers; the drawing's own steps are ``course.drawing``'s.

Example:
    >>> from course.deployment.schemas import ModelRequest
    >>> model_rows(ModelRequest(values=[[0.5] * 784])).shape
    (1, 784)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course import drawing
from course.deployment.errors import RequestError
from course.deployment.schemas import Canvas, DrawingRequest, FunctionRequest, ModelRequest

FloatArray = NDArray[np.float32]


def model_rows(asked: ModelRequest) -> FloatArray:
    """Return all digits of a request as one matrix ``(n, 784)``."""
    return np.array([row for group in asked.groups() for row in group], dtype=np.float32)


def function_rows(asked: FunctionRequest, way: drawing.Way = "mnist") -> FloatArray:
    """Return all canvases of a request as one matrix ``(n, 784)``, prepared one way or the other.

    Raises:
        RequestError: 422: a canvas has the wrong size, or no single digit; names the field.
    """
    rows = []
    for at, group in enumerate(asked.groups()):
        for i, canvas in enumerate(group):
            name = f"input_data[{at}].values[{i}]" if asked.wrapped else f"values[{i}]"
            rows.append(_row(canvas, name, way))
    return np.concatenate(rows)


def _row(canvas: Canvas, name: str, way: drawing.Way) -> FloatArray:
    wanted = canvas.height * canvas.height * 4
    if len(canvas.data) != wanted:
        raise _wrong(
            f"{name}.data",
            f"{len(canvas.data):,} numbers; a square of height {canvas.height} has "
            f"{canvas.height} * {canvas.height} * 4 = {wanted:,}",
        )
    try:
        pixels = np.frombuffer(bytes(canvas.data), np.uint8)
    except ValueError:
        at, value = next((i, one) for i, one in enumerate(canvas.data) if not 0 <= one <= 255)
        shown = str(value) if abs(value) < 10**9 else "so large a number"
        words = f"whole numbers from 0 to 255 are right, not {shown}"
        raise _wrong(f"{name}.data[{at}]", words) from None
    try:
        return drawing.from_square(pixels, canvas.height, way).vector
    except drawing.DrawingError as error:
        raise _wrong(f"{name}.data", str(error)) from None


def drawn(asked: DrawingRequest) -> drawing.Preprocessed:
    """Draw the strokes and take all steps.

    Raises:
        RequestError: 422: no single digit can be read; says what to change.
    """
    try:
        canvas = drawing.rasterise(asked.strokes, asked.width, asked.height, asked.pen)
        return drawing.preprocess(canvas, asked.way)
    except drawing.DrawingError as error:
        raise RequestError(422, str(error), [{"field": "strokes", "message": str(error)}]) from None


def _wrong(field: str, message: str) -> RequestError:
    return RequestError(422, f"{field}: {message}", [{"field": field, "message": message}])
