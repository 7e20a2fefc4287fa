"""Turn word counts into inputs for a network.

Example:
    >>> weight_counts(np.array([[1, 0, 0], [3, 3, 0]])).round(2)
    array([[1.  , 0.  , 0.  ],
           [0.71, 0.71, 0.  ]], dtype=float32)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.arrays import Float32Array


def weight_counts(counts: NDArray[Any]) -> Float32Array:
    """Return the logarithm of one plus the count, each text scaled to length 1.

    A word that occurs ten times says more than one that occurs once, but not ten times more; and
    a long text isn't more about its topic than a short one. RCV1, the corpus of the 2006 paper,
    is prepared in the same way (D. Lewis et al. 2004, https://jmlr.org/papers/v5/lewis04a.html).

    Counts are ``(texts, words)``, not negative; the result has the same shape, float32 in [0, 1].
    The row of an empty text stays 0.
    """
    weights: Float32Array = np.log1p(counts, dtype=np.float32)
    length = np.sqrt(np.square(weights).sum(1, keepdims=True))
    np.divide(weights, length, out=weights, where=length > 0)
    return np.minimum(weights, 1, out=weights)  # rounding can give 1.0000001
