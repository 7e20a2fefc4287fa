"""A restricted Boltzmann machine with binary units in NumPy, short enough to read in one go.

Example:
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat([[1.0, 1, 0, 0], [0, 0, 1, 1]], 50, axis=0)
    >>> machine = train(RBM.random(visible=4, hidden=2, rng=rng), x, rng, epochs=200, rate=0.5)
    >>> bool(machine.free_energy([1, 1, 0, 0]) < machine.free_energy([1, 0, 1, 0]))
    True

Two layers are connected by an undirected weight matrix. Every pair of a visible state ``v`` and a
hidden state ``h`` has an energy ``E(v, h) = -b.v - c.h - h.W.v`` and the probability
``exp(-E) / Z``. Names and shapes follow scikit-learn's ``BernoulliRBM``. After G. Hinton, A
practical guide to training restricted Boltzmann machines, 2010,
https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf.

The last functions sum over all states, which is feasible only for small machines. They give exact
results to compare ``contrastive_divergence`` with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float64Array, sigmoid

_MAX_UNITS: Final = 16  # for sums over all states of a layer: 65,536


@dataclass(frozen=True)
class Gradient:
    """The gradient of the log-likelihood for each parameter."""

    weights: Float64Array
    visible_bias: Float64Array
    hidden_bias: Float64Array

    def flat(self) -> Float64Array:
        """Return all numbers as one vector, for example to compare lengths and angles."""
        return np.concatenate([self.weights.ravel(), self.visible_bias, self.hidden_bias])


@dataclass(frozen=True)
class RBM:
    """A machine, given by its weights and biases.

    Example:
        >>> machine = RBM(np.array([[2.0, -1.0]]), np.zeros(2), np.array([0.5]))
        >>> machine.p_h_given_v([1, 0]).round(3).tolist()
        [0.924]

    Every method that takes a state also takes an array of states, one per row.

    Attributes:
        weights: ``W``, ``(hidden, visible)``.
        visible_bias: ``b``, ``(visible,)``.
        hidden_bias: ``c``, ``(hidden,)``.
    """

    weights: Float64Array
    visible_bias: Float64Array
    hidden_bias: Float64Array

    def __post_init__(self) -> None:
        """Raise a ValueError unless the shapes match."""
        for name, size in zip(("hidden_bias", "visible_bias"), self.weights.shape, strict=True):
            bias = getattr(self, name)
            if bias.shape != (size,):
                raise ValueError(
                    f"{name} must have the shape ({size},) for weights (hidden, visible) of the "
                    f"shape {self.weights.shape}, got {bias.shape}"
                )

    @classmethod
    def random(
        cls, visible: int, hidden: int, rng: np.random.Generator, scale: float = 0.01
    ) -> Self:
        """Return a machine with small random weights, to start training from."""
        weights = scale * rng.standard_normal((hidden, visible))
        return cls(weights, np.zeros(visible), np.zeros(hidden))

    def energy(self, v: ArrayLike, h: ArrayLike) -> Float64Array:
        """Return ``-b.v - c.h - h.W.v`` for each pair; low energy means high probability."""
        visible, hidden = self._visible(v), np.asarray(h, dtype=np.float64)
        joint = ((hidden @ self.weights) * visible).sum(axis=-1)
        return np.asarray(-(visible @ self.visible_bias) - hidden @ self.hidden_bias - joint)

    def free_energy(self, v: ArrayLike) -> Float64Array:
        """Return ``F(v) = -log(sum over h of exp(-E(v, h)))``, so that ``p(v) = exp(-F) / Z``.

        The sum over all hidden states factorizes into one factor per hidden unit:
        ``F(v) = -b.v - sum(log(1 + exp(c + W.v)))``.
        """
        visible = self._visible(v)
        inputs = visible @ self.weights.T + self.hidden_bias
        return np.asarray(-(visible @ self.visible_bias) - np.logaddexp(0, inputs).sum(axis=-1))

    def p_h_given_v(self, v: ArrayLike) -> Float64Array:
        """Return the probability that each hidden unit is on: ``sigmoid(c + W.v)``."""
        return sigmoid(self._visible(v) @ self.weights.T + self.hidden_bias)

    def p_v_given_h(self, h: ArrayLike) -> Float64Array:
        """Return the probability that each visible unit is on: ``sigmoid(b + h.W)``."""
        return sigmoid(np.asarray(h, dtype=np.float64) @ self.weights + self.visible_bias)

    def sample_h(self, v: ArrayLike, rng: np.random.Generator) -> Float64Array:
        """Sample the hidden units given the visible ones; return zeros and ones."""
        return _sample(self.p_h_given_v(v), rng)

    def sample_v(self, h: ArrayLike, rng: np.random.Generator) -> Float64Array:
        """Sample the visible units given the hidden ones; return zeros and ones."""
        return _sample(self.p_v_given_h(h), rng)

    def gibbs(
        self, v: ArrayLike, rng: np.random.Generator
    ) -> Iterator[tuple[Float64Array, Float64Array]]:
        """Run an endless Gibbs chain, which visits each state as often as it is probable.

        Example:
            >>> rng = np.random.default_rng(0)
            >>> chain = RBM.random(3, 2, rng).gibbs([1, 0, 1], rng)
            >>> h, v = next(chain)
            >>> h.shape, v.shape
            ((2,), (3,))

        Yields:
            The hidden state drawn from the visible one, then the visible drawn from it.
        """
        state = self._visible(v)
        while True:
            hidden = self.sample_h(state, rng)
            state = self.sample_v(hidden, rng)
            yield hidden, state

    def reconstruct(self, v: ArrayLike) -> Float64Array:
        """Encode and decode with probabilities instead of samples.

        An autoencoder with the weights ``W`` and their transpose computes the same.
        """
        return self.p_v_given_h(self.p_h_given_v(v))

    def updated(self, step: Gradient, rate: float) -> Self:
        """Return the machine after a step along a gradient."""
        return type(self)(
            self.weights + rate * step.weights,
            self.visible_bias + rate * step.visible_bias,
            self.hidden_bias + rate * step.hidden_bias,
        )

    def _visible(self, v: ArrayLike) -> Float64Array:
        visible = np.asarray(v, dtype=np.float64)
        if visible.shape[-1:] != self.visible_bias.shape:
            raise ValueError(
                f"v must have {len(self.visible_bias)} numbers per row, one per visible unit, "
                f"got the shape {visible.shape}"
            )
        return visible


def contrastive_divergence(
    machine: RBM, v: ArrayLike, rng: np.random.Generator, k: int = 1
) -> Gradient:
    """Return the CD-k update: it lowers the energy of the data, and raises that of samples.

    The data are zeros and ones, ``(n, visible)``. The samples are ``k`` Gibbs steps away from it:
    more steps come closer to the true gradient, and take longer.
    """
    data = machine._visible(v)  # noqa: SLF001  (the same module)
    return _difference(machine, data, _gibbs_samples(machine, data, rng, k))


def train(  # noqa: PLR0913  (keyword arguments with defaults)
    machine: RBM,
    x: ArrayLike,
    rng: np.random.Generator,
    *,
    epochs: int = 10,
    k: int = 1,
    rate: float = 0.1,
    batch: int = 50,
    persistent: bool = False,
    watch: Callable[[int, RBM], None] | None = None,
) -> RBM:
    """Return the machine after training by CD-k, or by persistent chains.

    Args:
        machine: The initial machine.
        x: Data, ``(n, visible)``, zeros and ones.
        rng: Draws the batches and the states of units.
        epochs: Number of passes over the data.
        k: Gibbs steps per update.
        rate: Learning rate.
        batch: Examples per update.
        persistent: Continue the chains from update to update instead of restarting at the data, as
            scikit-learn does: T. Tieleman, Training RBMs using approximations to the likelihood
            gradient, ICML 2008.
        watch: Called after each epoch with its number, from 1, and the machine.
    """
    data = machine._visible(x)  # noqa: SLF001  (the same module)
    samples = data[rng.integers(len(data), size=batch)]
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(data))
        for start in range(0, len(data), batch):
            rows = data[order[start : start + batch]]
            samples = _gibbs_samples(machine, samples if persistent else rows, rng, k)
            machine = machine.updated(_difference(machine, rows, samples), rate)
        if watch is not None:
            watch(epoch, machine)
    return machine


def states(units: int) -> Float64Array:
    """Return all states of a layer, ``(2**units, units)``.

    Example:
        >>> states(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]

    Raises:
        ValueError: There are more than 16 units, or less than 1.
    """
    if not 1 <= units <= _MAX_UNITS:
        raise ValueError(f"units must be between 1 and {_MAX_UNITS}, got {units}")
    return np.array(list(product([0.0, 1.0], repeat=units)))


def log_partition(machine: RBM) -> float:
    """Return ``log Z``, by summing over all visible states."""
    return float(np.logaddexp.reduce(-machine.free_energy(states(len(machine.visible_bias)))))


def log_likelihood(machine: RBM, v: ArrayLike) -> float:
    """Return the exact mean of ``log p(v)`` over the rows of ``v``, in nats."""
    return float(np.mean(-machine.free_energy(v))) - log_partition(machine)


def exact_gradient(machine: RBM, v: ArrayLike) -> Gradient:
    """Return the gradient of ``log_likelihood``: expectations over the data minus the model."""
    all_states = states(len(machine.visible_bias))
    probability = np.exp(-machine.free_energy(all_states) - log_partition(machine))
    return _difference(machine, machine._visible(v), all_states, probability)  # noqa: SLF001


def expected_cd(machine: RBM, v: ArrayLike, k: int) -> Gradient:
    """Return the exact expectation of the CD-k update.

    Example:
        >>> machine = RBM(np.array([[1.0, -2, 0.5], [0, 1, 1]]), np.zeros(3), np.zeros(2))
        >>> exact = exact_gradient(machine, [[1, 0, 1]]).flat()
        >>> error = [np.linalg.norm(expected_cd(machine, [[1, 0, 1]], k).flat() - exact)
        ...          for k in (1, 10)]
        >>> bool(error[1] < error[0])
        True
    """
    data = np.atleast_2d(machine._visible(v))  # noqa: SLF001  (the same module)
    visible, hidden = states(len(machine.visible_bias)), states(len(machine.hidden_bias))
    up = _probabilities(machine.p_h_given_v(visible), hidden)
    down = _probabilities(machine.p_v_given_h(hidden), visible)
    probability = (data[:, None, :] == visible[None, :, :]).all(axis=2).mean(axis=0)
    for _ in range(k):
        probability = probability @ up @ down
    return _difference(machine, data, visible, probability)


def _probabilities(on: Float64Array, targets: Float64Array) -> Float64Array:
    """Return each target state's probability (column), given unit probabilities (row)."""
    factors = np.where(targets[None, :, :] == 1, on[:, None, :], 1 - on[:, None, :])
    return np.asarray(factors.prod(axis=2))


def _difference(
    machine: RBM, data: Float64Array, samples: Float64Array, probability: Float64Array | None = None
) -> Gradient:
    """Return the differences of <h v>, <v> and <h> between data and samples."""
    parts = []
    for v, weight in ((data, None), (samples, probability)):
        rows = np.atleast_2d(v)
        share = np.full(len(rows), 1 / len(rows)) if weight is None else weight
        h = machine.p_h_given_v(rows)
        parts.append(((h * share[:, None]).T @ rows, share @ rows, share @ h))
    return Gradient(*(plus - minus for plus, minus in zip(*parts, strict=True)))


def _gibbs_samples(
    machine: RBM, start: Float64Array, rng: np.random.Generator, k: int
) -> Float64Array:
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    return next(islice(machine.gibbs(start, rng), k - 1, None))[1]


def _sample(probability: Float64Array, rng: np.random.Generator) -> Float64Array:
    return (rng.random(probability.shape) < probability).astype(np.float64)
