"""Checks of arguments that several measures share."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.arrays import FloatArray, finite_matrix

Labels: TypeAlias = NDArray[Any]


def matching_pair(x: ArrayLike, x_hat: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return originals and reconstructions as finite matrices of the same shape.

    Raises:
        ValueError: The shapes differ, or an array isn't a finite matrix.
    """
    original, reconstruction = finite_matrix("x", x), finite_matrix("x_hat", x_hat)
    if original.shape != reconstruction.shape:
        raise ValueError(
            f"x_hat must have the shape of x, {original.shape}, got {reconstruction.shape}."
        )
    return original, reconstruction


def labeled_codes(name: str, codes: ArrayLike, y: ArrayLike) -> tuple[FloatArray, Labels]:
    """Return codes as a finite matrix, and one label for each.

    Raises:
        ValueError: The numbers of codes and labels differ, or the codes aren't a finite matrix.
    """
    matrix, labels = finite_matrix(name, codes), np.asarray(y)
    if labels.shape != (len(matrix),):
        raise ValueError(
            f"The labels of {name} must have the shape ({len(matrix)},), got {labels.shape}."
        )
    return matrix, labels
