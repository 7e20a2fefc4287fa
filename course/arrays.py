"""Array types, and the checks and functions that several modules share."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray: TypeAlias = NDArray[np.floating[Any]]
Float32Array: TypeAlias = NDArray[np.float32]
Float64Array: TypeAlias = NDArray[np.float64]
ByteArray: TypeAlias = NDArray[np.uint8]
IntArray: TypeAlias = NDArray[np.int64]

AnyFloats = TypeVar("AnyFloats", FloatArray, Float32Array, Float64Array)


def finite_matrix(
    name: str, values: ArrayLike, width: int | None = None, *, min_rows: int = 1
) -> FloatArray:
    """Return numbers as a finite float array ``(n, d)``; float32 stays float32.

    Example:
        >>> finite_matrix("x", [[1, 2], [3, 4]])
        array([[1., 2.],
               [3., 4.]])
        >>> finite_matrix("x", [1.0, 2.0], width=2)
        Traceback (most recent call last):
        ValueError: x must have the shape (n, 2), got (2,); turn a single row into x[None].

    ``name`` is for error messages, ``width`` the required number of columns, if any.

    Raises:
        ValueError: The values aren't numbers, aren't finite, or have another shape.
    """
    array = _matrix(name, values, width, min_rows)
    return _finite(name, array if array.dtype == np.float32 else array.astype(np.float64))


def float32_matrix(
    name: str, values: ArrayLike, width: int | None = None, *, min_rows: int = 1
) -> Float32Array:
    """Do the same as `finite_matrix` in float32; numbers too large for it count as infinite."""
    array = _matrix(name, values, width, min_rows)
    with np.errstate(over="ignore"):
        return _finite(name, array.astype(np.float32, copy=False))


def sigmoid(x: AnyFloats) -> AnyFloats:
    """Return ``1 / (1 + exp(-x))``, computed so that no ``x`` overflows."""
    half: Any = 0.5
    result: AnyFloats = half * (1 + np.tanh(half * x))
    return result


def _matrix(name: str, values: ArrayLike, width: int | None, min_rows: int) -> NDArray[Any]:
    columns = "d" if width is None else width
    try:
        array = np.asarray(values)
    except ValueError:  # nested lists of different lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must be an array (n, {columns}) of numbers.")
    if array.ndim == 2 and len(array) < min_rows:
        raise ValueError(f"{name} is empty; give at least {min_rows} row.")
    if array.ndim != 2 or (array.shape[1] == 0 if width is None else array.shape[1] != width):
        raise ValueError(
            f"{name} must have the shape (n, {columns}), got {array.shape}{_hint(array, width)}."
        )
    return array


def _finite(name: str, array: AnyFloats) -> AnyFloats:
    count = array.size - np.count_nonzero(np.isfinite(array))
    if count:
        raise ValueError(f"{name} must hold finite numbers; NaN or infinity in {count} places.")
    return array


def _hint(array: NDArray[np.generic], width: int | None) -> str:
    if array.ndim == 1 and width in (None, len(array)):
        return "; turn a single row into x[None]"
    if array.ndim == 2 and array.shape[0] == width:
        return "; it is transposed: use x.T"
    if array.ndim > 2 and width in (None, int(np.prod(array.shape[1:]))):
        return "; flatten each image: x.reshape(len(x), -1)"
    return ""
