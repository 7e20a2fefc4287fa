"""A restricted Boltzmann machine of binary units, in NumPy, small enough to read in one sitting.

Example:
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat([[1.0, 1, 0, 0], [0, 0, 1, 1]], 50, axis=0)
    >>> machine = train(RBM.random(visible=4, hidden=2, rng=rng), x, rng, epochs=200, rate=0.5)
    >>> bool(machine.free_energy([1, 1, 0, 0]) < machine.free_energy([1, 0, 1, 0]))
    True

Two layers, one matrix of weights, no arrows. Every pair of a visible state ``v`` and a
hidden state ``h`` has an energy ``E(v, h) = -b.v - c.h - h.W.v``, and its probability is
``exp(-E) / Z``. Names and layout are those of scikit-learn's ``BernoulliRBM``. After
G. Hinton, A practical guide to training restricted Boltzmann machines, 2010,
https://www.cs.toronto.edu/~hinton/absps/guideTR.pdf.

The last functions sum over all states, which only a small machine can afford: they are the
truth against which ``contrastive_divergence`` is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_MOST_UNITS: Final = 16
"""Layers of up to this many units are summed over: 65,536 states."""


@dataclass(frozen=True)
class Gradient:
    """What to add to each parameter, times a learning rate, to make the data more probable."""

    weights: Floats
    visible_bias: Floats
    hidden_bias: Floats

    def flat(self) -> Floats:
        """Return all numbers in one row, to compare gradients by length and angle."""
        return np.concatenate([self.weights.ravel(), self.visible_bias, self.hidden_bias])


@dataclass(frozen=True)
class RBM:
    """The machine: three arrays, and what follows from them.

    Example:
        >>> machine = RBM(np.array([[2.0, -1.0]]), np.zeros(2), np.array([0.5]))
        >>> machine.p_h_given_v([1, 0]).round(3).tolist()
        [0.924]

    Wherever a state goes in, many can go in, one a row.

    Attributes:
        weights: ``W``, ``(hidden, visible)``.
        visible_bias: ``b``, ``(visible,)``.
        hidden_bias: ``c``, ``(hidden,)``.
    """

    weights: Floats
    visible_bias: Floats
    hidden_bias: Floats

    def __post_init__(self) -> None:
        """Check that the shapes fit together.

        Raises:
            ValueError: They do not.
        """
        hidden, visible = self.weights.shape
        for name, bias, size in (
            ("visible_bias", self.visible_bias, visible),
            ("hidden_bias", self.hidden_bias, hidden),
        ):
            if bias.shape != (size,):
                raise ValueError(
                    f"{name}: shape {bias.shape}; weights {self.weights.shape} are "
                    f"(hidden, visible), so ({size},) is right"
                )

    @classmethod
    def random(
        cls, visible: int, hidden: int, rng: np.random.Generator, scale: float = 0.01
    ) -> Self:
        """Return a machine with small random weights, as one begins to train it."""
        weights = scale * rng.standard_normal((hidden, visible))
        return cls(weights, np.zeros(visible), np.zeros(hidden))

    def energy(self, v: ArrayLike, h: ArrayLike) -> Floats:
        """Return ``-b.v - c.h - h.W.v`` for each pair; low energy is high probability."""
        visible, hidden = self._visible(v), np.asarray(h, dtype=np.float64)
        joint = ((hidden @ self.weights) * visible).sum(axis=-1)
        return np.asarray(-(visible @ self.visible_bias) - hidden @ self.hidden_bias - joint)

    def free_energy(self, v: ArrayLike) -> Floats:
        """Return ``F(v) = -log(sum over h of exp(-E(v, h)))``; then ``p(v) = exp(-F) / Z``.

        The sum over all hidden states falls apart into one factor for each hidden unit:
        ``F(v) = -b.v - sum(log(1 + exp(c + W.v)))``.
        """
        visible = self._visible(v)
        inputs = visible @ self.weights.T + self.hidden_bias
        return np.asarray(-(visible @ self.visible_bias) - np.logaddexp(0, inputs).sum(axis=-1))

    def p_h_given_v(self, v: ArrayLike) -> Floats:
        """Return for each hidden unit the probability to be on: ``sigmoid(c + W.v)``."""
        return sigmoid(self._visible(v) @ self.weights.T + self.hidden_bias)

    def p_v_given_h(self, h: ArrayLike) -> Floats:
        """Return for each visible unit the probability to be on: ``sigmoid(b + h.W)``."""
        return sigmoid(np.asarray(h, dtype=np.float64) @ self.weights + self.visible_bias)

    def sample_h(self, v: ArrayLike, rng: np.random.Generator) -> Floats:
        """Toss a coin for each hidden unit; return zeros and ones."""
        return _toss(self.p_h_given_v(v), rng)

    def sample_v(self, h: ArrayLike, rng: np.random.Generator) -> Floats:
        """Toss a coin for each visible unit; return zeros and ones."""
        return _toss(self.p_v_given_h(h), rng)

    def gibbs(self, v: ArrayLike, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
        """Walk through the states, each as often as it is probable, for ever.

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

    def reconstruct(self, v: ArrayLike) -> Floats:
        """Go up and down with probabilities in place of coins.

        That is what an autoencoder with the weights ``W`` and their transpose computes.
        """
        return self.p_v_given_h(self.p_h_given_v(v))

    def moved(self, step: Gradient, rate: float) -> Self:
        """Return the machine after a step along a gradient."""
        return type(self)(
            self.weights + rate * step.weights,
            self.visible_bias + rate * step.visible_bias,
            self.hidden_bias + rate * step.hidden_bias,
        )

    def _visible(self, v: ArrayLike) -> Floats:
        visible = np.asarray(v, dtype=np.float64)
        if visible.shape[-1:] != self.visible_bias.shape:
            raise ValueError(
                f"v: shape {visible.shape}; this machine has {len(self.visible_bias)} visible units"
            )
        return visible


