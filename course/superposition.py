"""Toy models of superposition: many rare features in few numbers, and what training makes of them.

Example:
    >>> models = train([1.0, 0.05], np.ones((2, 5)), dimensions=2, steps=300)
    >>> models.weights.shape  # two models, five features, two numbers
    (2, 5, 2)

A model writes each feature ``x_i`` along a direction ``W_i`` of its few numbers, ``h = W x``, and
reads the features back from them, ``x' = relu(W^T h + b)``. A feature is 0 most of the time and
otherwise uniform in [0, 1]; the share of the time that it isn't 0 is its density. After N. Elhage
and others, Toy models of superposition, 2022,
https://transformer-circuits.pub/2022/toy_model/index.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.adam import Adam
from course.arrays import Float64Array, IntArray

ARRANGEMENTS: Final = ("ignored", "own dimension", "superposition")
"""What can happen to the second of two features that share one number."""
_REPRESENTED: Final = 0.5  # a feature whose direction is shorter is not represented
_LEVELS: Final = 10  # of a feature that is present, where all examples are summed
_STEPS: Final = 300


@dataclass(frozen=True)
class ToyModels:
    """Models of the same size, trained side by side.

    Attributes:
        weights: The direction of each feature, ``(models, features, dimensions)``.
        biases: ``(models, features)``.
    """

    weights: Float64Array
    biases: Float64Array

    def numbers(self, x: ArrayLike) -> Float64Array:
        """Squeeze features ``(models, n, features)`` into numbers ``(models, n, dimensions)``."""
        squeezed: Float64Array = np.asarray(x, np.float64) @ self.weights
        return squeezed

    def copies(self, x: ArrayLike) -> Float64Array:
        """Squeeze features ``(models, n, features)`` and read them back."""
        sums = self.numbers(x) @ self.weights.transpose(0, 2, 1) + self.biases[:, None]
        read: Float64Array = np.maximum(sums, 0)
        return read

    def losses(self, x: ArrayLike, importances: ArrayLike) -> Float64Array:
        """Return the mean of ``sum_i I_i (x_i - x'_i)^2``, ``(models,)``."""
        importance = np.asarray(importances, np.float64)[:, None]
        squares = importance * (np.asarray(x, np.float64) - self.copies(x)) ** 2
        return _as_array(squares.sum(axis=2).mean(axis=1))


def sample(rng: np.random.Generator, n: int, features: int, density: ArrayLike) -> Float64Array:
    """Draw ``n`` examples for each density, ``(densities, n, features)``.

    Example:
        >>> x = sample(np.random.default_rng(0), 1000, 3, [0.1])
        >>> round(float((x > 0).mean()), 1)
        0.1
    """
    densities = np.atleast_1d(np.asarray(density, np.float64))
    shape = (len(densities), n, features)
    return _as_array(rng.random(shape) * (rng.random(shape) < densities[:, None, None]))


def train(  # noqa: PLR0913  (keyword arguments with defaults)
    densities: ArrayLike,
    importances: ArrayLike,
    dimensions: int,
    *,
    steps: int = 1500,
    batch: int = 256,
    rate: float = 0.01,
    tries: int = 1,
    seed: int = 0,
) -> ToyModels:
    """Train a model for each density.

    Args:
        densities: How often a feature isn't 0, one for each model, ``(models,)``.
        importances: The weight of each feature in the loss, ``(models, features)``.
        dimensions: How many numbers a model has.
        steps: Number of steps; their size falls to 0 along half a cosine.
        batch: Examples per step, drawn anew for each.
        rate: The size of Adam's first steps.
        tries: How many starts each model has; the one with the smallest loss counts.
        seed: For the first weights and the examples.
    """
    rng = np.random.default_rng(seed)
    density = np.tile(np.asarray(densities, np.float64), tries)
    importance = np.tile(np.asarray(importances, np.float64), (tries, 1))
    models, features = importance.shape
    weights = rng.normal(0, dimensions**-0.5, (models, features, dimensions))
    biases = np.zeros((models, features))
    adam = Adam([weights, biases], rate)
    for step in range(steps):
        x = sample(rng, batch, features, density)
        numbers = x @ weights
        sums = numbers @ weights.transpose(0, 2, 1) + biases[:, None]
        slopes = (2 / batch) * importance[:, None] * (np.maximum(sums, 0) - x) * (sums > 0)
        back = slopes.transpose(0, 2, 1)
        adam.step(
            [back @ numbers + x.transpose(0, 2, 1) @ (slopes @ weights), slopes.sum(axis=1)],
            0.5 * (1 + np.cos(np.pi * step / steps)),
        )
    trained = ToyModels(weights, biases)
    if tries == 1:
        return trained
    losses = trained.losses(sample(rng, 8 * batch, features, density), importance)
    best = losses.reshape(tries, -1).argmin(axis=0) * (models // tries) + np.arange(models // tries)
    return ToyModels(weights[best], biases[best])


def dimensionalities(directions: ArrayLike) -> Float64Array:
    """Return how much of a dimension each feature has for itself, 0 to 1.

    Example:
        >>> dimensionalities([[1.0], [-1.0]]).tolist()  # an antipodal pair shares one number
        [0.5, 0.5]

    It is ``|W_i|^2 / sum_j (u_i . W_j)^2`` with ``u_i`` the direction of ``W_i`` with length 1.

    Args:
        directions: The directions ``W_i`` as rows, ``(features, dimensions)``.
    """
    rows = np.asarray(directions, np.float64)
    squares = (rows**2).sum(axis=1)
    shared = ((rows @ rows.T) ** 2).sum(axis=1)
    return _as_array(np.divide(squares**2, shared, out=np.zeros_like(shared), where=shared > 0))


def pair_losses(density: ArrayLike, importance: ArrayLike) -> Float64Array:
    """Return the losses of three ways to store two features in one number, ``(..., 3)``.

    Example:
        >>> ARRANGEMENTS[pair_losses(0.1, 1.0).argmin()]
        'superposition'

    The first feature has the importance 1. In the order of `ARRANGEMENTS`: the number belongs to
    the first feature (W = [1, 0]), it belongs to the second (W = [0, 1]), or they share it
    (W = [1, -1], no bias). A feature without a place is always guessed as its mean ``p / 2``, which
    costs its variance ``p / 3 - p^2 / 4``. Sharing costs only if both are present, then on average
    the square of the smaller one, 1/6, for each.

    Args:
        density: ``p``, the probability that a feature isn't 0.
        importance: Of the second feature.
    """
    p, second = np.broadcast_arrays(np.asarray(density, float), np.asarray(importance, float))
    variance = p / 3 - p**2 / 4
    return np.stack([second * variance, variance, (1 + second) * p**2 / 6], axis=-1)


def best_arrangements(densities: ArrayLike, importances: ArrayLike) -> IntArray:
    """Return the cheapest arrangement in closed form, ``(importances, densities)``."""
    losses = pair_losses(np.asarray(densities)[None], np.asarray(importances)[:, None])
    return np.asarray(losses.argmin(axis=-1), np.int64)


def trained_arrangements(
    densities: Sequence[float], importances: Sequence[float], *, tries: int = 8, seed: int = 0
) -> IntArray:
    """Return what training makes of two features in one number, ``(importances, densities)``.

    For each density and importance of the second feature, models are trained from several starts,
    and the one with the smallest loss counts. Instead of drawing examples, the mean over all
    examples is computed, with 10 levels for each feature.
    """
    x, absent = _all_examples()
    grid = np.array([(p, second) for second in importances for p in densities])
    density, second = np.tile(grid, (tries, 1)).T
    shares = np.prod(np.where(absent[..., None], 1 - density, density / _LEVELS), axis=1)
    importance = np.stack([np.ones_like(second), second])
    weights = np.random.default_rng(seed).normal(0, 1, (2, len(density)))
    biases = np.zeros_like(weights)
    adam = Adam([weights, biases], 0.05)
    for step in range(_STEPS):
        numbers = x @ weights
        sums = numbers[:, None] * weights + biases
        slopes = 2 * shares[:, None] * importance * (np.maximum(sums, 0) - x[..., None])
        slopes *= sums > 0
        both = (slopes * numbers[:, None]).sum(axis=0) + x.T @ (slopes * weights).sum(axis=1)
        adam.step([both, slopes.sum(axis=0)], 0.5 * (1 + np.cos(np.pi * step / _STEPS)))
    squares = (np.maximum((x @ weights)[:, None] * weights + biases, 0) - x[..., None]) ** 2
    losses = (shares[:, None] * importance * squares).sum(axis=(0, 1)).reshape(tries, -1)
    lengths = np.abs(weights).reshape(2, tries, -1)
    first, extra = lengths[:, losses.argmin(axis=0), np.arange(len(grid))] > _REPRESENTED
    found = np.where(extra & first, 2, np.where(extra, 1, 0))
    return np.asarray(found.reshape(len(importances), len(densities)), np.int64)


def _all_examples() -> tuple[Float64Array, NDArray[np.bool_]]:
    """Return all pairs of two features, ``(n, 2)``, and where one of them is absent."""
    levels = np.concatenate([[0.0], (np.arange(_LEVELS) + 0.5) / _LEVELS])
    pairs = np.stack(np.meshgrid(levels, levels), axis=-1).reshape(-1, 2)
    return pairs, pairs == 0


def _as_array(values: Float64Array) -> Float64Array:
    return np.asarray(values, np.float64)
