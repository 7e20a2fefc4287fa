"""Run trained variational autoencoders in plain NumPy: encode, decode, sample, and bound.

Example:
    >>> from course import assets
    >>> net = assets.digit_variational()
    >>> net.sample(3).shape
    (3, 784)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float32Array, Float64Array
from course.autoencoder.bounds import Bill, copy_costs, divergences
from course.autoencoder.frozen import FrozenAutoencoder


@dataclass(frozen=True, eq=False)
class FrozenVariational:
    """A trained variational autoencoder whose weights are fixed.

    Attributes:
        net: The encoder of the means, and the decoder.
        kernel: From the last hidden layer of the encoder to the log variances, ``(h, k)``.
        bias: The same, ``(k,)``.
    """

    net: FrozenAutoencoder
    kernel: Float32Array
    bias: Float32Array

    def clouds(self, x: ArrayLike) -> tuple[Float32Array, Float32Array]:
        """Return the means and the log variances of the images' codes, ``(n, k)`` each."""
        log_variances: Float32Array = self.net.features(x) @ self.kernel + self.bias
        return self.net.encode(x), log_variances

    def encode(self, x: ArrayLike) -> Float32Array:
        """Return the means of the images' codes, ``(n, k)``."""
        return self.net.encode(x)

    def decode(self, code: ArrayLike) -> Float32Array:
        """Turn codes ``(n, k)`` into images ``(n, d)`` in [0, 1]."""
        return self.net.decode(code)

    def reconstruct(self, x: ArrayLike) -> Float32Array:
        """Decode the means: the usual copy, without noise."""
        return self.net.reconstruct(x)

    def sample(self, n: int, *, seed: int = 0) -> Float32Array:
        """Decode ``n`` codes from the prior, the standard normal distribution."""
        rng = np.random.default_rng(seed)
        return self.net.decode(rng.standard_normal((n, self.net.code_size)))

    def bill(self, x: ArrayLike, *, draws: int = 1, seed: int = 0) -> Bill:
        """Return what images ``(n, d)`` cost; the copies are decoded from drawn codes.

        Example:
            >>> from course import assets, data
            >>> bill = assets.digit_variational().bill(data.digits("bundled").x_test[:100])
            >>> bool((bill.code > 0).all())
            True

        More draws estimate the mean cost of a copy better.
        """
        rng = np.random.default_rng(seed)
        mean, log_variance = self.clouds(x)
        copies = [copy_costs(x, self.decode(_draw(rng, mean, log_variance))) for _ in range(draws)]
        return Bill(np.mean(copies, axis=0), divergences(mean, log_variance).sum(axis=1))

    def negative_log_likelihood(
        self, x: ArrayLike, *, draws: int = 100, seed: int = 0
    ) -> Float64Array:
        """Estimate ``-log p(x)`` of images, in nats, from weighted codes, ``(n,)``.

        It lies between the bill and the truth, nearer the truth the more codes are drawn
        (Y. Burda, R. Grosse and R. Salakhutdinov 2016, https://arxiv.org/abs/1509.00519).
        """
        rng = np.random.default_rng(seed)
        mean, log_variance = (values.astype(np.float64) for values in self.clouds(x))
        logs = []
        for _ in range(draws):
            noise = rng.standard_normal(mean.shape)
            code = mean + np.exp(0.5 * log_variance) * noise
            # log p(code) - log q(code); the constants cancel
            weight = 0.5 * (noise**2 + log_variance - code**2).sum(axis=1)
            logs.append(weight - copy_costs(x, self.decode(code)))
        total: Float64Array = np.log(draws) - np.logaddexp.reduce(logs, axis=0)
        return total


def _draw(rng: np.random.Generator, mean: Float32Array, log_variance: Float32Array) -> Float64Array:
    code: Float64Array = mean + np.exp(0.5 * log_variance) * rng.standard_normal(mean.shape)
    return code
