"""Sparse autoencoders: write activations as sums of a few directions out of many.

Example:
    >>> rng = np.random.default_rng(0)
    >>> features = rng.random((500, 8)) * (rng.random((500, 8)) < 0.1)
    >>> x = features @ rng.normal(size=(8, 4))  # eight features in four numbers
    >>> net = train_sparse(x, 8, active=2, epochs=5)
    >>> net.encode(x[:3]).shape
    (3, 8)

The code is longer than the input, but nearly all of its numbers are 0. The input is the hidden
layer of another network, or anything else that is a sum of a few directions; what the directions
are is to be found out. They have length 1, because otherwise a penalty on the code could be evaded
by small codes and long directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from course.adam import Adam
from course.arrays import Float32Array, Float64Array, float32_matrix
from course.autoencoder.frozen import activate

_REVIVE_EVERY: Final = 5  # epochs


@dataclass(frozen=True, eq=False)
class SparseAutoencoder:
    """A dictionary of directions, and an encoder that says how much of each is in an input.

    ``z = relu((x - center) E + b)``, of which perhaps only the largest count, and
    ``x' = z D + center``.

    Attributes:
        encoder: ``E``, ``(d, features)``.
        bias: ``b``, ``(features,)``.
        decoder: ``D``, the directions as rows of length 1, ``(features, d)``.
        center: ``(d,)``.
        active: How many numbers of a code may differ from 0; None for any.
    """

    encoder: Float32Array
    bias: Float32Array
    decoder: Float32Array
    center: Float32Array
    active: int | None = None

    @property
    def features(self) -> int:
        """The number of directions."""
        return len(self.decoder)

    def encode(self, x: ArrayLike) -> Float32Array:
        """Turn inputs ``(n, d)`` into sparse codes ``(n, features)``, none negative.

        Raises:
            ValueError: ``x`` has another shape, or isn't finite numbers.
        """
        values = float32_matrix("x", x, len(self.center), min_rows=0)
        sums: Float32Array = np.subtract(values, self.center) @ self.encoder + self.bias
        codes = activate("relu", sums)
        return codes if self.active is None else keep_largest(codes, self.active)

    def decode(self, codes: ArrayLike) -> Float32Array:
        """Turn codes ``(n, features)`` into inputs ``(n, d)``."""
        strengths = float32_matrix("codes", codes, self.features, min_rows=0)
        decoded: Float32Array = strengths @ self.decoder + self.center
        return decoded

    def reconstruct(self, x: ArrayLike) -> Float32Array:
        """Encode and decode: ``decode(encode(x))``."""
        return self.decode(self.encode(x))

    def error(self, x: ArrayLike) -> Float64Array:
        """Return the squared error of each input, summed over its numbers, ``(n,)``."""
        original = float32_matrix("x", x, len(self.center), min_rows=0)
        squares = np.square(original - self.reconstruct(original))
        return np.asarray(squares.sum(axis=1, dtype=np.float64), np.float64)

    def without(self, x: ArrayLike, feature: int) -> Float32Array:
        """Return inputs ``(n, d)`` with one feature turned off: its part is subtracted.

        What the dictionary doesn't explain stays as it is.
        """
        original = float32_matrix("x", x, len(self.center), min_rows=0)
        strength = self.encode(original)[:, feature]
        left: Float32Array = original - strength[:, None] * self.decoder[feature]
        return left

    def __repr__(self) -> str:
        """Width and number of features."""
        kind = "L1" if self.active is None else f"top {self.active}"
        return f"SparseAutoencoder({len(self.center)} numbers, {self.features} features, {kind})"


def keep_largest(codes: Float32Array, count: int) -> Float32Array:
    """Set all but the largest ``count`` numbers of each row to 0.

    Example:
        >>> keep_largest(np.array([[3.0, 1.0, 2.0]], np.float32), 2).tolist()
        [[3.0, 0.0, 2.0]]
    """
    if count >= codes.shape[1]:
        return codes
    kept = np.zeros_like(codes)
    largest = np.argpartition(codes, -count, axis=1)[:, -count:]
    np.put_along_axis(kept, largest, np.take_along_axis(codes, largest, axis=1), axis=1)
    return kept


def train_sparse(  # noqa: PLR0913  (keyword arguments with defaults)
    x: ArrayLike,
    features: int,
    *,
    penalty: float | None = None,
    active: int | None = None,
    epochs: int = 30,
    batch: int = 128,
    rate: float = 1e-2,
    revive: bool = True,
    seed: int = 0,
) -> SparseAutoencoder:
    """Train a sparse autoencoder in NumPy; give either ``penalty`` or ``active``.

    Example:
        >>> x = np.random.default_rng(0).random((200, 4))
        >>> train_sparse(x, 6, penalty=0.1, epochs=2)
        SparseAutoencoder(4 numbers, 6 features, L1)

    Args:
        x: Inputs, ``(n, d)``.
        features: The number of directions.
        penalty: What a unit of code costs: the loss is the squared error plus ``penalty`` times
            the sum of the code.
        active: How many numbers of each code may differ from 0 (A. Makhzani and B. Frey 2014,
            https://arxiv.org/abs/1312.5663; L. Gao and others 2024,
            https://arxiv.org/abs/2406.04093).
        epochs: Number of passes over all inputs.
        batch: Inputs per step.
        rate: The size of Adam's first steps; it falls to 0 along half a cosine.
        revive: Whether features that never fire start again as inputs that are copied badly.
        seed: For the first directions, which are inputs, and for the order of the inputs.

    Raises:
        ValueError: Both or neither of ``penalty`` and ``active`` are given, or out of range.
    """
    if (penalty is None) == (active is None):
        raise ValueError(f"give either penalty or active, got {penalty} and {active}")
    if active is not None and not 1 <= active <= features:
        raise ValueError(f"active must be from 1 to {features}, got {active}")
    if penalty is not None and penalty < 0:
        raise ValueError(f"penalty must be 0 or more, got {penalty}")
    inputs = float32_matrix("x", x)
    rng = np.random.default_rng(seed)
    training = _Training(inputs, features, penalty or 0.0, active, rate, rng)
    steps = epochs * -(-len(inputs) // batch)
    for epoch in range(epochs):
        order = rng.permutation(len(inputs))
        fired = np.zeros(features, bool)
        for start in range(0, len(inputs), batch):
            fired |= training.step(inputs[order[start : start + batch]], steps)
        if revive and epoch % _REVIVE_EVERY == _REVIVE_EVERY - 1 and epoch < epochs * 2 // 3:
            training.revive(np.flatnonzero(~fired), inputs)
    return training.net


class _Training:
    """The state of a training run; the arrays of ``net`` change in place."""

    def __init__(  # noqa: PLR0913, PLR0917  (called once)
        self,
        x: Float32Array,
        features: int,
        penalty: float,
        active: int | None,
        rate: float,
        rng: np.random.Generator,
    ) -> None:
        center = x.mean(axis=0)
        # Many inputs contain few features, so inputs are a better start than random directions.
        chosen = rng.choice(len(x), features, replace=features > len(x))
        noise = 0.01 * np.abs(x).mean() * rng.standard_normal((features, x.shape[1]))
        decoder = _unit_rows(x[chosen] - center + noise.astype(np.float32) + np.float32(1e-9))
        bias = np.zeros(features, np.float32)
        self.net = SparseAutoencoder(decoder.T.copy(), bias, decoder, center, active)
        self._penalty, self._rng = np.float32(penalty), rng
        self._arrays = [self.net.encoder, bias, decoder, self.net.center]
        self._adam = Adam(self._arrays, rate)
        self._steps = 0

    def step(self, x: Float32Array, total: int) -> np.typing.NDArray[np.bool_]:
        """Take a step of ``total`` on a batch; return which features fired."""
        encoder, _, decoder, center = self._arrays
        centered = x - center
        codes = self.net.encode(x)
        on = codes > 0
        error = codes @ decoder - centered
        error *= np.float32(2 / len(x))
        back = (error @ decoder.T + self._penalty / len(x)) * on
        slopes = [
            centered.T @ back,
            back.sum(axis=0),
            codes.T @ error,
            error.sum(axis=0) - encoder @ back.sum(axis=0),
        ]
        self._adam.step(slopes, 0.5 * (1 + np.cos(np.pi * self._steps / total)))
        self._steps += 1
        _unit_rows(decoder)
        return np.asarray(on.any(axis=0), np.bool_)

    def revive(self, dead: np.typing.NDArray[np.intp], x: Float32Array) -> None:
        """Point dead features at what is left of inputs with a large error."""
        if not len(dead):
            return
        encoder, bias, decoder, _ = self._arrays
        rest = x - self.net.reconstruct(x)
        errors = np.square(rest).sum(axis=1, dtype=np.float64) + 1e-12
        chosen = self._rng.choice(len(x), len(dead), p=errors / errors.sum())
        decoder[dead] = _unit_rows(rest[chosen] + np.float32(1e-6))
        encoder[:, dead] = decoder[dead].T
        bias[dead] = 0


def _unit_rows(rows: Float32Array) -> Float32Array:
    """Scale rows to length 1, in place."""
    rows /= np.maximum(np.sqrt(np.square(rows).sum(axis=1, keepdims=True)), 1e-12)
    return rows
