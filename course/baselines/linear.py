"""The linear baselines: the mean image, PCA, clipped PCA and LSA.

Example:
    >>> import numpy as np
    >>> line = np.outer(np.arange(5.0), [3, 4])  # five points on a line through the plane
    >>> pca = PCA(1).fit(line)
    >>> pca.axes
    array([[0.6, 0.8]])
    >>> bool(np.allclose(pca.reconstruct(line), line))
    True

The best k axes in squared error are the leading right singular vectors of the
centered data (C. Eckart and G. Young 1936, https://doi.org/10.1007/BF02288367).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from course.arrays import FloatArray
from course.baselines.protocol import Baseline


class MeanImage(Baseline):
    """Reconstruct every image as the mean training image; the code is empty.

    Example:
        >>> import numpy as np
        >>> MeanImage().fit(np.array([[0.0, 1.0], [1.0, 1.0]])).reconstruct(np.zeros((1, 2)))
        array([[0.5, 1. ]])

    Attributes:
        mean: ``(d,)``, after `fit`.
    """

    min_k: ClassVar[int] = 0
    mean: FloatArray

    def __init__(self) -> None:
        super().__init__(0)

    def __repr__(self) -> str:
        """The name without a code size."""
        return "MeanImage()"

    def _fit(self, x: FloatArray) -> None:
        self.mean = mean_example(x)

    def _encode(self, x: FloatArray) -> FloatArray:
        return np.empty((len(x), 0), x.dtype)

    def _decode(self, z: FloatArray) -> FloatArray:
        return np.tile(self.mean, (len(z), 1))


class PCA(Baseline):
    """Principal component analysis: the k directions in which the data varies most.

    Example:
        >>> from course import data
        >>> digits = data.digits("bundled")
        >>> pca = PCA(30).fit(digits.x_train)
        >>> pca.encode(digits.x_test).shape
        (2000, 30)
        >>> bool(pca.explained.sum() > 0.7)  # share of the variance that 30 axes keep
        True

    Encoding: z = (x - mean) axesᵀ; decoding: mean + z axes. Signs are chosen so that the largest
    entry of each axis is positive; otherwise they would be arbitrary.

    Attributes:
        mean: ``(d,)``, after `fit`.
        axes: ``(k, d)``, orthonormal rows, largest variance first.
        explained: ``(k,)``, each axis's share of the total variance, 0 to 1.
    """

    mean: FloatArray
    axes: FloatArray
    explained: FloatArray

    def _fit(self, x: FloatArray) -> None:
        self.mean = mean_example(x)
        centered = x - self.mean
        self.axes, squares = leading_axes(centered, self.k)
        total = float(np.square(centered).sum(dtype=np.float64))
        self.explained = squares / total if total > 0 else np.zeros_like(squares)

    def _encode(self, x: FloatArray) -> FloatArray:
        return (x - self.mean) @ self.axes.T

    def _decode(self, z: FloatArray) -> FloatArray:
        return self.mean + z @ self.axes


class ClippedPCA(PCA):
    """PCA whose reconstructions are clipped to [0, 1].

    Example:
        >>> from course import data
        >>> digits = data.digits("bundled")
        >>> images = ClippedPCA(10).fit(digits.x_train).reconstruct(digits.x_test)
        >>> bool(0 <= images.min() and images.max() <= 1)
        True

    PCA doesn't know that a pixel can't be darker than black. Clipping never increases the error,
    and makes PCA a fair linear competitor of a network with sigmoid outputs: on MNIST with k = 30
    the error falls from 13.87 to 12.59.
    """

    needs_intensities: ClassVar[bool] = True

    def _decode(self, z: FloatArray) -> FloatArray:
        return np.clip(super()._decode(z), 0, 1)


class LSA(Baseline):
    """Latent semantic analysis: PCA without centering.

    Example:
        >>> from course import data
        >>> news = data.news("written")
        >>> LSA(2).fit(news.x_train).encode(news.x_test).shape
        (1000, 2)

    In word counts, zero means "does not occur" and should stay zero. As a consequence, the first
    axis mostly describes the mean (S. Deerwester et al. 1990,
    https://doi.org/10.1002/(SICI)1097-4571(199009)41:6<391::AID-ASI1>3.0.CO;2-9).

    Attributes:
        axes: ``(k, d)``, orthonormal rows, after `fit`.
    """

    rejects_bytes: ClassVar[bool] = False  # a word can occur 255 times
    axes: FloatArray

    def _fit(self, x: FloatArray) -> None:
        self.axes, _ = leading_axes(x, self.k)

    def _encode(self, x: FloatArray) -> FloatArray:
        return x @ self.axes.T

    def _decode(self, z: FloatArray) -> FloatArray:
        return z @ self.axes


def leading_axes(x: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    """Return the k leading right singular vectors of a matrix, and the squared singular values.

    Example:
        >>> leading_axes(np.diag([2.0, 5.0, 3.0]), 2)
        (array([[0., 1., 0.],
               [0., 0., 1.]]), array([25.,  9.]))

    With more rows than columns, the eigenvectors of ``xᵀ x`` are the same and far cheaper: 60,000
    images take one matrix product and a 784 x 784 eigenproblem. The axes ``(k, d)`` are orthonormal
    rows, largest singular value first; ``k`` is at most min(n, d).
    """
    from scipy.linalg import eigh

    n, d = x.shape
    if n < d:
        _, values, rows = np.linalg.svd(x, full_matrices=False)
        axes, squares = rows[:k], np.square(values[:k])
    else:
        squares, columns = eigh(x.T @ x, subset_by_index=[d - k, d - 1])
        axes, squares = columns.T[::-1], np.maximum(squares[::-1], 0)
    largest = axes[np.arange(k), np.abs(axes).argmax(1)]
    return axes * np.where(largest < 0, -1, 1).astype(axes.dtype)[:, None], squares


def mean_example(x: FloatArray) -> FloatArray:
    """Return the mean of the rows, added up in float64."""
    mean: FloatArray = x.mean(0, dtype=np.float64).astype(x.dtype)
    return mean
