"""One training run, epoch by epoch; whatever ends it, the model holds its best weights.

Example:
    >>> import numpy as np
    >>> from course.autoencoder.model import build
    >>> from course.autoencoder.recipe import Recipe
    >>> with TrainingRun(Recipe(epochs=2), build(16, 2), np.ones((9, 16))) as run:
    ...     run.epoch()
    >>> len(run.history.loss)
    1
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.autoencoder.checks import TrainingError, training_examples
from course.autoencoder.history import History
from course.autoencoder.interrupts import StopRequested, never_stop
from course.autoencoder.recipe import Recipe
from course.autoencoder.steps import TrainingSteps, last_layer

if TYPE_CHECKING:
    import keras

    from course.autoencoder.display import Display

FloatArray = NDArray[np.float32]

_STEPS_A_CALL = 20  # about a second on two cores: the bar moves, and a stop is heard
_FAINT = 0.01  # keeps the logit of a pixel that is never lit finite


@dataclass
class _Begun:
    """The epoch that is being learned: when it began, and what has come of it."""

    at: float
    losses: float = 0.0
    batches: int = 0


class TrainingRun:
    """A training run. Leaving its ``with`` block gives the model the averaged weights.

    An interrupt (``KeyboardInterrupt``) ends the block early and quietly; `history` notes it, and
    what was learned of the epoch that it broke off.

    Args:
        recipe: How to train; its learning rate is planned for ``recipe.epochs`` calls of `epoch`.
        model: What to train.
        x_train: ``(n, d)``.
        validation: ``(m, d)``, or None.

    Attributes:
        recipe: How it trains.
        history: What was learned so far.
        steps_an_epoch: How many batches an epoch has.
        steps_a_call: How many of them TensorFlow takes in one go.

    Raises:
        ValueError: Something is not as it should be; the message names it.
    """

    def __init__(
        self,
        recipe: Recipe,
        model: keras.Model,
        x_train: ArrayLike,
        validation: ArrayLike | None = None,
    ) -> None:
        width, bounded = _check_model(model, recipe)
        _check_shift(recipe, width)
        x = training_examples("train(x_train)", x_train, width=width, bounded=bounded)
        self._validation: FloatArray | None = None
        if validation is not None:
            self._validation = training_examples(
                "train(validation)", validation, width=width, bounded=bounded
            )
        _start(model, x)
        self._n, self._batch = len(x), min(recipe.batch, len(x))
        self.steps_per_epoch = self._n // self._batch
        self.steps_per_call = _STEPS_A_CALL
        self.recipe, self._model = recipe, model
        self._steps = TrainingSteps(model, recipe, x, self.steps_per_epoch * recipe.epochs)
        self._chance = np.random.default_rng(recipe.seed)
        self._good = self._steps.averaged_weights()
        self._seconds = 0.0
        self._begun: _Begun | None = None
        self.history = History(precision=self._steps.precision)

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Give the model its best weights; an interrupt ends here."""
        if isinstance(error, KeyboardInterrupt):
            self.stop()
            return True
        self._steps.assign_weights(self._good)
        return False

    def stop(self) -> None:
        """Give the model its best weights, and note what was learned; twice is once."""
        self._steps.assign_weights(self._good)
        self.history.interrupted = True
        begun, self._begun = self._begun, None
        if begun is not None and begun.batches:
            seconds = self._seconds + time.perf_counter() - begun.at
            share = begun.batches / self.steps_per_epoch
            self.history.add_part(share, begun.losses / begun.batches, seconds)

    def epoch(self, display: Display | None = None, stopped: StopRequested = never_stop) -> None:
        """Learn from every example once.

        Args:
            display: Where to show how it goes.
            stopped: Asked after every few batches whether to stop.

        Raises:
            TrainingError: The loss, or a weight, became NaN or infinite.
            KeyboardInterrupt: It was stopped.
        """
        self._begun = begun = _Begun(time.perf_counter())
        order = self._chance.permutation(self._n)[: self.steps_per_epoch * self._batch]
        batches = order.reshape(-1, self._batch).astype(np.int32)
        for first in range(0, len(batches), self.steps_per_call):
            if stopped():
                raise KeyboardInterrupt
            some = batches[first : first + self.steps_per_call]
            loss, sound = self._steps.take(some)
            if not sound:
                raise TrainingError(_went_off(self.recipe, self.history), self.history)
            self._good = self._steps.averaged_weights()
            begun.losses += loss * len(some)
            begun.batches += len(some)
            if display is not None:
                display.step(len(some), loss)
        measured = None
        if self._validation is not None:
            with self.averaged():
                measured = self._steps.measure(self._validation)
        self._seconds += time.perf_counter() - begun.at
        self._begun = None
        self.history.add(begun.losses / begun.batches, measured, self._seconds)
        if display is not None:
            display.epoch(self.history)

    @contextmanager
    def averaged(self) -> Iterator[keras.Model]:
        """Lend the model with its averaged weights, as they are now; training can go on after."""
        current = self._steps.current()
        self._steps.assign_weights(self._good)
        try:
            yield self._model
        finally:
            self._steps.assign_weights(current)


def _check_model(model: Any, recipe: Recipe) -> tuple[int, bool]:
    """Return the width of the data, and whether they must lie in [0, 1]."""
    shapes = (getattr(model, "input_shape", None), getattr(model, "output_shape", None))
    flat = all(isinstance(shape, tuple) and len(shape) == 2 for shape in shapes)
    if not flat or not model.trainable_variables:
        raise ValueError(
            "model: a Keras model (n, d) -> (n, d) with weights is right, such as build(784, 30)."
        )
    width, out = (int(shape[1]) for shape in shapes if shape)
    if width != out:
        raise ValueError(
            f"model: {width} numbers go in, {out} come out; a copy has as many as its original."
        )
    last = getattr(getattr(last_layer(model), "activation", None), "__name__", "")
    if recipe.loss == "cross_entropy" and last == "linear":
        raise ValueError(
            'loss="cross_entropy": the output of the model is linear, but must be a probability; '
            'build(..., output="sigmoid") or "softmax" is right.'
        )
    return width, last in ("sigmoid", "softmax") or recipe.loss == "cross_entropy"


def _check_shift(recipe: Recipe, width: int) -> None:
    side = math.isqrt(width)
    if recipe.shift and (side * side != width or recipe.shift >= side):
        raise ValueError(
            f"shift={recipe.shift}: rows of {width} numbers are no square pictures that could be "
            "moved so far; shift=0 is right for them."
        )


def _start(model: Any, x: FloatArray) -> None:
    """Let an untrained model begin with the mean example; later its last bias is not all 0."""
    last = last_layer(model)
    bias = getattr(last, "bias", None)
    if bias is None or np.any(bias.numpy()):
        return
    mean = x.mean(0, dtype=np.float64)
    kind = getattr(last.activation, "__name__", "")
    if kind == "sigmoid":
        bias.assign(np.log((mean + _FAINT) / (1 + _FAINT - mean)))
    elif kind == "softmax":
        bias.assign(np.log(mean + _FAINT / len(mean)))
    elif kind == "linear":
        bias.assign(mean)


def _went_off(recipe: Recipe, history: History) -> str:
    return (
        f"The loss became NaN or infinite in epoch {len(history.loss) + 1}. Likely causes: too "
        f"large a learning rate ({recipe.rate:g}; try {recipe.rate / 10:g}), "
        "data that are not scaled, a logarithm of 0 or a division by 0 in a layer of your own. "
        "The model keeps the last good weights."
    )
