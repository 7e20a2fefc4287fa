"""Preprocess a canvas into 784 numbers, keeping every intermediate stage.

Example:
    >>> from course.drawing.ink import rasterise
    >>> result = preprocess(rasterise([[[90, 40], [60, 230]]]))
    >>> for stage in result.stages:
    ...     print(stage)
    canvas (280, 280, 4) uint8, 0 to 255
    box (208, 48, 4) uint8, 0 to 255
    square (208, 208, 4) uint8, 0 to 255
    gray (208, 208) uint8, 0 to 255
    pen (216, 56) uint8, 0 to 255
    fit (20, 5) uint8, 0 to 255
    mass (28, 28) uint8, 0 to 255
    row (1, 784) uint8, 0 to 255
    numbers (1, 784) float32, 0 to 1

The lecture's way only resizes the square to 28 by 28. MNIST's way is explained in
``course.drawing.centre``, the normalization of the line thickness in ``course.drawing.pen``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from course.arrays import ByteArray
from course.drawing import boxes, centre, checks, pen, resize
from course.drawing.errors import DrawingError

Way: TypeAlias = Literal["mnist", "lecture"]
WAYS: Final = ("mnist", "lecture")
_WORKING_SIZE: Final = 280  # larger drawings are shrunk first; more pixels don't add information
_MAX_SQUARE: Final = 1024


@dataclass(frozen=True, eq=False)
class Stage:
    """The drawing after a step."""

    name: str  # one word: ``canvas``, ``box``, ``square``, ``gray``, ...
    array: NDArray[Any]
    sentence: str  # describes the step

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.array.shape

    @property
    def dtype(self) -> str:
        """The array's dtype."""
        return self.array.dtype.name

    @property
    def range(self) -> str:
        """Minimum and maximum, such as ``0 to 255``."""
        return f"{self.array.min():.3g} to {self.array.max():.3g}"

    def __str__(self) -> str:
        """Name, shape, dtype and range."""
        return f"{self.name} {self.shape} {self.dtype}, {self.range}"


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """A drawing in the form that a model expects, and all stages on the way.

    Attributes:
        way: ``"mnist"`` or ``"lecture"``.
        stages: Every stage, from the canvas (or the square, if there is no canvas) to the numbers.
        square: The square RGBA canvas, the input of the function deployment.
        vector: ``(1, 784)`` float32 in [0, 1], the input of the model deployment.
        box: The ink's bounding box on the canvas, or on the square if there is no canvas.
        notes: Warnings for the learner, such as ink at the edge; usually empty.
    """

    way: Way
    stages: tuple[Stage, ...]
    square: ByteArray
    vector: NDArray[np.float32]
    box: boxes.Box
    notes: tuple[str, ...] = ()

    def payload(self, kind: Literal["model", "function"] = "model") -> dict[str, Any]:
        """Return the JSON-ready request for a deployment.

        Example:
            >>> from course.drawing.ink import rasterise
            >>> result = preprocess(rasterise([[[90, 40], [60, 230]]]))
            >>> len(result.payload("model")["values"][0])
            784
            >>> content = result.payload("function")["values"][0]
            >>> content["height"], len(content["data"]) == 208 * 208 * 4
            (208, True)

        Args:
            kind: ``"model"`` for the 784 numbers, ``"function"`` for the square canvas.

        Raises:
            ValueError: The kind is unknown.
        """
        if kind == "model":
            return {"values": [[round(float(value), 5) for value in self.vector[0]]]}
        if kind == "function":
            data = self.square.ravel().tolist()
            return {"values": [{"data": data, "height": len(self.square)}]}
        raise ValueError(f"kind must be 'model' or 'function', got {kind!r}")


