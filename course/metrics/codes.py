"""Measure how much a code keeps of labels and neighborhoods."""

from __future__ import annotations

import warnings
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.arrays import FloatArray, finite_matrix

Labels: TypeAlias = NDArray[Any]


def knn_accuracy(
    code_train: ArrayLike, y_train: ArrayLike, code_test: ArrayLike, y_test: ArrayLike, k: int = 5
) -> float:
    """Return the accuracy, 0 to 1, of k-nearest-neighbor classification of the test codes.

    Example:
        >>> knn_accuracy([[0], [1], [8], [9]], [0, 0, 1, 1], [[0.4], [8.4]], [0, 1], k=1)
        1.0

    The codes are ``(n, d)`` and ``(m, d)``, the labels ``(n,)`` and ``(m,)``; ``k`` neighbors vote.

    Raises:
        ValueError: Shapes don't match, or there are fewer than k training codes.
    """
    from sklearn.neighbors import KNeighborsClassifier

    train, labels, test, truth = _parts(code_train, y_train, code_test, y_test)
    if not 1 <= k <= len(train):
        raise ValueError(f"k must be between 1 and the {len(train)} training codes, got {k}.")
    # Brute force is one matrix product; trees are slower beyond a few dimensions.
    method = "auto" if train.shape[1] <= 5 else "brute"
    return float(KNeighborsClassifier(k, algorithm=method).fit(train, labels).score(test, truth))


def linear_probe(
    code_train: ArrayLike, y_train: ArrayLike, code_test: ArrayLike, y_test: ArrayLike
) -> float:
    """Return the accuracy, 0 to 1, of a linear classifier trained on the training codes.

    Example:
        >>> linear_probe([[0], [1], [8], [9]], [0, 0, 1, 1], [[0.4], [8.4]], [0, 1])
        1.0

    The classifier is multinomial logistic regression on standardized codes. It measures how
    directly a code represents the labels (G. Alain and Y. Bengio 2016,
    https://arxiv.org/abs/1610.01644). Shapes are those of `knn_accuracy`.

    Raises:
        ValueError: Shapes don't match, or all labels are the same.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    train, labels, test, truth = _parts(code_train, y_train, code_test, y_test)
    if len(np.unique(labels)) < 2:
        raise ValueError("y_train must have at least two different labels.")
    mean, spread = train.mean(0), train.std(0)
    spread[spread < 1e-6 * (np.abs(mean) + 1)] = 1  # constant columns stay 0
    probe = LogisticRegression(max_iter=300)
    with (
        warnings.catch_warnings(action="ignore"),  # stopping before convergence costs no accuracy
        threadpool_limits(1),  # for many small products, threads mostly wait for each other
    ):
        probe.fit((train - mean) / spread, labels)
    return float(probe.score((test - mean) / spread, truth))


def trustworthiness(x: ArrayLike, z: ArrayLike, k: int = 12) -> float:
    """Return how far neighbors in the code are also neighbors in the data, 0 to 1.

    Example:
        >>> import numpy as np
        >>> x = np.random.default_rng(0).random((50, 3))
        >>> trustworthiness(x, 2 * x + 1)  # scaling keeps all neighbors
        1.0

    1 means that each point's k nearest neighbors in the code are its k nearest in the data; false
    neighbors reduce the value by how far away they really are; random codes get about 0.5
    (J. Venna and S. Kaski 2001, https://doi.org/10.1007/3-540-44668-0_68). No labels are needed.
    Data and codes have one row per point; ``k`` must be less than n / 2. Time grows with n²: 2,000
    points take about a second.

    Raises:
        ValueError: Lengths differ, or k is too large.
    """
    from sklearn import manifold

    points, codes = finite_matrix("x", x), finite_matrix("z", z)
    if len(points) != len(codes):
        raise ValueError(f"z must hold one code per point ({len(points)}), got {len(codes)}.")
    if not 1 <= k < len(points) / 2:
        raise ValueError(
            f"k must be at least 1 and less than n / 2 = {len(points) / 2:g}, got {k}."
        )
    return float(manifold.trustworthiness(points, codes, n_neighbors=k))


def silhouette(z: ArrayLike, y: ArrayLike) -> float:
    """Return how much closer codes are to their own class than to the next, -1 to 1.

    Example:
        >>> round(silhouette([[0], [1], [8], [9]], [0, 0, 1, 1]), 2)
        0.87

    It can mislead: it assumes that each class is one round, compact cluster. Classes that are
    elongated, curved or split score badly even if all neighbors have the right label: the raw
    pixels of MNIST reach only 0.05, with a 5-nearest-neighbor accuracy of 95% (measured on 2,000
    random test images; the first 2,000 are harder, with 0.04 and 92%). Report it only together with
    other measures (P. J. Rousseeuw 1987, https://doi.org/10.1016/0377-0427(87)90125-7).

    Raises:
        ValueError: Lengths differ, or there are too few or too many labels.
    """
    from sklearn.metrics import silhouette_score

    codes, labels = _labeled("z", z, y)
    if not 2 <= len(np.unique(labels)) < len(codes):
        raise ValueError("y must have at least two different labels, and fewer than codes.")
    return float(silhouette_score(codes, labels))


def _labeled(name: str, codes: ArrayLike, y: ArrayLike) -> tuple[FloatArray, Labels]:
    matrix, labels = finite_matrix(name, codes), np.asarray(y)
    if labels.shape != (len(matrix),):
        raise ValueError(
            f"The labels of {name} must have the shape ({len(matrix)},), got {labels.shape}."
        )
    return matrix, labels


def _parts(
    code_train: ArrayLike, y_train: ArrayLike, code_test: ArrayLike, y_test: ArrayLike
) -> tuple[FloatArray, Labels, FloatArray, Labels]:
    train, labels = _labeled("code_train", code_train, y_train)
    test, truth = _labeled("code_test", code_test, y_test)
    if train.shape[1] != test.shape[1]:
        raise ValueError(
            f"code_test must have as many columns as code_train ({train.shape[1]}), "
            f"got {test.shape[1]}."
        )
    return train, labels, test, truth
