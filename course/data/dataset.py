"""What every data function of the course returns: a `Dataset`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from course.data.face_factors import FaceFactors

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]


class DataError(Exception):
    """Data could not be had, or is not what it should be; the message is one plain line.

    Example:
        >>> from course import data
        >>> try:
        ...     data.digits("minst")
        ... except data.DataError as error:
        ...     print(error)
        digits(source): there is no 'minst'; choose 'mnist' or 'bundled', or leave it out.
    """


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Pictures or texts, split into a training and a test part.

    Example:
        >>> from course import data
        >>> digits = data.digits("bundled")
        >>> digits
        digits: 1,501 to train on, 296 to test on; 28 x 28 pixels; 10 labels.
        scikit-learn's bundled digits, scaled to 28 x 28
        >>> digits.x_train.shape, digits.x_train.dtype
        ((1501, 784), dtype('float32'))
        >>> digits.labels[digits.y_test[0]]
        '5'

    All arrays are read-only, because every caller shares them; ``.copy()`` gives one to write to.

    Attributes:
        name: What it is: ``"digits"``, ``"faces"`` or ``"news"``.
        x_train: Training examples, ``(n, d)``, float32 in [0, 1]. An image is a row of
            784 = 28 x 28 intensities, line by line from the top; 0 is black, 1 is white.
        y_train: Their labels, ``(n,)``, int64, counting into ``labels``.
        x_test: Test examples, ``(m, d)``, same units.
        y_test: Their labels, ``(m,)``.
        labels: The names of the classes, in the order of their numbers.
        image_shape: Height and width of an image in pixels; None where a row is no image.
        source: One word for where it comes from, such as ``"mnist"``.
        note: One line that says which data this is, and why.
        words: For news: the word that each column counts.
        factors_train: For the drawn faces: what each training face was drawn from.
        factors_test: The same for the test faces.
    """

    name: str
    x_train: FloatArray
    y_train: IntArray
    x_test: FloatArray
    y_test: IntArray
    labels: tuple[str, ...]
    image_shape: tuple[int, int] | None = (28, 28)
    source: str = ""
    note: str = ""
    words: tuple[str, ...] = ()
    factors_train: FaceFactors | None = None
    factors_test: FaceFactors | None = None

    def __post_init__(self) -> None:
        """Check that everything fits together, and make the arrays read-only.

        Raises:
            ValueError: An array has the wrong type, shape or range; the message says which.
        """
        for part in ("train", "test"):
            x, y = getattr(self, f"x_{part}"), getattr(self, f"y_{part}")
            self._check_examples(f"x_{part}", x)
            self._check_labels(f"y_{part}", y, len(x))
            factors = getattr(self, f"factors_{part}")
            if factors is not None and any(len(values) != len(x) for values in factors):
                raise ValueError(f"factors_{part}: each factor needs {len(x)} values, one a face.")
            for field in (f"x_{part}", f"y_{part}"):
                view = getattr(self, field).view()
                view.flags.writeable = False
                object.__setattr__(self, field, view)
        if self.x_test.shape[1] != self.x_train.shape[1]:
            raise ValueError(
                f"x_test: {self.x_test.shape[1]} columns, but x_train has {self.x_train.shape[1]}."
            )
        if self.words and len(self.words) != self.x_train.shape[1]:
            raise ValueError(
                f"words: {len(self.words)} for {self.x_train.shape[1]} columns; one each is right."
            )

    def _check_examples(self, field: str, x: FloatArray) -> None:
        if not isinstance(x, np.ndarray) or x.dtype != np.float32 or x.ndim != 2:
            raise ValueError(f"{field}: {_describe(x)}; a float32 array (n, d) is right.")
        if self.image_shape is not None and x.shape[1] != self.image_shape[0] * self.image_shape[1]:
            height, width = self.image_shape
            raise ValueError(
                f"{field}: rows of {x.shape[1]} numbers; "
                f"images of {height} x {width} have {height * width}."
            )
        if len(x) == 0:
            raise ValueError(f"{field}: empty; at least one example is needed.")
        low, high = float(x.min()), float(x.max())
        if not (low >= 0 and high <= 1):  # also catches NaN
            raise ValueError(
                f"{field}: values from {low:g} to {high:g}; they must lie in [0, 1] "
                "(pixels 0..255 are divided by 255)."
            )

    def _check_labels(self, field: str, y: IntArray, n: int) -> None:
        if not isinstance(y, np.ndarray) or y.dtype != np.int64 or y.shape != (n,):
            raise ValueError(f"{field}: {_describe(y)}; an int64 array ({n},) is right.")
        if y.min() < 0 or y.max() >= len(self.labels):
            raise ValueError(
                f"{field}: labels from {y.min()} to {y.max()}; "
                f"with {len(self.labels)} names they run from 0 to {len(self.labels) - 1}."
            )

    def __repr__(self) -> str:
        """Two lines: how much of what, and from where."""
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
