"""What `train` and the networks refuse, and how they say it.

Example:
    >>> import numpy as np
    >>> training_examples("train(x_train)", np.full((4, 784), 255), width=784, bounded=True)
    Traceback (most recent call last):
    ValueError: train(x_train): numbers up to 255 look like pixels of 0 to 255; divide ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from course.autoencoder.history import History

FloatArray = NDArray[np.float32]


class TrainingError(ArithmeticError):
    """Training went off into NaN or infinity; the model holds the last good weights.

    Example:
        >>> str(TrainingError("no good"))
        'no good'

    Attributes:
        history: What was learned until then; None where nothing was.
    """

    def __init__(self, message: str, history: History | None = None) -> None:
        super().__init__(message)
        self.history = history


def finite_rows(argument: str, values: ArrayLike, width: int) -> FloatArray:
    """The values as a float32 array ``(n, width)`` of finite numbers; n may be 0.

    Example:
        >>> finite_rows("x", [[1, 2]], 2)
        array([[1., 2.]], dtype=float32)

    Raises:
        ValueError: They are not; the message names the argument and what would be right.
    """
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError(array.dtype)  # noqa: TRY301 - text and objects are refused alike
    except (TypeError, ValueError):
        raise ValueError(f"{argument}: no numbers; an array (n, {width}) is right.") from None
    if array.ndim != 2 or array.shape[1] != width:
        raise ValueError(
            f"{argument}: shape {array.shape}; (n, {width}) is right{_hint(array, width)}."
        )
    with np.errstate(over="ignore"):  # what does not fit into float32 is named below
        array = array.astype(np.float32, copy=False)
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ValueError(
            f"{argument}: NaN or infinity at {count} places; finite numbers are right."
        )
    return array


def training_examples(argument: str, values: ArrayLike, *, width: int, bounded: bool) -> FloatArray:
    """Return training examples: finite rows, at least one, scaled, in [0, 1] where needed.

    Args:
        argument: What the message calls them.
        values: The examples.
        width: How many numbers one has.
        bounded: Whether they must lie in [0, 1].

    Raises:
        ValueError: They are not; the message names the argument and what would be right.
    """
    array = finite_rows(argument, values, width)
    if len(array) == 0:
        raise ValueError(f"{argument}: empty; at least one example is needed.")
    low, high = float(array.min()), float(array.max())
    # Few other data end just there, and those learn better when they are scaled, too.
    if low >= 0 and 100 < high <= 255.01:  # 255 times a float32 may be a little more
        raise ValueError(
            f"{argument}: numbers up to {high:g} look like pixels of 0 to 255; divide by 255 first."
        )
    if bounded and not (low >= 0 and high <= 1):
        raise ValueError(
            f"{argument}: values from {low:g} to {high:g}; the output layer is made for [0, 1]. "
            'Scale them, or build the model with output="linear".'
        )
    return array


def _hint(array: NDArray[np.generic], width: int) -> str:
    if array.shape == (width,):
        return "; a single one is x[None]"
    if array.ndim == 2 and array.shape[0] == width:
        return "; it lies on its side: x.T"
    if array.ndim > 2 and int(np.prod(array.shape[1:])) == width:
        return "; flatten each image: x.reshape(len(x), -1)"
    return ""
