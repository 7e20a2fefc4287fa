"""The curse of dimensionality, in small functions that can be checked by hand.

Example:
    >>> round(occupied_share(20, bins=3, d=2), 3), round(occupied_share(20, bins=3, d=10), 5)
    (0.905, 0.00034)

Four groups: how empty a space is (``occupied_share``), how much of it is near its edges
(``edge_share``, ``edge_length``, ``ball_share``), how distances become similar
(``relative_contrast``, ``coefficient_of_variation``), and how many examples an estimate needs
(``stone_rate``, ``samples_needed``, ``classifier_accuracy``; ``course.regression`` measures it).
Finally, the reason why learning works anyway: ``intrinsic_dimension``.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float64Array

_CHUNK: Final = 1 << 22  # numbers held in memory while computing distances: 32 MB


def occupied_share(n: int, bins: int, d: int) -> float:
    """Return the expected share of the ``bins**d`` cells of a cube that hold a point.

    Example:
        >>> round(occupied_share(20, bins=3, d=3), 3)
        0.53

    A uniform point misses a given cell with probability ``1 - bins**-d``; ``n`` independent points
    all miss it with that probability to the power ``n``. ``bins`` is the number of equal parts per
    side; it and ``d`` are 1 or more, ``n`` 0 or more.
    """
    _at_least(0, n=n)
    _at_least(1, bins=bins, d=d)
    if n == 0 or bins == 1:
        return float(n > 0)
    # log1p and expm1 are accurate where 1 - tiny would be rounded to 1.
    return -math.expm1(n * math.log1p(-math.exp(-d * math.log(bins))))


def count_occupied(points: ArrayLike, bins: int) -> int:
    """Return how many of the ``bins**d`` cells of the unit cube hold a point.

    Example:
        >>> count_occupied([[0.1, 0.1], [0.2, 0.3], [0.9, 0.1]], bins=3)
        2

    Raises:
        ValueError: A coordinate of the points, ``(n, d)``, lies outside [0, 1].
    """
    _at_least(1, bins=bins)
    x = _points(points)
    if x.size and (x.min() < 0 or x.max() > 1):
        raise ValueError(
            f"points must lie in the unit cube, got coordinates from {x.min():g} to {x.max():g}"
        )
    cells = np.minimum((x * bins).astype(np.int64), bins - 1)  # 1.0 belongs to the last cell
    return len(np.unique(cells, axis=0))


def edge_share(d: int, margin: float = 0.05) -> float:
    """Return the fraction of the unit cube's volume within ``margin`` of its border.

    Example:
        >>> round(edge_share(1), 2), round(edge_share(50), 3)
        (0.1, 0.995)

    The rest is a cube with sides ``1 - 2 * margin``.
    """
    _at_least(1, d=d)
    _between(0, 0.5, margin=margin)
    return 1.0 - (1.0 - 2.0 * margin) ** d


def edge_length(share: float, d: int) -> float:
    """Return the side of a cube with this fraction of the unit cube's volume.

    Example:
        >>> round(edge_length(0.1, d=10), 2)
        0.79
    """
    _at_least(1, d=d)
    _between(0, 1, share=share)
    return float(share ** (1.0 / d))


def ball_share(d: int) -> float:
    """Return the share of a cube's volume that the largest ball inside it fills.

    Example:
        >>> round(ball_share(3), 2), round(ball_share(10), 4)
        (0.52, 0.0025)

    It is ``pi**(d/2) / (2**d * gamma(d/2 + 1))``, taken as logarithms.
    """
    _at_least(1, d=d)
    half = d / 2
    return math.exp(half * math.log(math.pi) - d * math.log(2) - math.lgamma(half + 1))


def distances(points: ArrayLike, query: ArrayLike) -> Float64Array:
    """Return the Euclidean distance of each point, ``(n, d)``, to one query, ``(d,)``.

    Example:
        >>> distances([[3, 4], [0, 1]], [0, 0]).tolist()
        [5.0, 1.0]
    """
    x, q = _points(points), np.asarray(query, dtype=np.float64)
    if q.shape != x.shape[1:]:
        raise ValueError(
            f"query must have the shape ({x.shape[1]},), like each point, got {q.shape}"
        )
    return np.asarray(np.sqrt(((x - q) ** 2).sum(axis=1)))


def relative_contrast(points: ArrayLike, query: ArrayLike) -> float:
    """Return ``(farthest - nearest) / nearest``, the relative contrast of the distances.

    Example:
        >>> relative_contrast([[1.0], [4.0]], [0.0])
        3.0

    If it is near 0, "nearest" means little. For many kinds of data it goes to 0 as the dimension
    grows: K. Beyer et al., When is "nearest neighbor" meaningful?, ICDT 1999.

    Raises:
        ValueError: A point, ``(n, d)``, equals the query, ``(d,)``: the contrast is undefined.
    """
    d = distances(points, query)
    if d.min() == 0:
        raise ValueError("query must differ from all points; remove the point that equals it")
    return float((d.max() - d.min()) / d.min())


def coefficient_of_variation(values: ArrayLike) -> float:
    """Return the standard deviation divided by the mean.

    Example:
        >>> coefficient_of_variation([1.0, 3.0])
        0.5
    """
    numbers = np.asarray(values, dtype=np.float64)
    return float(numbers.std() / numbers.mean())


def pair_distances(d: int, pairs: int = 1000, seed: int = 0) -> Float64Array:
    """Return the distances of random pairs of points in the unit cube, ``(pairs,)``.

    Example:
        >>> bool(abs(pair_distances(600).mean() - 10) < 0.1)  # about sqrt(d / 6)
        True

    The mean squared distance is exactly ``d / 6``: each coordinate contributes 1/6.
    """
    _at_least(1, d=d, pairs=pairs)
    rng = np.random.default_rng([seed, d])
    step = max(1, _CHUNK // d)
    counts = [min(step, pairs - start) for start in range(0, pairs, step)]
    differences = (rng.random((count, d)) - rng.random((count, d)) for count in counts)
    return np.concatenate([np.linalg.norm(difference, axis=1) for difference in differences])


def stone_rate(m: float, p: float, d: float) -> float:
    """Return ``m**(-p / (2p + d))``, the rate of the best possible error for ``m`` examples.

    Example:
        >>> round(stone_rate(10_000, p=2, d=10), 3)
        0.268

    C. J. Stone, Optimal global rates of convergence for nonparametric regression,
    Annals of Statistics 10(4), 1982, 1040-1053: the order of the root mean squared error of the
    best estimator in the worst case. It is an error, not a running time.

    Args:
        m: Number of examples, 1 or more.
        p: Smoothness: number of bounded derivatives of the unknown function, above 0.
        d: Number of inputs, above 0.
    """
    _at_least(1, m=m)
    _above_zero(p=p, d=d)
    return float(m ** (-p / (2 * p + d)))


def samples_needed(m: float, d_from: float, d_to: float, p: float) -> float:
    """Return how many examples ``d_to`` inputs need for the rate of ``m`` with ``d_from``.

    Example:
        >>> round(samples_needed(10_000, d_from=10, d_to=20, p=2) / 1e6, 1)  # million
        7.2

    Equal rates give ``m ** ((2p + d_to) / (2p + d_from))``. The example is from C. J. C. Burges,
    Dimension Reduction: A Guided Tour, 2010, who rounds to 10 million.
    """
    _at_least(1, m=m)
    _above_zero(p=p, d_from=d_from, d_to=d_to)
    return float(m ** ((2 * p + d_to) / (2 * p + d_from)))


def cost_of_halving(p: float, d: float) -> float:
    """Return by what factor the examples must grow to halve the error: ``2 ** (2 + d/p)``.

    Example:
        >>> cost_of_halving(p=2, d=2), cost_of_halving(p=2, d=20)
        (8.0, 4096.0)
    """
    _above_zero(p=p, d=d)
    return float(2.0 ** (2 + d / p))


def classifier_accuracy(d: int, n: int | None = None, seed: int = 0) -> float:
    """Return the accuracy of separating two classes by ``d`` features of decreasing value.

    Example:
        >>> known = [classifier_accuracy(d) for d in (1, 10, 1000)]
        >>> learned = [classifier_accuracy(d, n=10) for d in (1, 10, 1000)]
        >>> bool(known[0] < known[1] < known[2]), bool(learned[1] > learned[2])
        (True, True)

    The classes are Gaussian clouds of variance 1 in every direction around ``mu`` and ``-mu``, with
    ``mu_i = 1 / sqrt(i)``: each feature helps, but less than the one before. If ``mu`` is known,
    more features are always better. If ``mu`` is estimated from ``n`` examples, each feature also
    adds estimation error, and beyond some ``d`` more features make it worse. G. V. Trunk, A problem
    of dimensionality: a simple example, IEEE Transactions on Pattern Analysis and Machine
    Intelligence 1(3), 1979, 306-307.

    Args:
        d: Number of features.
        n: Number of training examples; None if ``mu`` is known.
        seed: Seed for drawing 200 training sets; the accuracy for each is exact.
    """
    from scipy.special import ndtr  # the normal distribution function

    _at_least(1, d=d)
    mu = 1 / np.sqrt(np.arange(1, d + 1))
    if n is None:
        return float(ndtr(np.linalg.norm(mu)))
    _at_least(1, n=n)
    rng = np.random.default_rng([seed, d, n])
    learned = mu + rng.standard_normal((200, d)) / math.sqrt(n)
    margins = learned @ mu / np.linalg.norm(learned, axis=1)
    return float(ndtr(margins).mean())


def intrinsic_dimension(points: ArrayLike, k: int = 10) -> float:
    """Estimate the number of directions in which the data really varies.

    Example:
        >>> t = np.random.default_rng(0).random(500)
        >>> spiral = np.stack([t * np.cos(9 * t), t * np.sin(9 * t), t], axis=1)  # a curve in 3-D
        >>> round(intrinsic_dimension(spiral))
        1

    In ``d`` dimensions a ball of twice the radius holds ``2**d`` times as many neighbors, so the
    distances to the first ``k`` neighbors reveal ``d``. E. Levina and P. Bickel, Maximum likelihood
    estimation of intrinsic dimension, NIPS 2004, with averaged inverses. The estimate is too low
    for high dimensions, where there are never enough samples.

    Args:
        points: ``(n, D)``; all pairs are compared, so n should be at most a few thousand.
        k: Number of neighbors, from 2 to n - 1.

    Raises:
        ValueError: There are too few points, or too many of them are equal.
    """
    x = _points(points)
    if not 2 <= k < len(x):
        raise ValueError(f"k must be between 2 and {len(x) - 1} for {len(x)} points, got {k}")
    norms = (x**2).sum(axis=1)
    inverses = []
    step = max(1, _CHUNK // len(x))
    for start in range(0, len(x), step):
        block = slice(start, start + step)
        squared = np.maximum(norms[block, None] - 2 * x[block] @ x.T + norms, 0)
        rows = np.arange(len(squared))
        squared[rows, rows + start] = np.inf  # a point isn't its own neighbor
        near = np.sort(np.partition(squared, k - 1, axis=1)[:, :k], axis=1)
        near = near[near[:, 0] > 1e-9 * norms.mean()]  # skip duplicates
        inverses.append(0.5 * np.log(near[:, -1:] / near[:, :-1]).mean(axis=1))
    mean = np.concatenate(inverses).mean() if any(len(part) for part in inverses) else 0.0
    if not mean > 0:
        raise ValueError("points has too many duplicates; remove them")
    return float(1 / mean)


def _points(value: ArrayLike) -> Float64Array:
    x = np.asarray(value, dtype=np.float64)
    if x.ndim != 2:
        raise ValueError(f"points must have the shape (n, d), got {x.shape}")
    return x


def _at_least(minimum: int, **values: float) -> None:
    for name, value in values.items():
        if value < minimum:
            raise ValueError(f"{name} must be {minimum} or more, got {value}")


def _above_zero(**values: float) -> None:
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"{name} must be above 0, got {value}")


def _between(low: float, high: float, **values: float) -> None:
    for name, value in values.items():
        if not low <= value <= high:
            raise ValueError(f"{name} must be between {low} and {high}, got {value}")
