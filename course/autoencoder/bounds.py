"""The two parts of a variational autoencoder's bill, in nats per image.

Example:
    >>> import numpy as np
    >>> bill = Bill(copy=np.array([80.0, 90.0]), code=np.array([7.0, 5.0]))
    >>> bill.total.tolist()
    [87.0, 95.0]

With a decoder that gives each pixel's probability of ink, an encoder that gives each image a
normal distribution of codes, and the standard normal distribution as the prior, the bill is the
negative evidence lower bound of D. P. Kingma and M. Welling 2014 (https://arxiv.org/abs/1312.6114).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float64Array

_MIN_PROBABILITY: Final = 1e-7  # as in Keras


class Bill(NamedTuple):
    """What images cost, in nats each, ``(n,)``.

    Attributes:
        copy: The cross-entropy between image and copy, summed over the pixels.
        code: The divergence of the image's codes from the prior.
    """

    copy: Float64Array
    code: Float64Array

    @property
    def total(self) -> Float64Array:
        """The negative evidence lower bound of each image."""
        return self.copy + self.code


def divergences(mean: ArrayLike, log_variance: ArrayLike) -> Float64Array:
    """Return the KL divergence from the standard normal distribution, for each number of a code.

    Example:
        >>> divergences([[0.0, 2.0]], [[0.0, 0.0]]).tolist()
        [[0.0, 2.0]]

    Their sum over a code's numbers is its `Bill.code` (Kingma and Welling 2014, appendix B).

    Args:
        mean: Means of the codes, ``(n, k)``.
        log_variance: Natural logarithms of their variances, ``(n, k)``.
    """
    means, logs = (np.asarray(values, np.float64) for values in (mean, log_variance))
    parts: Float64Array = 0.5 * (means**2 + np.exp(logs) - 1 - logs)
    return parts


def copy_costs(x: ArrayLike, copies: ArrayLike) -> Float64Array:
    """Return the cross-entropy of each image, summed over its pixels, ``(n,)``.

    Example:
        >>> copy_costs([[1.0, 0.0]], [[0.5, 0.5]]).round(3).tolist()
        [1.386]

    Images ``(n, d)`` and copies ``(n, d)`` lie in [0, 1].
    """
    image = np.asarray(x, np.float64)
    ink = np.clip(np.asarray(copies, np.float64), _MIN_PROBABILITY, 1 - _MIN_PROBABILITY)
    costs: Float64Array = -(image * np.log(ink) + (1 - image) * np.log1p(-ink)).sum(axis=1)
    return costs
