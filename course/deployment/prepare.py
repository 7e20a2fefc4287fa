"""Turn validated requests into rows of 784 numbers, using ``course.drawing``.

Example:
    >>> from course.deployment.schemas import ModelRequest
    >>> model_rows(ModelRequest(values=[[0.5] * 784])).shape
    (1, 784)
"""

from __future__ import annotations

import numpy as np

from course import drawing
from course.arrays import Float32Array
from course.deployment.errors import RequestError, invalid_field
from course.deployment.schemas import Canvas, DrawingRequest, FunctionRequest, ModelRequest


def model_rows(request: ModelRequest) -> Float32Array:
    """Return all digits of a request as one matrix ``(n, 784)``."""
    return np.array([row for group in request.groups() for row in group], dtype=np.float32)


def function_rows(request: FunctionRequest, way: drawing.Way = "mnist") -> Float32Array:
    """Return all canvases of a request as one matrix ``(n, 784)``, preprocessed in the given way.

    Raises:
        RequestError: 422, if a canvas has the wrong size or doesn't show exactly one digit.
    """
    rows = []
    for i, group in enumerate(request.groups()):
        prefix = f"input_data[{i}]." if request.wrapped else ""
        rows += [_row(canvas, f"{prefix}values[{j}]", way) for j, canvas in enumerate(group)]
    return np.concatenate(rows)


def _row(canvas: Canvas, name: str, way: drawing.Way) -> Float32Array:
    size = canvas.height * canvas.height * 4
    if len(canvas.data) != size:
        raise invalid_field(
            f"{name}.data",
            f"a canvas of height {canvas.height} must have {canvas.height} * {canvas.height} * 4 = "
            f"{size:,} numbers, got {len(canvas.data):,}",
        )
    try:
        pixels = np.frombuffer(bytes(canvas.data), np.uint8)
    except ValueError:
        i, value = next((i, v) for i, v in enumerate(canvas.data) if not 0 <= v <= 255)
        shown = str(value) if abs(value) < 10**9 else "a number of more than 9 digits"
        message = f"must be a whole number from 0 to 255, got {shown}"
        raise invalid_field(f"{name}.data[{i}]", message) from None
    try:
        return drawing.from_square(pixels, canvas.height, way).vector
    except drawing.DrawingError as error:
        raise invalid_field(f"{name}.data", str(error)) from None


def preprocess_drawing(request: DrawingRequest) -> drawing.Preprocessed:
    """Draw the strokes and run all preprocessing steps.

    Raises:
        RequestError: 422, if the drawing doesn't show exactly one digit.
    """
    try:
        canvas = drawing.rasterise(request.strokes, request.width, request.height, request.pen)
        return drawing.preprocess(canvas, request.way)
    except drawing.DrawingError as error:
        raise RequestError(422, str(error), [{"field": "strokes", "message": str(error)}]) from None