def sigmoid(x: Floats) -> Floats:
    """Return ``1 / (1 + exp(-x))``, written so that no size of x overflows."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def contrastive_divergence(
    machine: RBM, v: ArrayLike, rng: np.random.Generator, k: int = 1
) -> Gradient:
    """Return the CD-k update: the data pull down the energy, ``k`` Gibbs steps later pull it up.

    Args:
        machine: The machine.
        v: A batch of data, ``(n, visible)``, zeros and ones.
        rng: Where the coins come from.
        k: Gibbs steps. More come nearer to the true gradient, and cost more.
    """
    data = machine._visible(v)  # noqa: SLF001  (the same module)
    if k < 1:
        raise ValueError(f"k={k}: at least one Gibbs step is needed")
    chain = machine.gibbs(data, rng)
    for _ in range(k):
        fantasy = next(chain)[1]
    return _difference(machine, data, fantasy)


def train(  # noqa: PLR0913  (the settings are named, and have defaults)
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
        machine: Where to start.
        x: Data, ``(n, visible)``, zeros and ones.
        rng: Decides order and coins.
        epochs: How often all data are gone through.
        k: Gibbs steps for each update.
        rate: Learning rate.
        batch: Examples for each update.
        persistent: Let the chains go on from update to update, instead of starting at the
            data: T. Tieleman, Training RBMs using approximations to the likelihood gradient,
            ICML 2008. scikit-learn does this.
        watch: Called after each epoch with its number, from 1, and the machine.
    """
    data = machine._visible(x)  # noqa: SLF001  (the same module)
    fantasy = data[rng.integers(len(data), size=batch)]
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(data))
        for start in range(0, len(data), batch):
            rows = data[order[start : start + batch]]
            if persistent:
                chain = machine.gibbs(fantasy, rng)
                for _ in range(k):
                    fantasy = next(chain)[1]
                step = _difference(machine, rows, fantasy)
            else:
                step = contrastive_divergence(machine, rows, rng, k)
            machine = machine.moved(step, rate)
        if watch is not None:
            watch(epoch, machine)
    return machine


