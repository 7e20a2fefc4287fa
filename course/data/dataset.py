"""`Dataset`, which every data function of the course returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from course.arrays import Float32Array, IntArray
from course.data.face_factors import FaceFactors


class DataError(Exception):
    """Data is missing or isn't what it should be; the message is a single line.

    Example:
        >>> from course import data
        >>> try:
        ...     data.digits("minst")
        ... except data.DataError as error:
        ...     print(error)
        digits: unknown source 'minst'; choose 'mnist' or 'bundled', or leave it out.
    """


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images or texts, split into a training and a test set.

    Example:
        >>> from course import data
        >>> digits = data.digits("bundled")
        >>> digits
        digits: 8,000 to train on, 2,000 to test on; 28 x 28 pixels; 10 labels.
        10,000 digits of MNIST, which come with the course
        >>> digits.x_train.shape, digits.x_train.dtype
        ((8000, 784), dtype('float32'))
        >>> digits.labels[digits.y_test[0]]
        '8'

    All arrays are read-only because every caller shares them; use ``.copy()`` to get one that
    you can change.

    Attributes:
        name: ``"digits"``, ``"faces"`` or ``"news"``.
        x_train: Training examples, ``(n, d)``, float32 in [0, 1]. An image is a row of
            784 = 28 x 28 intensities, line by line from the top; 0 is black, 1 is white.
        y_train: Their labels, ``(n,)``, int64, indices into ``labels``.
        x_test: Test examples, ``(m, d)``, in the same units.
        y_test: Their labels, ``(m,)``.
        labels: The names of the classes.
        image_shape: Height and width of an image in pixels; None if the rows aren't images.
        source: The word for the source, such as ``"mnist"``.
        note: One line that says which data this is, and why.
        words: For news: the word that each column counts.
        factors_train: For drawn faces: the factors of each training face.
        factors_test: The same for the test faces.
    """

    name: str
    x_train: Float32Array
    y_train: IntArray
    x_test: Float32Array
    y_test: IntArray
    labels: tuple[str, ...]
    image_shape: tuple[int, int] | None = (28, 28)
    source: str = ""
    note: str = ""
    words: tuple[str, ...] = ()
    factors_train: FaceFactors | None = None
    factors_test: FaceFactors | None = None

    @classmethod
    def split(cls, x: Float32Array, y: IntArray, train: NDArray[np.bool_], **fields: Any) -> Self:
        """Use the examples that the mask ``train`` selects for training, the others as the test."""
        return cls(x_train=x[train], y_train=y[train], x_test=x[~train], y_test=y[~train], **fields)

    def __post_init__(self) -> None:
        """Check types, shapes and ranges (ValueError), and make the arrays read-only."""
        for part in ("train", "test"):
            x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
            self._check_examples(f"x_{part}", x)
            self._check_labels(f"y_{part}", y, len(x))
            factors = getattr(self, f"factors_{part}")
            if factors is not None and any(len(values) != len(x) for values in factors):
                raise ValueError(
                    f"factors_{part} must hold {len(x)} values of each factor, one per face."
                )
            for field in (f"x_{part}", f"y_{part}"):
                view = getattr(self, field).view()
                view.flags.writeable = False
                object.__setattr__(self, field, view)
        if self.x_test.shape[1] != self.x_train.shape[1]:
            raise ValueError(
                f"x_test must have as many columns as x_train ({self.x_train.shape[1]}), "
                f"got {self.x_test.shape[1]}."
            )
        if self.words and len(self.words) != self.x_train.shape[1]:
            raise ValueError(
                f"words must hold one word per column ({self.x_train.shape[1]}), "
                f"got {len(self.words)}."
            )

    def _check_examples(self, field: str, x: Float32Array) -> None:
        if not isinstance(x, np.ndarray) or x.dtype != np.float32 or x.ndim != 2:
            raise ValueError(f"{field} must be a float32 array (n, d), got {_describe(x)}.")
        if self.image_shape is not None and x.shape[1] != self.image_shape[0] * self.image_shape[1]:
            height, width = self.image_shape
            raise ValueError(
                f"{field} must have {height * width} columns for images of {height} x {width}, "
                f"got {x.shape[1]}."
            )
        if len(x) == 0:
            raise ValueError(f"{field} is empty; give at least one example.")
        low, high = float(x.min()), float(x.max())
        if not (low >= 0 and high <= 1):  # also catches NaN
            raise ValueError(
                f"{field} must lie in [0, 1], got values from {low:g} to {high:g}; "
                "divide pixels 0..255 by 255."
            )

    def _check_labels(self, field: str, y: IntArray, n: int) -> None:
        if not isinstance(y, np.ndarray) or y.dtype != np.int64 or y.shape != (n,):
            raise ValueError(f"{field} must be an int64 array ({n},), got {_describe(y)}.")
        if y.min() < 0 or y.max() >= len(self.labels):
            raise ValueError(
                f"{field} must lie between 0 and {len(self.labels) - 1} for {len(self.labels)} "
                f"labels, got values from {y.min()} to {y.max()}."
            )

    def __repr__(self) -> str:
        """Two lines: the sizes, and the note."""
        if self.image_shape is None:
            size = f"{self.x_train.shape[1]:,} words"
        else:
            size = "{} x {} pixels".format(*self.image_shape)
        return (
            f"{self.name}: {len(self.x_train):,} to train on, {len(self.x_test):,} to test on; "
            f"{size}; {len(self.labels)} labels.\n{self.note}"
        )


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype}"
    return f"a {type(value).__name__}"
