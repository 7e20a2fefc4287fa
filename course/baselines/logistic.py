"""Logistic PCA: PCA for pixels that are mostly black or white."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from course.adam import Adam
from course.arrays import FloatArray, sigmoid
from course.baselines.linear import leading_axes, mean_example
from course.baselines.protocol import Baseline

_EPSILON = 0.01  # keeps logits finite for pixels that are always 0 or 1
_SLOPE = 4  # the logit's slope at 1/2; scales PCA's axes for a good start
_RATE = 0.01  # of Adam's first step; it falls to 0


class LogisticPCA(Baseline):
    """A linear code whose reconstruction goes through the logistic function.

    Example:
        >>> from course import data
        >>> digits = data.digits("bundled")
        >>> code = LogisticPCA(5, steps=50, progress=False).fit(digits.x_train)
        >>> images = code.reconstruct(digits.x_test)
        >>> bool(0 < images.min() and images.max() < 1)
        True

    Each pixel is treated as the probability of white:

    * encode: z = (x - mean) E, a projection as in PCA,
    * decode: 1 / (1 + exp(-(z D + b))), always between black and white.

    E, D and b minimize the cross-entropy by gradient steps on random batches, starting from PCA.
    So this is an autoencoder without hidden layers. Like PCA's, its code is a projection of the
    data (A. J. Landgraf and Y. Lee, https://arxiv.org/abs/1510.06112); the older definition
    optimizes the code of each image instead, without an encoder (A. I. Schein et al. 2003,
    https://proceedings.mlr.press/r4/schein03a.html).

    On MNIST with k = 30 the test error is 7.9 after the default 1,000 steps (measured, squared
    error summed per image); Hinton and Salakhutdinov 2006 report 8.01 for logistic PCA.

    Args:
        k: Numbers per code.
        steps: Number of batches to train on.
        batch: Examples per batch.
        seed: The same seed draws the same batches.
        progress: Whether to show a progress bar if fitting takes longer than a second.

    Attributes:
        mean: ``(d,)``, after `fit`.
        encoder: E, ``(d, k)``.
        decoder: D, ``(k, d)``.
        bias: b, ``(d,)``.
    """

    needs_intensities: ClassVar[bool] = True
    mean: FloatArray
    encoder: FloatArray
    decoder: FloatArray
    bias: FloatArray

    def __init__(
        self, k: int, *, steps: int = 1000, batch: int = 250, seed: int = 0, progress: bool = True
    ) -> None:
        super().__init__(k)
        if steps < 0 or batch < 1:
            raise ValueError(
                f"steps must be at least 0 and batch at least 1, got {steps} and {batch}."
            )
        self.steps, self.batch, self.seed, self.progress = steps, batch, seed, progress

    def _fit(self, x: FloatArray) -> None:
        from threadpoolctl import threadpool_limits

        self.mean = mean_example(x)
        axes, _ = leading_axes(x - self.mean, self.k)
        self.encoder = axes.T.copy()
        self.decoder = _SLOPE * axes
        self.bias = np.log((self.mean + _EPSILON) / (1 + _EPSILON - self.mean))
        adam = Adam([self.encoder, self.decoder, self.bias], _RATE)
        rng = np.random.RandomState(self.seed)
        # The products are small: on a busy machine, threads would wait for each other ten times
        # as long as they compute.
        with threadpool_limits(1):
            for step in self._steps():
                gradients = self._gradients(x[rng.randint(len(x), size=self.batch)])
                adam.step(gradients, 1 - (step - 1) / self.steps)

    def _encode(self, x: FloatArray) -> FloatArray:
        return (x - self.mean) @ self.encoder

    def _decode(self, z: FloatArray) -> FloatArray:
        return sigmoid(z @ self.decoder + self.bias)

    def _gradients(self, x: FloatArray) -> list[FloatArray]:
        """Return the gradients of the cross-entropy by encoder, decoder and bias."""
        code = self._encode(x)
        error = (self._decode(code) - x) / len(x)  # the sigmoid's slope cancels
        to_encoder = (x - self.mean).T @ (error @ self.decoder.T)
        return [to_encoder, code.T @ error, error.sum(0)]

    def _steps(self) -> Iterable[int]:
        from course.progress import progress_bar

        bar: Iterable[int] = progress_bar(
            range(1, self.steps + 1),
            desc=repr(self),
            unit=" steps",
            delay=1,
            leave=False,
            disable=not self.progress,
        )
        return bar
