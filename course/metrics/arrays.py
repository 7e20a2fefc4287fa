"""The checks that all measures share.

Example:
    >>> finite_matrix("x", [[1, 2], [3, 4]])
    array([[1., 2.],
           [3., 4.]])
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
Labels: TypeAlias = NDArray[Any]


def finite_matrix(argument: str, values: ArrayLike) -> Array:
    """The values as a finite float array of two dimensions.

    Raises:
        ValueError: They are not; the message names the argument.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{argument}: shape {array.shape} of {array.dtype}; numbers (n, d) are right."
        )
    if array.dtype != np.float32:
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{argument}: NaN or infinity in it; finite numbers are right.")
    return array


def matching_pair(x: ArrayLike, x_hat: ArrayLike) -> tuple[Array, Array]:
    """Originals and reconstructions of the same shape.

    Raises:
        ValueError: The shapes differ, or one is no finite matrix.
    """
    original, other = finite_matrix("x", x), finite_matrix("x_hat", x_hat)
    if original.shape != other.shape:
        raise ValueError(f"x_hat: shape {other.shape}; x has {original.shape}, the same is right.")
    return original, other


def labeled_codes(argument: str, codes: ArrayLike, y: ArrayLike) -> tuple[Array, Labels]:
    """Codes, and one label for each.

    Raises:
        ValueError: Their numbers differ, or the codes are no finite matrix.
    """
    array, labels = finite_matrix(argument, codes), np.asarray(y)
    if labels.shape != (len(array),):
        raise ValueError(
            f"labels of {argument}: shape {labels.shape}; "
            f"one label an example is right, ({len(array)},)."
        )
    return array, labels
