"""What a code has kept: of the labels, of the neighbours.

Example:
    >>> knn_accuracy([[0], [1], [8], [9]], [0, 0, 1, 1], [[0.4], [8.4]], [0, 1], k=1)
    1.0
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from course.metrics.arrays import Array, Labels, finite_matrix, labeled_codes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def knn_accuracy(
    code_train: ArrayLike, y_train: ArrayLike, code_test: ArrayLike, y_test: ArrayLike, k: int = 5
) -> float:
    """Share of test codes whose k nearest training codes vote for the right label.

    Example:
        >>> knn_accuracy([[0], [1], [8], [9]], [0, 0, 1, 1], [[0.4], [8.4]], [0, 1], k=1)
        1.0

    Args:
        code_train: ``(n, d)``.
        y_train: ``(n,)`` labels.
        code_test: ``(m, d)``.
        y_test: ``(m,)`` labels.
        k: How many neighbours vote.

    Returns:
        0 to 1.

    Raises:
        ValueError: Shapes do not fit, or there are fewer than k training codes.
    """
    from sklearn.neighbors import KNeighborsClassifier

    train, labels, test, truth = _parts(code_train, y_train, code_test, y_test)
    if not 1 <= k <= len(train):
        raise ValueError(f"k: {k}; from 1 to the {len(train)} training codes is right.")
    # Brute force is one matrix product; trees do not pay beyond a handful of dimensions.
    method = "auto" if train.shape[1] <= 5 else "brute"
    return float(KNeighborsClassifier(k, algorithm=method).fit(train, labels).score(test, truth))


def linear_probe(
    code_train: ArrayLike, y_train: ArrayLike, code_test: ArrayLike, y_test: ArrayLike
) -> float:
    """Share of test codes that a linear classifier, trained on the training codes, gets right.

    Example:
        >>> linear_probe([[0], [1], [8], [9]], [0, 0, 1, 1], [[0.4], [8.4]], [0, 1])
        1.0

    The classifier is multinomial logistic regression on standardised codes. What it can
    read off, the code says plainly (G. Alain and Y. Bengio 2016,
    https://arxiv.org/abs/1610.01644).

    Args:
        code_train: ``(n, d)``.
        y_train: ``(n,)`` labels, at least two different ones.
        code_test: ``(m, d)``.
        y_test: ``(m,)`` labels.

    Returns:
        0 to 1.

    Raises:
        ValueError: Shapes do not fit, or there is but one label.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    train, labels, test, truth = _parts(code_train, y_train, code_test, y_test)
    if len(np.unique(labels)) < 2:
        raise ValueError("y_train: one label only; a probe needs at least two to tell apart.")
    mean, spread = train.mean(0), train.std(0)
    spread[spread < 1e-6 * (np.abs(mean) + 1)] = 1  # a number that never changes says nothing
    probe = LogisticRegression(max_iter=300)
    with (
        warnings.catch_warnings(action="ignore"),  # stopping a little early costs no accuracy
        threadpool_limits(1),  # many small products: threads would mostly wait for each other
    ):
        probe.fit((train - mean) / spread, labels)
    return float(probe.score((test - mean) / spread, truth))


def trustworthiness(x: ArrayLike, z: ArrayLike, k: int = 12) -> float:
    """How far neighbours in the code are neighbours in the data, too. Needs no labels.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).random((50, 3))
        >>> trustworthiness(x, 2 * x + 1)  # a similar picture of the same points
        1.0

    1 means that each point's k neighbours in the code are its k neighbours in the data;
    false neighbours cost the more, the further away they really are; chance is about 0.5
    (J. Venna and S. Kaski 2001, https://doi.org/10.1007/3-540-44668-0_68). The time grows
    with n²: 2,000 points take about a second.

    Args:
        x: Data, ``(n, d)``.
        z: Their codes, ``(n, k)``.
        k: How many neighbours to look at, less than n / 2.

    Returns:
        0 to 1.

    Raises:
        ValueError: Lengths differ, or k is too large.
    """
    from sklearn import manifold

    points, codes = finite_matrix("x", x), finite_matrix("z", z)
    if len(points) != len(codes):
        raise ValueError(f"z: {len(codes)} codes for {len(points)} points; one each is right.")
    if not 1 <= k < len(points) / 2:
        raise ValueError(f"k: {k}; from 1 to less than n / 2 = {len(points) / 2:g} is right.")
    return float(manifold.trustworthiness(points, codes, n_neighbors=k))


def silhouette(z: ArrayLike, y: ArrayLike) -> float:
    """How much closer codes lie to their own class than to the next one. Beware of it.

    Example:
        >>> round(silhouette([[0], [1], [8], [9]], [0, 0, 1, 1]), 2)
        0.87

    It expects each class to be one round, compact cluster. Classes that are long, bent or
    in several pieces score badly though every neighbour has the right label: the raw pixels
    of MNIST reach 0.05, with 95 % of 5-nearest-neighbour votes right (measured on 2,000 test
    images drawn at random; the first 2,000 are harder, 0.04 and 92 %). Report it beside other
    numbers, never alone (P. J. Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7).

    Args:
        z: Codes, ``(n, k)``.
        y: Labels, ``(n,)``, at least two different ones and fewer than n.

    Returns:
        -1 to 1.

    Raises:
        ValueError: Lengths differ, or there are too few or too many labels.
    """
    from sklearn.metrics import silhouette_score

    codes, labels = labeled_codes("z", z, y)
    if not 2 <= len(np.unique(labels)) < len(codes):
        raise ValueError("y: at least two labels are needed, and fewer labels than codes.")
    return float(silhouette_score(codes, labels))


def _parts(
    code_train: ArrayLike, y_train: ArrayLike, code_test: ArrayLike, y_test: ArrayLike
) -> tuple[Array, Labels, Array, Labels]:
    train, labels = labeled_codes("code_train", code_train, y_train)
    test, truth = labeled_codes("code_test", code_test, y_test)
    if train.shape[1] != test.shape[1]:
        raise ValueError(
            f"code_test: codes of {test.shape[1]} numbers; code_train's have {train.shape[1]}."
        )
    return train, labels, test, truth
