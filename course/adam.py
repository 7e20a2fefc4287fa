"""Adam in NumPy, for models small enough to train without TensorFlow.

Example:
    >>> x = np.array([3.0])
    >>> adam = Adam([x], rate=0.1)
    >>> for _ in range(200):
    ...     adam.step([2 * x])  # the slope of x squared
    >>> bool(abs(x[0]) < 0.01)
    True

D. P. Kingma and J. Ba 2015, https://arxiv.org/abs/1412.6980.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_BETA_1: Final = 0.9
_BETA_2: Final = 0.999
_EPSILON: Final = 1e-8


class Adam:
    """Take gradient steps on arrays, in place."""

    def __init__(self, arrays: Sequence[NDArray[Any]], rate: float) -> None:
        self._arrays = list(arrays)
        self._rate = rate
        self._means = [np.zeros_like(array) for array in self._arrays]
        self._squares = [np.zeros_like(array) for array in self._arrays]
        self._steps = 0

    def step(self, slopes: Sequence[NDArray[Any]], scale: float = 1.0) -> None:
        """Move each array against its slope, by ``scale`` times the usual step."""
        self._steps += 1
        rate = scale * self._rate / (1 - _BETA_1**self._steps)
        correction = 1 - _BETA_2**self._steps
        for i, slope in enumerate(slopes):
            mean, square = self._means[i], self._squares[i]
            mean += (1 - _BETA_1) * (slope - mean)
            square += (1 - _BETA_2) * (np.square(slope) - square)
            self._arrays[i] -= rate * mean / (np.sqrt(square / correction) + _EPSILON)
