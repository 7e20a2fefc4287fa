"""From the canvas to 784 numbers, with every step kept to look at.

Example:
    >>> from course.drawing.ink import rasterise
    >>> found = preprocess(rasterise([[[90, 50], [60, 230]], [[170, 40], [150, 220]]], 240))
    Traceback (most recent call last):
    course.drawing.errors.DrawingError: There seem to be 2 digits, side by side. ...
    >>> found = preprocess(rasterise([[[90, 40], [60, 230]]]))
    >>> for stage in found.stages:
    ...     print(stage)
    canvas (280, 280, 4) uint8, 0 to 255
    box (208, 48, 4) uint8, 0 to 255
    square (208, 208, 4) uint8, 0 to 255
    grey (208, 208) uint8, 0 to 255
    pen (216, 56) uint8, 0 to 255
    fit (20, 5) uint8, 0 to 255
    mass (28, 28) uint8, 0 to 255
    row (1, 784) uint8, 0 to 255
    numbers (1, 784) float32, 0 to 1

The lecture's way resizes the square to 28 by 28 and leaves it at that. MNIST's makers did more:
see ``course.drawing.centre``; that the pen is evened out is explained in ``course.drawing.pen``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from course.drawing import boxes, centre, checks, pen, resize
from course.drawing.errors import DrawingError
from course.drawing.ink import Bytes

Way: TypeAlias = Literal["mnist", "lecture"]
WAYS: Final = ("mnist", "lecture")
_LARGEST: Final = 280  # a larger square is made smaller first: more pixels tell nothing more
_MOST: Final = 1024


@dataclass(frozen=True, eq=False)
class Stage:
    """What the drawing looks like after a step.

    Attributes:
        name: One word: ``canvas``, ``box``, ``square``, ``grey``, ...
        array: The values.
        sentence: What was done.
    """

    name: str
    array: NDArray[Any]
    sentence: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the array."""
        return self.array.shape

    @property
    def dtype(self) -> str:
        """Of the array."""
        return self.array.dtype.name

    @property
    def range(self) -> str:
        """The smallest and the largest value, such as ``0 to 255``."""
        return f"{self.array.min():.3g} to {self.array.max():.3g}"

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.name} {self.shape} {self.dtype}, {self.range}"


@dataclass(frozen=True, eq=False)
class Preprocessed:
    """A drawing ready for a model, and how it came about.

    Attributes:
        way: ``"mnist"`` or ``"lecture"``.
        stages: Every step, the canvas first if there was one, the 784 numbers last.
        square: Squared RGBA canvas: what the function deployment gets.
        vector: ``(1, 784)`` float32 in [0, 1]: what the model deployment gets.
        box: Where on the canvas the ink lies; of the square, if there was no canvas.
        notes: What the learner should know, such as ink at the edge; mostly empty.
    """

    way: Way
    stages: tuple[Stage, ...]
    square: Bytes
    vector: NDArray[np.float32]
    box: boxes.Box
    notes: tuple[str, ...] = ()

    def payload(self, kind: Literal["model", "function"] = "model") -> dict[str, Any]:
        """Return what is sent to a deployment, ready for JSON.

        Example:
            >>> from course.drawing.ink import rasterise
            >>> found = preprocess(rasterise([[[90, 40], [60, 230]]]))
            >>> len(found.payload("model")["values"][0])
            784
            >>> content = found.payload("function")["values"][0]
            >>> content["height"], len(content["data"]) == 208 * 208 * 4
            (208, True)

        Args:
            kind: ``"model"`` wants the 784 numbers, ``"function"`` the squared canvas.

        Raises:
            ValueError: The kind is another word.
        """
        if kind == "model":
            return {"values": [[round(float(value), 5) for value in self.vector[0]]]}
        if kind == "function":
            data = self.square.ravel().tolist()
            return {"values": [{"data": data, "height": len(self.square)}]}
        raise ValueError(f"kind={kind!r}: 'model' or 'function' is right")


