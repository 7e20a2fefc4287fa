"""Measure how the error of nearest-neighbor regression falls with the number of examples.

Example:
    >>> sizes = [100, 300, 1000, 3000]
    >>> slopes = [loglog_slope(sizes, learning_curve(neighbor_error, d, sizes)) for d in (1, 8)]
    >>> bool(slopes[0] < slopes[1] < 0)  # in 8 dimensions it falls more slowly than in 1
    True

The task is to predict ``f(x) = sqrt(2/d) * sum(cos(2 pi x_i))``, whose root mean square is 1 for
every ``d``, from noisy values at random points of the unit cube.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.arrays import Float64Array, finite_matrix


def regression_errors(
    d: int, sizes: Sequence[int], *, noise: float = 0.5, queries: int = 400, seed: int = 0
) -> Float64Array:
    """Measure how the error of k-NN regression falls with the number of examples.

    Example:
        >>> errors = regression_errors(d=1, sizes=[100, 1000])
        >>> bool(errors[1] < errors[0])
        True

    The task: predict ``f(x) = sqrt(2/d) * sum(cos(2 pi x_i))`` from noisy values at random points,
    by the mean of the k nearest neighbors. The function's root mean square is 1 for every ``d``, it
    is smooth (a mean of neighbors can exploit p = 2), and opposite faces of the cube are joined, so
    that borders don't affect the rate. The best k is chosen for each size, on the same points where
    the error is measured.

    Args:
        d: Number of inputs.
        sizes: Numbers of examples, each 1 or more.
        noise: Standard deviation of the noise on each example.
        queries: Number of new points where the prediction is compared with ``f``.
        seed: Seed for three repetitions whose squared errors are averaged.

    Returns:
        The root mean squared error for each size, ``(len(sizes),)``.
    """
    _require_positive("d", d)
    repeats = 3
    errors = []
    for m in sizes:
        _require_positive("sizes", m)
        k = min(m, int(2 * m ** (4 / (4 + d))) + 10)  # more than twice the theoretical optimum
        squared = np.zeros(k)
        for repeat in range(repeats):
            rng = np.random.default_rng([seed, d, m, repeat])
            x, q = rng.random((m, d)), rng.random((queries, d))
            y = _target(x) + noise * rng.standard_normal(m)
            sums = np.cumsum(y[_neighbors_on_torus(x, q, k)], axis=1)
            predictions = sums / np.arange(1, k + 1)
            squared += ((predictions - _target(q)[:, None]) ** 2).mean(axis=0) / repeats
        errors.append(math.sqrt(squared.min()))
    return np.array(errors)


def neighbor_error(x: ArrayLike, y: ArrayLike, new_x: ArrayLike, new_y: ArrayLike, k: int) -> float:
    """Return the root mean squared error of predicting the mean of the k nearest examples.

    Example:
        >>> neighbor_error([[0.0], [1.0], [9.0]], [1, 3, 8], [[0.4]], [4], k=2)
        2.0

    Args:
        x: Examples, ``(m, d)``.
        y: Their values, ``(m,)``.
        new_x: New points, ``(n, d)``.
        new_y: The values to predict, ``(n,)``.
        k: Number of neighbors, 1 to m.
    """
    from scipy.spatial import cKDTree

    examples, points = finite_matrix("x", x), finite_matrix("new_x", new_x)
    _require_positive("k", k)
    near = cKDTree(examples).query(points, np.arange(1, k + 1))[1]
    predictions = np.asarray(y, dtype=np.float64)[near].mean(axis=1)
    return float(np.sqrt(((predictions - np.asarray(new_y)) ** 2).mean()))


def learning_curve(
    error: Callable[..., float], d: int, sizes: Sequence[int], *, noise: float = 0.5, seed: int = 0
) -> Float64Array:
    """Return the smallest error of k-NN regression for each number of examples, ``(len(sizes),)``.

    Example:
        >>> errors = learning_curve(neighbor_error, d=1, sizes=[30, 1000])
        >>> bool(errors[1] < errors[0])
        True

    ``error`` is called like `neighbor_error`. The examples are values, with noise, of the function
    of `regression_errors` at random points of the unit cube; 200 new points have no noise. The
    squared errors of three repetitions are averaged before the best k is chosen.
    """
    _require_positive("d", d)
    curve = []
    for m in sizes:
        squared = []
        for repeat in range(3):
            rng = np.random.default_rng([seed, d, m, repeat])
            x, new_x = rng.random((m, d)), rng.random((200, d))
            y = _target(x) + noise * rng.standard_normal(m)
            ks = [k for k in (3, 10, 30, 100, 300) if k <= m / 3] or [1]
            squared.append([error(x, y, new_x, _target(new_x), k) ** 2 for k in ks])
        curve.append(math.sqrt(np.mean(squared, axis=0).min()))
    return np.array(curve)


def loglog_slope(x: ArrayLike, y: ArrayLike) -> float:
    """Return the slope of the least-squares line through ``(log x, log y)``.

    Example:
        >>> round(loglog_slope([1, 10, 100], [5, 50, 500]), 6)
        1.0
    """
    return float(np.polyfit(np.log(np.asarray(x)), np.log(np.asarray(y)), 1)[0])


def _target(x: Float64Array) -> Float64Array:
    return np.asarray(math.sqrt(2 / x.shape[1]) * np.cos(2 * np.pi * x).sum(axis=1))


def _neighbors_on_torus(x: Float64Array, queries: Float64Array, k: int) -> NDArray[np.int64]:
    """Return the indices of the ``k`` nearest of ``x``, nearest first, ``(queries, k)``."""
    if x.shape[1] <= 4:  # in higher dimensions a tree visits most of its leaves
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(x, boxsize=1).query(queries, np.arange(1, k + 1))[1])
    squared = np.zeros((len(queries), len(x)), dtype=np.float32)
    for axis in range(x.shape[1]):
        gap = np.abs(np.subtract.outer(queries[:, axis], x[:, axis]).astype(np.float32))
        squared += np.minimum(gap, 1 - gap) ** 2
    nearest = np.argpartition(squared, k - 1, axis=1)[:, :k]
    order = np.take_along_axis(squared, nearest, axis=1).argsort(axis=1)
    return np.asarray(np.take_along_axis(nearest, order, axis=1))


def _require_positive(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be 1 or more, got {value}")
