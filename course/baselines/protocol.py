"""The interface of all baselines, and their shared checks.

Example:
    >>> import numpy as np
    >>> class Halves(Baseline):
    ...     def _fit(self, x): pass
    ...     def _encode(self, x): return x[:, : self.k]
    ...     def _decode(self, z): return np.hstack([z, z])
    >>> Halves(2).fit(np.ones((5, 4))).reconstruct(np.ones((1, 4)))
    array([[1., 1., 1., 1.]])
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import FloatArray, finite_matrix


class NotFittedError(RuntimeError):
    """A baseline was used before `fit`."""


class Baseline(ABC):
    """A method that turns d numbers into k, and back.

    Example:
        >>> from course.baselines import PCA
        >>> PCA(2)
        PCA(k=2)

    Attributes:
        k: Numbers per code.
    """

    min_k: ClassVar[int] = 1
    needs_intensities: ClassVar[bool] = False  # whether data must lie in [0, 1]
    rejects_bytes: ClassVar[bool] = True  # whether to reject data that looks like 0..255

    def __init__(self, k: int) -> None:
        if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < self.min_k:
            raise ValueError(f"k must be a whole number, {self.min_k} or more, got {k!r}.")
        self.k = int(k)
        self._width: int | None = None

    def fit(self, x: ArrayLike) -> Self:
        """Learn from examples ``(n, d)``; return the baseline, as in ``pca = PCA(30).fit(x)``.

        Raises:
            ValueError: ``x`` isn't a finite array ``(n, d)``, or holds pixels from 0 to 255, or
                ``k`` is larger than n or d.
        """
        examples = self._examples(x)
        n, d = examples.shape
        if self.k > min(n, d):
            raise ValueError(
                f"k must be at most {min(n, d)} for {n} examples of {d} numbers, got {self.k}."
            )
        self._width = None  # stays unfitted if _fit fails
        self._fit(examples)
        self._width = d
        return self

    def encode(self, x: ArrayLike) -> FloatArray:
        """Turn examples ``(n, d)``, with the same d as in `fit`, into codes ``(n, k)``.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: ``x`` is invalid; the message says how.
        """
        return self._encode(self._examples(x, self._fitted_width()))

    def decode(self, z: ArrayLike) -> FloatArray:
        """Turn codes ``(n, k)`` into examples ``(n, d)``.

        Raises:
            NotFittedError: `fit` has not been called.
            ValueError: ``z`` is invalid; the message says how.
        """
        self._fitted_width()
        return self._decode(finite_matrix("z", z, self.k))

    def reconstruct(self, x: ArrayLike) -> FloatArray:
        """Encode and decode: ``decode(encode(x))``, ``(n, d)`` like ``x``."""
        return self.decode(self.encode(x))

    def __repr__(self) -> str:
        """Name and code size."""
        return f"{type(self).__name__}(k={self.k})"

    @abstractmethod
    def _fit(self, x: FloatArray) -> None: ...

    @abstractmethod
    def _encode(self, x: FloatArray) -> FloatArray: ...

    @abstractmethod
    def _decode(self, z: FloatArray) -> FloatArray: ...

    def _fitted_width(self) -> int:
        if self._width is None:
            raise NotFittedError(f"{self!r} is not fitted; call fit(x) first.")
        return self._width

    def _examples(self, x: ArrayLike, width: int | None = None) -> FloatArray:
        examples = finite_matrix("x", x, width)
        low, high = float(examples.min()), float(examples.max())
        # Other data with whole numbers in this range is rare.
        if self.rejects_bytes and low >= 0 and 100 < high <= 255 and not (examples % 1).any():
            raise ValueError(
                f"x has whole numbers up to {high:g}, like pixels from 0 to 255; "
                "divide by 255 first."
            )
        if self.needs_intensities and not (low >= 0 and high <= 1):
            name = type(self).__name__
            raise ValueError(
                f"x must lie in [0, 1] for {name}, got values from {low:g} to {high:g}."
            )
        return examples
