"""The one way in which all baselines are used, and the checks that they share.

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
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array: TypeAlias = NDArray[np.floating[Any]]


class NotFittedError(RuntimeError):
    """A baseline was used before `fit` had seen any data."""


class Baseline(ABC):
    """A way to turn d numbers into k and back.

    Example:
        >>> from course.baselines import PCA
        >>> PCA(2)
        PCA(k=2)

    Attributes:
        k: How many numbers the code of one example has.

    Args:
        k: The same.
    """

    min_k: ClassVar[int] = 1  # of k
    needs_intensities: ClassVar[bool] = False  # whether the data must lie in [0, 1]
    rejects_bytes: ClassVar[bool] = True  # whether data that look like 0..255 are a mistake

    def __init__(self, k: int) -> None:
        if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < self.min_k:
            raise ValueError(f"k: {k!r}; a whole number from {self.min_k} on is right.")
        self.k = int(k)
        self._width: int | None = None

    def fit(self, x: ArrayLike) -> Self:
        """Learn from examples.

        Args:
            x: Training examples, ``(n, d)``; images with intensities in [0, 1].

        Returns:
            The baseline itself, so that ``PCA(30).fit(x)`` can be used at once.

        Raises:
            ValueError: ``x`` is no finite array ``(n, d)``, holds pixels 0 to 255, or ``k`` is
                more than n or d allow.
        """
        examples = self._examples("fit", x)
        if self.k > min(examples.shape):
            n, d = examples.shape
            raise ValueError(
                f"fit(x): {n} examples of {d} numbers give at most {min(n, d)} axes; k is {self.k}."
            )
        self._width = None  # a failed fit leaves no half-fitted baseline
        self._fit(examples)
        self._width = examples.shape[1]
        return self

    def encode(self, x: ArrayLike) -> Array:
        """Turn examples into codes.

        Args:
            x: ``(n, d)``, with the d of `fit`.

        Returns:
            Codes, ``(n, k)``.

        Raises:
            NotFittedError: `fit` comes first.
            ValueError: ``x`` is not as it should be; the message says how.
        """
        width = self._fitted("encode")
        examples = self._examples("encode", x)
        if examples.shape[1] != width:
            raise ValueError(
                f"encode(x): rows of {examples.shape[1]} numbers; fit saw rows of {width}."
            )
        return self._encode(examples)

    def decode(self, z: ArrayLike) -> Array:
        """Turn codes into examples.

        Args:
            z: Codes, ``(n, k)``.

        Returns:
            Examples, ``(n, d)``.

        Raises:
            NotFittedError: `fit` comes first.
            ValueError: ``z`` is not as it should be; the message says how.
        """
        self._fitted("decode")
        codes = _finite("decode(z)", z)
        if codes.shape[1] != self.k:
            raise ValueError(f"decode(z): codes of {codes.shape[1]} numbers; k is {self.k}.")
        return self._decode(codes)

    def reconstruct(self, x: ArrayLike) -> Array:
        """There and back: ``decode(encode(x))``.

        Args:
            x: ``(n, d)``, with the d of `fit`.

        Returns:
            What is left of them, ``(n, d)``.
        """
        return self.decode(self.encode(x))

    def __repr__(self) -> str:
        """The name and the code size."""
        return f"{type(self).__name__}(k={self.k})"

    @abstractmethod
    def _fit(self, x: Array) -> None: ...

    @abstractmethod
    def _encode(self, x: Array) -> Array: ...

    @abstractmethod
    def _decode(self, z: Array) -> Array: ...

    def _fitted(self, verb: str) -> int:
        if self._width is None:
            raise NotFittedError(f"{verb}: {self!r} has learned nothing yet; call fit(x) first.")
        return self._width

    def _examples(self, verb: str, x: ArrayLike) -> Array:
        examples = _finite(f"{verb}(x)", x)
        low, high = float(examples.min()), float(examples.max())
        # Few other data are whole numbers that end just there.
        if self.rejects_bytes and low >= 0 and 100 < high <= 255 and not (examples % 1).any():
            raise ValueError(
                f"{verb}(x): whole numbers up to {high:g} look like pixels of 0 to 255; "
                "divide by 255 first."
            )
        if self.needs_intensities and not (low >= 0 and high <= 1):
            raise ValueError(
                f"{verb}(x): values from {low:g} to {high:g}; {type(self).__name__} needs [0, 1]."
            )
        return examples


def _finite(argument: str, values: ArrayLike) -> Array:
    """The values as a float array of two dimensions without gaps."""
    try:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise TypeError(array.dtype)  # noqa: TRY301 - text and objects are refused alike
    except (TypeError, ValueError):
        raise ValueError(f"{argument}: no numbers; an array (n, d) is right.") from None
    if array.ndim != 2 or len(array) == 0:
        hint = " (one example is x[None])" if array.ndim == 1 else ""
        raise ValueError(f"{argument}: shape {array.shape}; (n, d) is right{hint}.")
    if array.dtype != np.float32:
        array = array.astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(
            f"{argument}: NaN or infinity at {int((~np.isfinite(array)).sum())} places."
        )
    return array
