"""Logistic PCA: PCA for numbers that are bright or dark rather than bell-shaped.

Example:
    >>> from course import data
    >>> digits = data.digits("bundled")
    >>> code = LogisticPCA(10, steps=50, progress=False).fit(digits.x_train)
    >>> code.encode(digits.x_test).shape
    (296, 10)
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from course.baselines.linear import leading_axes
from course.baselines.protocol import Array, Baseline

if TYPE_CHECKING:
    from collections.abc import Iterable

_FAINT = 0.01  # keeps the logit of a pixel that is never lit finite
_SLOPE = 4  # the logit's slope at 1/2: with it PCA's axes are a good start
# Adam with its usual constants (D. P. Kingma and J. Ba 2015, https://arxiv.org/abs/1412.6980).
_RATE, _MOMENTUM, _SCALE, _TINY = 0.01, 0.9, 0.999, 1e-8


class LogisticPCA(Baseline):
    """A linear code whose reconstruction goes through the logistic function.

    Example:
        >>> from course import data
        >>> digits = data.digits("bundled")
        >>> code = LogisticPCA(5, steps=50, progress=False).fit(digits.x_train)
        >>> images = code.reconstruct(digits.x_test)
        >>> bool(0 < images.min() and images.max() < 1)
        True

    Each pixel is the chance of a coin that shows white:

    * encode: z = (x - mean) E, a projection as in PCA,
    * decode: 1 / (1 + exp(-(z D + b))), never darker than black nor brighter than white.

    E, D and b minimise the cross-entropy, by gradient steps on random batches from the
    start that PCA gives. So this is an autoencoder without hidden layers. Like PCA's, its
    code is a projection of the data (A. J. Landgraf and Y. Lee,
    https://arxiv.org/abs/1510.06112); in the older definition each image's code is searched
    for, which no encoder computes (A. I. Schein et al. 2003,
    https://proceedings.mlr.press/r4/schein03a.html).

    On MNIST with k = 30 the test error is 7.9 after the usual 1,000 steps (measured, squared
    error summed per image); Hinton and Salakhutdinov 2006 report 8.01 for logistic PCA.

    Args:
        k: How many numbers the code has.
        steps: How many batches to learn from.
        batch: How many examples a batch has.
        seed: The same seed draws the same batches.
        progress: Whether to show a bar when fitting takes longer than a second.

    Attributes:
        mean: ``(d,)``, after `fit`.
        encoder: E, ``(d, k)``.
        decoder: D, ``(k, d)``.
        bias: b, ``(d,)``.
    """

    needs_intensities: ClassVar[bool] = True
    mean: Array
    encoder: Array
    decoder: Array
    bias: Array

    def __init__(
        self, k: int, *, steps: int = 1000, batch: int = 250, seed: int = 0, progress: bool = True
    ) -> None:
        super().__init__(k)
        if steps < 0 or batch < 1:
            raise ValueError(f"steps, batch: {steps}, {batch}; at least 0 and 1 are right.")
        self.steps, self.batch, self.seed, self.progress = steps, batch, seed, progress

    def _fit(self, x: Array) -> None:
        from threadpoolctl import threadpool_limits

        self.mean = x.mean(0, dtype=np.float64).astype(x.dtype)
        axes, _ = leading_axes(x - self.mean, self.k)
        self.encoder = axes.T.copy()
        self.decoder = _SLOPE * axes
        self.bias = np.log((self.mean + _FAINT) / (1 + _FAINT - self.mean))
        parameters = [self.encoder, self.decoder, self.bias]
        drift = [np.zeros_like(p) for p in parameters]
        size = [np.zeros_like(p) for p in parameters]
        lots = np.random.RandomState(self.seed)
        # The products are small: on a busy machine, threads would wait for each other
        # ten times as long as they compute.
        with threadpool_limits(1):
            for step in self._steps():
                gradients = self._gradients(x[lots.randint(len(x), size=self.batch)])
                rate = _RATE * (1 - (step - 1) / self.steps)  # ever smaller, to settle down
                rate *= (1 - _SCALE**step) ** 0.5 / (1 - _MOMENTUM**step)
                for i, gradient in enumerate(gradients):
                    drift[i] += (1 - _MOMENTUM) * (gradient - drift[i])
                    size[i] += (1 - _SCALE) * (np.square(gradient) - size[i])
                    parameters[i] -= rate * drift[i] / (np.sqrt(size[i]) + _TINY)

    def _encode(self, x: Array) -> Array:
        return (x - self.mean) @ self.encoder

    def _decode(self, z: Array) -> Array:
        return (1 + np.tanh((z @ self.decoder + self.bias) / 2)) / 2  # exp would overflow

    def _gradients(self, x: Array) -> list[Array]:
        """Of the cross-entropy per example by encoder, decoder and bias."""
        code = self._encode(x)
        error = (self._decode(code) - x) / len(x)  # the logistic function's own gift: no slope
        to_encoder = (x - self.mean).T @ (error @ self.decoder.T)
        return [to_encoder, code.T @ error, error.sum(0)]

    def _steps(self) -> Iterable[int]:
        from tqdm.auto import tqdm

        bar: Iterable[int] = tqdm(
            range(1, self.steps + 1),
            desc=repr(self),
            file=sys.stdout,
            delay=1,
            leave=False,
            disable=not self.progress,
        )
        return bar