def states(units: int) -> Floats:
    """Return all states of a layer, ``(2**units, units)``.

    Example:
        >>> states(2).tolist()
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]

    Raises:
        ValueError: There are too many to write them down.
    """
    if not 1 <= units <= _MOST_UNITS:
        raise ValueError(f"units={units}: all states can be listed for 1 to {_MOST_UNITS} units")
    return np.array(list(product([0.0, 1.0], repeat=units)))


def log_partition(machine: RBM) -> float:
    """Return ``log Z``, summed over all states of the visible layer."""
    return _log_sum_exp(-machine.free_energy(states(len(machine.visible_bias))))


def log_likelihood(machine: RBM, v: ArrayLike) -> float:
    """Return the mean of ``log p(v)`` over the rows of ``v``, exactly, in nats."""
    return float(np.mean(-machine.free_energy(v))) - log_partition(machine)


def exact_gradient(machine: RBM, v: ArrayLike) -> Gradient:
    """Return the gradient of ``log_likelihood``: expectations of the data minus of the machine."""
    every = states(len(machine.visible_bias))
    probability = np.exp(-machine.free_energy(every) - log_partition(machine))
    return _difference(machine, machine._visible(v), every, probability)  # noqa: SLF001


def expected_cd(machine: RBM, v: ArrayLike, k: int) -> Gradient:
    """Return what CD-k gives on average, exactly: the chain's probabilities after ``k`` steps.

    Example:
        >>> machine = RBM(np.array([[1.0, -2, 0.5], [0, 1, 1]]), np.zeros(3), np.zeros(2))
        >>> truth = exact_gradient(machine, [[1, 0, 1]]).flat()
        >>> miss = [np.linalg.norm(expected_cd(machine, [[1, 0, 1]], k).flat() - truth)
        ...         for k in (1, 10)]
        >>> bool(miss[1] < miss[0])
        True
    """
    data = np.atleast_2d(machine._visible(v))  # noqa: SLF001  (the same module)
    seen, hidden = states(len(machine.visible_bias)), states(len(machine.hidden_bias))
    up = _probabilities(machine.p_h_given_v(seen), hidden)
    down = _probabilities(machine.p_v_given_h(hidden), seen)
    here = (data[:, None, :] == seen[None, :, :]).all(axis=2).mean(axis=0)
    for _ in range(k):
        here = here @ up @ down
    return _difference(machine, data, seen, here)


def _probabilities(on: Floats, targets: Floats) -> Floats:
    """Return the probability of each target state (column) for each row of unit probabilities."""
    factors = np.where(targets[None, :, :] == 1, on[:, None, :], 1 - on[:, None, :])
    return np.asarray(factors.prod(axis=2))


def _difference(
    machine: RBM, data: Floats, fantasy: Floats, probability: Floats | None = None
) -> Gradient:
    """Return <h v> - <h v>, <v> - <v>, <h> - <h> of data and fantasy; h as probabilities."""
    parts = []
    for v, weight in ((data, None), (fantasy, probability)):
        rows = np.atleast_2d(v)
        share = np.full(len(rows), 1 / len(rows)) if weight is None else weight
        h = machine.p_h_given_v(rows)
        parts.append(((h * share[:, None]).T @ rows, share @ rows, share @ h))
    return Gradient(*(plus - minus for plus, minus in zip(*parts, strict=True)))


def _toss(probability: Floats, rng: np.random.Generator) -> Floats:
    return (rng.random(probability.shape) < probability).astype(np.float64)


def _log_sum_exp(values: Floats) -> float:
    highest = values.max()
    return float(highest + np.log(np.exp(values - highest).sum()))
