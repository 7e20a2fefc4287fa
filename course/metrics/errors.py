"""Reconstruction errors.

Errors are summed over the pixels of an image and averaged over images, as in Hinton and
Salakhutdinov 2006 (https://doi.org/10.1126/science.1127647): there, PCA with 30 numbers per MNIST
digit has an error of 13.87, a deep autoencoder 3.00. Keras's ``mse`` also averages over pixels, so
it is 784 times smaller.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import FloatArray, finite_matrix

_MIN_PROBABILITY = 1e-7  # as in Keras


def squared_error(x: ArrayLike, x_hat: ArrayLike) -> float:
    """Return the squared error, summed over the numbers of an example, averaged over examples.

    Example:
        >>> squared_error([[0, 0, 0]], [[1, 1, 0]])
        2.0

    Originals and reconstructions are ``(n, d)``. For MNIST, the error is 52.90 for the mean image,
    13.87 for PCA with 30 axes.

    Raises:
        ValueError: Shapes differ, or a number is NaN or infinite.
    """
    return float(squared_errors(x, x_hat).mean())


def squared_errors(x: ArrayLike, x_hat: ArrayLike) -> FloatArray:
    """Return the squared error of each example, summed over its numbers, shape ``(n,)``.

    Example:
        >>> squared_errors([[0, 0, 0], [1, 0, 0]], [[1, 1, 0], [1, 0, 0]]).tolist()
        [2.0, 0.0]

    Raises:
        ValueError: As for `squared_error`.
    """
    original, reconstruction = _matching_pair(x, x_hat)
    return np.asarray(np.square(original - reconstruction).sum(1, dtype=np.float64))


def mean_squared_error(x: ArrayLike, x_hat: ArrayLike) -> float:
    """Return the squared error averaged over numbers and examples: `squared_error` divided by d.

    Example:
        >>> mean_squared_error([[0, 0, 0, 0]], [[1, 1, 0, 0]])
        0.5

    The two differ only by the factor d: 13.87 per image of 784 pixels is 0.01769 per pixel. Keras
    calls this ``mse``.

    Raises:
        ValueError: As for `squared_error`.
    """
    return squared_error(x, x_hat) / int(np.shape(x)[1])


def cross_entropy(x: ArrayLike, x_hat: ArrayLike) -> float:
    """Return the cross-entropy in nats, summed over an example, averaged over examples.

    Example:
        >>> round(cross_entropy([[1.0, 0.0]], [[0.5, 0.5]]), 4)  # 2 ln 2
        1.3863

    Each pixel contributes -x ln x̂ - (1 - x) ln(1 - x̂), with x and x̂ in [0, 1]. Divided by d this
    is Keras's ``binary_crossentropy``; as there, x̂ is kept 1e-7 away from 0 and 1. With gray pixels
    it can't reach 0: see `cross_entropy_floor`.

    Raises:
        ValueError: Shapes differ, or a number is not in [0, 1].
    """
    original, reconstruction = _matching_pair(x, x_hat)
    for name, values in (("x", original), ("x_hat", reconstruction)):
        if values.min() < 0 or values.max() > 1:
            raise ValueError(
                f"{name} must lie in [0, 1], got values from {values.min():g} to {values.max():g}."
            )
    p = np.clip(reconstruction.astype(np.float64), _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    nats = -(original * np.log(p) + (1 - original) * np.log1p(-p))
    return float(nats.sum(1).mean())


def cross_entropy_floor(x: ArrayLike) -> float:
    """Return the cross-entropy of a perfect reconstruction, the minimum possible.

    Example:
        >>> round(cross_entropy_floor([[0.5, 1.0]]), 4)  # one gray pixel: ln 2
        0.6931

    It is the entropy of the pixels, 0 only if all are black or white. On MNIST's test images it is
    45.5 nats per image, 0.0581 per pixel (measured).

    Raises:
        ValueError: A number is not in [0, 1].
    """
    return cross_entropy(x, x)


def _matching_pair(x: ArrayLike, x_hat: ArrayLike) -> tuple[FloatArray, FloatArray]:
    original, reconstruction = finite_matrix("x", x), finite_matrix("x_hat", x_hat)
    if original.shape != reconstruction.shape:
        raise ValueError(
            f"x_hat must have the shape of x, {original.shape}, got {reconstruction.shape}."
        )
    return original, reconstruction