def preprocess(rgba: Any, way: Way = "mnist") -> Preprocessed:
    """Turn a canvas into 784 numbers.

    Example:
        >>> from course.drawing.ink import rasterise
        >>> preprocess(rasterise([[[90, 50], [60, 230]], [[170, 40], [150, 220]]], 240))
        Traceback (most recent call last):
        course.drawing.errors.DrawingError: There seem to be 2 digits. ...

    Args:
        rgba: ``(h, w, 4)`` uint8 with the ink in the alpha channel; needn't be square.
        way: ``"mnist"``, or ``"lecture"`` for the six steps of the lecture's app.

    Raises:
        DrawingError: The drawing isn't a readable single digit; the message says what to change.
    """
    _check_way(way)
    canvas = checks.check_canvas(rgba)
    alpha = canvas[..., 3]
    checks.check_single_digit(alpha)
    box = boxes.bounding_box(alpha)
    squared = boxes.square(canvas, box)
    first = (
        Stage("canvas", canvas, "The canvas: red, green, blue and alpha; alpha is the ink."),
        Stage("box", boxes.crop(canvas, box), "The smallest box around the ink."),
        Stage("square", squared, "A square with the digit in the middle."),
    )
    names = " and ".join(checks.touched_edges(alpha))
    note = f"The ink touches the {names} edge; part of the digit may be cut off."
    later, vector = _after_square(squared, way)
    notes = (note,) if names else ()
    return Preprocessed(way, (*first, *later), squared, vector, box, notes)


def from_square(data: Any, height: int, way: Way = "mnist") -> Preprocessed:
    """Run only steps 3 to 6, as the function deployment does.

    Example:
        >>> from course.drawing.ink import rasterise
        >>> here = preprocess(rasterise([[[90, 40], [60, 230]]]))
        >>> there = from_square(**here.payload("function")["values"][0])
        >>> bool((here.vector == there.vector).all())
        True

    Args:
        data: The square RGBA canvas, row by row: ``height * height * 4`` whole numbers, 0 to 255.
        height: Height and width of the square; 8 to 1024 pixels.
        way: As in `preprocess`.

    Raises:
        DrawingError: The data isn't a square canvas, or not a readable single digit.
    """
    _check_way(way)
    if isinstance(height, bool) or not isinstance(height, int) or not 8 <= height <= _MAX_SQUARE:
        raise DrawingError(
            f"height must be between 8 and {_MAX_SQUARE} whole pixels, got {height!r}"
        )
    try:
        values = np.asarray(data)
    except ValueError:  # nested lists of different lengths
        raise DrawingError("data must be one list of whole numbers from 0 to 255") from None
    expected = height * height * 4
    if values.size != expected:
        raise DrawingError(
            f"data must hold {height} * {height} * 4 = {expected:,} numbers for a height of "
            f"{height}, got {values.size:,}"
        )
    if values.dtype.kind not in "ui" or values.min() < 0 or values.max() > 255:
        raise DrawingError("data must hold whole numbers from 0 to 255")
    squared = values.astype(np.uint8).reshape(height, height, 4)
    checks.check_single_digit(checks.check_canvas(squared)[..., 3])
    box = boxes.bounding_box(squared[..., 3])
    first = Stage("square", squared, "The square canvas, as it was sent.")
    later, vector = _after_square(squared, way)
    return Preprocessed(way, (first, *later), squared, vector, box)


def _check_way(way: str) -> None:
    if way not in WAYS:
        raise ValueError(f"way must be 'mnist' or 'lecture', got {way!r}")


def _after_square(squared: ByteArray, way: Way) -> tuple[tuple[Stage, ...], NDArray[np.float32]]:
    """Return the stages after the square, and the 784 numbers."""
    last = _as_lecture(squared) if way == "lecture" else _as_mnist(squared)
    row = last[-1].array.reshape(1, 784)
    vector = (row / 255).astype(np.float32)
    row_stage = Stage("row", row, "One row of 784 values.")
    numbers = Stage("numbers", vector, "Divided by 255, to range from 0 to 1.")
    return (*last, row_stage, numbers), vector


def _as_lecture(squared: ByteArray) -> tuple[Stage, ...]:
    small = resize.lanczos(squared, centre.SIDE)
    return (
        Stage("resized", small, "Resized to 28 by 28, edge to edge."),
        Stage("gray", small[..., 3].copy(), "Only alpha is kept, as gray."),
    )


def _as_mnist(squared: ByteArray) -> tuple[Stage, ...]:
    gray = squared[..., 3].copy()
    box = boxes.bounding_box(gray)
    work = boxes.crop(gray, box)
    if max(work.shape) > _WORKING_SIZE:
        work = resize.fit_longer_side(work, _WORKING_SIZE)
    even = pen.normalize_thickness(work)
    small = centre.fit(even)
    return (
        Stage("gray", gray, "Only alpha is kept, as gray."),
        Stage("pen", even, "The line made as thick as in MNIST, relative to the size."),
        Stage("fit", small, "Resized to 20 pixels on the longer side."),
        Stage("mass", centre.centred(small), "Centered in 28 by 28 by the center of mass."),
    )
