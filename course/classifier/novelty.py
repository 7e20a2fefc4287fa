"""How unlike a digit a drawing is: a number from 0 to 1, from what two networks make of it.

Example:
    >>> import numpy as np
    >>> from course import classifier
    >>> blot = np.ones((1, 784))
    >>> maps = classifier.load().feature_maps(blot)
    >>> evidence = collect_evidence(maps, classifier.load().logits(blot), np.array([90.0]))
    >>> evidence.shape, load().novelty(evidence) > LIMIT
    ((1, 515), array([ True]))

The evidence x is what the digits' networks show: the 512 outputs of the classifier's second
convolution (the strokes it sees, and where), the logarithm of the autoencoder's error, the
logarithm of the sum of exp(score) over the ten classes, and the lead of the best class. The novelty
is the larger of two numbers:

    1 / (1 + exp(-(w x + b)))        a logistic regression
    error / (error + e)              for anything that is copied worse than nearly all digits

``benchmarks/assets/make_novelty_detector.py`` fitted w to digits and to drawings of other things,
after Hendrycks, Mazeika and Dietterich 2019 (https://arxiv.org/abs/1812.04606), and chose b and e
so that at most 1% of digits exceed `LIMIT`. ``benchmarks/pen_accuracy.md`` has the rates on writers
and kinds of drawings that were not fitted. The sum over the classes is the negative energy of Liu
et al. 2020 (https://arxiv.org/abs/2010.03759).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from course.arrays import Float32Array, Float64Array, sigmoid

DETECTOR: Final = Path(__file__).resolve().parents[1] / "assets" / "digit_novelty.npz"
LIMIT: Final = 0.5
ERROR_COLUMN: Final = -3  # of the evidence: the logarithm of the error
_MIN_ERROR: Final = 1e-4  # so that its logarithm is finite


@dataclass(frozen=True, eq=False)
class NoveltyDetector:
    """A logistic regression, and an error at which the novelty is one half in any case.

    Attributes:
        weights: One weight for each number of the evidence.
        bias: The bias.
        half_error: The autoencoder's error that only a few digits in a thousand exceed.
    """

    weights: Float32Array
    bias: float
    half_error: float

    def novelty(self, evidence: Float64Array) -> Float64Array:
        """Return how unlike a digit each row of `collect_evidence` is, ``(n,)`` from 0 to 1."""
        learned = sigmoid(evidence @ self.weights.astype(np.float64) + self.bias)
        errors = np.exp(evidence[:, ERROR_COLUMN])
        return np.maximum(learned, errors / (errors + self.half_error))


def collect_evidence(
    maps: Float32Array, logits: Float32Array, errors: Float64Array
) -> Float64Array:
    """Return all numbers that the novelty depends on, one row per image, ``(n, m + 3)``.

    Args:
        maps: The classifier's feature maps, ``(n, m)``.
        logits: Its scores of the ten classes, ``(n, 10)``.
        errors: The autoencoder's squared error, summed over the pixels, ``(n,)``.
    """
    scores = np.sort(logits.astype(np.float64), axis=1)
    best = scores[:, -1]
    total = best + np.log(np.exp(scores - best[:, None]).sum(axis=1))
    logs = np.log(np.maximum(errors, _MIN_ERROR))
    return np.column_stack([maps, logs, total, best - scores[:, -2]])


@functools.cache
def load(path: Path = DETECTOR) -> NoveltyDetector:
    """Return the fitted detector; the same object each time.

    Raises:
        OSError: The file can't be read.
    """
    with np.load(path, allow_pickle=False) as stored:
        bias, half_error = (float(stored[name][0]) for name in ("bias", "half_error"))
        return NoveltyDetector(stored["weights"].astype(np.float32), bias, half_error)
