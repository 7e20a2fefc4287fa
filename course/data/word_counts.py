"""Turn word counts into inputs for a network, and back into words.

Example:
    >>> weight_counts(np.array([[1, 0, 0], [3, 3, 0]])).round(2)
    array([[1.  , 0.  , 0.  ],
           [0.71, 0.71, 0.  ]], dtype=float32)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.arrays import Float32Array, FloatArray, finite_matrix


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


def word_shares(counts: ArrayLike) -> FloatArray:
    """Return which share of its words each story spends on each word; rows sum to 1.

    Example:
        >>> word_shares([[3, 1], [0, 0]]).tolist()
        [[0.75, 0.25], [0.0, 0.0]]

    ``counts`` has one row per story, one column per word; an empty story stays 0.
    """
    x = finite_matrix("counts", counts)
    shares: FloatArray = x / np.maximum(x.sum(axis=1, keepdims=True), 1e-9)
    return shares


def typical_words(
    words: Sequence[str], stories: ArrayLike, average: ArrayLike, count: int = 7
) -> list[list[str]]:
    """Return the words of each story that most exceed their average, the most typical first.

    Example:
        >>> typical_words(["ball", "said", "sun"], [[2, 5, 0], [0, 5, 3]], [1, 5, 1], count=1)
        [['ball'], ['sun']]

    Args:
        words: One word per column.
        stories: Counts or shares, ``(n, words)``.
        average: What an average story has, ``(words,)``.
        count: How many words per story.
    """
    excess = finite_matrix("stories", stories, len(words)) - np.asarray(average)
    order = np.argsort(-excess, axis=1)[:, :count]
    return [[words[index] for index in row] for row in order]