def preprocess(rgba: Any, way: Way = "mnist") -> Preprocessed:
    """Turn a canvas into 784 numbers.

    Args:
        rgba: ``(h, w, 4)`` uint8; the ink is in the alpha channel. Need not be square.
        way: ``"mnist"``, or ``"lecture"`` for the six steps of the lecture's app.

    Raises:
        DrawingError: No single digit can be read; says what to change.
    """
    _check_way(way)
    canvas = checks.check_canvas(rgba)
    alpha = canvas[..., 3]
    checks.check_single_digit(alpha)
    box = boxes.bounding_box(alpha)
    squared = boxes.square(canvas, box)
    first = (
        Stage("canvas", canvas, "The canvas: red, green, blue and alpha; alpha is the ink."),
        Stage("box", boxes.crop(canvas, box), "The smallest box that holds all ink."),
        Stage("square", squared, "A square, the digit in its middle."),
    )
    touched = checks.touched_edges(alpha)
    notes: tuple[str, ...] = ()
    if touched:
        names = " and ".join(touched)
        notes = (f"The ink touches the {names} edge: a part of the digit may be cut off.",)
    later, vector = _from_third(squared, way)
    return Preprocessed(way, (*first, *later), squared, vector, box, notes)


def from_square(data: Any, height: int, way: Way = "mnist") -> Preprocessed:
    """Do steps 3 to 6 alone, as the function deployment does.

    Example:
        >>> from course.drawing.ink import rasterise
        >>> here = preprocess(rasterise([[[90, 40], [60, 230]]]))
        >>> there = from_square(**here.payload("function")["values"][0])
        >>> bool((here.vector == there.vector).all())
        True

    Args:
        data: The squared RGBA canvas, row by row: ``height * height * 4`` whole numbers, 0 to 255.
        height: Rows of the square, which are as many as its columns; 8 to 1024.
        way: As in `preprocess`.

    Raises:
        DrawingError: The data are no square canvas, or no single digit can be read.
    """
    _check_way(way)
    if isinstance(height, bool) or not isinstance(height, int) or not 8 <= height <= _MOST:
        raise DrawingError(f"height={height!r}: whole pixels from 8 to {_MOST} are right")
    try:
        values = np.asarray(data)
    except ValueError:  # lists of different lengths in it
        raise DrawingError("data: one list of whole numbers from 0 to 255 is right") from None
    wanted = height * height * 4
    if values.size != wanted:
        raise DrawingError(
            f"data holds {values.size:,} numbers: a square of height {height} has "
            f"{height} * {height} * 4 = {wanted:,}"
        )
    if values.dtype.kind not in "ui" or values.min() < 0 or values.max() > 255:
        raise DrawingError("data: whole numbers from 0 to 255 are right")
    squared = values.astype(np.uint8).reshape(height, height, 4)
    checks.check_single_digit(checks.check_canvas(squared)[..., 3])
    box = boxes.bounding_box(squared[..., 3])
    first = Stage("square", squared, "The square canvas, as it was sent.")
    later, vector = _from_third(squared, way)
    return Preprocessed(way, (first, *later), squared, vector, box)


def _check_way(way: str) -> None:
    if way not in WAYS:
        raise ValueError(f"way={way!r}: 'mnist' or 'lecture' is right")


def _from_third(squared: Bytes, way: Way) -> tuple[tuple[Stage, ...], NDArray[np.float32]]:
    """Do what comes after the square."""
    last = _as_lecture(squared) if way == "lecture" else _as_mnist(squared)
    row = last[-1].array.reshape(1, 784)
    vector = (row / 255).astype(np.float32)
    numbers = (
        Stage("row", row, "One row of 784 values."),
        Stage("numbers", vector, "Divided by 255: from 0 to 1."),
    )
    return (*last, *numbers), vector


def _as_lecture(squared: Bytes) -> tuple[Stage, ...]:
    small = resize.lanczos(squared, centre.SIDE)
    return (
        Stage("resized", small, "Resized to 28 by 28, edge to edge."),
        Stage("grey", small[..., 3].copy(), "Only alpha is kept, as gray."),
    )


def _as_mnist(squared: Bytes) -> tuple[Stage, ...]:
    grey = squared[..., 3].copy()
    box = boxes.bounding_box(grey)
    work = boxes.crop(grey, box)
    longest = max(work.shape)
    if longest > _LARGEST:
        rows, columns = (max(1, round(side * _LARGEST / longest)) for side in work.shape)
        work = resize.area(work, (rows, columns))
    evened = pen.normalize_thickness(work)
    small = centre.fit(evened)
    return (
        Stage("grey", grey, "Only alpha is kept, as gray."),
        Stage("pen", evened, "The line made as thick, for the size, as in MNIST."),
        Stage("fit", small, "Resized so that the longer side is 20; the shape is kept."),
        Stage("mass", centre.centred(small), "Put into 28 by 28 by its center of mass."),
    )
