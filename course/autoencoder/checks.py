"""The error of a failed training run, and the checks of training examples.

Example:
    >>> import numpy as np
    >>> training_examples("x_train", np.full((4, 784), 255), width=784, bounded=True)
    Traceback (most recent call last):
    ValueError: x_train has values up to 255, like pixels from 0 to 255; divide by 255 first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from course.arrays import Float32Array, float32_matrix

if TYPE_CHECKING:
    from course.autoencoder.history import History


class TrainingError(ArithmeticError):
    """The loss or a weight became NaN or infinite; the model holds the last good weights.

    Attributes:
        history: The training until then; None if there was none.
    """

    def __init__(self, message: str, history: History | None = None) -> None:
        super().__init__(message)
        self.history = history


def training_examples(name: str, values: ArrayLike, *, width: int, bounded: bool) -> Float32Array:
    """Return examples ``(n, width)`` as float32, after checking that they suit training.

    Raises:
        ValueError: They aren't finite numbers ``(n, width)``, look like bytes, or lie outside
            [0, 1] although ``bounded``.
    """
    array = float32_matrix(name, values, width)
    low, high = float(array.min()), float(array.max())
    # Other data in this range is rare, and also trains better when scaled.
    if low >= 0 and 100 < high <= 255.01:  # allows for rounding of 255 times a float32
        raise ValueError(
            f"{name} has values up to {high:g}, like pixels from 0 to 255; divide by 255 first."
        )
    if bounded and not (low >= 0 and high <= 1):
        raise ValueError(
            f"{name} must lie in [0, 1] for this output layer, got values from {low:g} to "
            f'{high:g}; scale them, or build the model with output="linear".'
        )
    return array
