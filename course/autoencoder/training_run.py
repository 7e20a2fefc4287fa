"""Train a model epoch by epoch; however it ends, the model holds the averaged weights.

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
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float32Array
from course.autoencoder.checks import TrainingError, training_examples
from course.autoencoder.history import History
from course.autoencoder.interrupts import StopRequested, never_stop
from course.autoencoder.recipe import Recipe
from course.autoencoder.steps import TrainingSteps, last_layer, output_activation

if TYPE_CHECKING:
    import keras

    from course.autoencoder.display import Display

_STEPS_PER_CALL = 20  # about a second on two cores, so that progress shows and stopping is quick
_EPSILON = 0.01  # keeps logits finite for pixels that are always 0 or 1


class TrainingRun:
    """A training run. Leaving its ``with`` block gives the model the averaged weights.

    A ``KeyboardInterrupt`` ends the block without an exception; `history` records it and the
    unfinished epoch.

    Attributes:
        recipe: The settings; the learning rate schedule spans ``recipe.epochs`` calls of `epoch`.
        history: Losses and times so far.
        steps_per_epoch: Batches per epoch.
        steps_per_call: Batches that TensorFlow processes in one call.

    Raises:
        ValueError: An argument is invalid; the message names it.
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

        def checked(name: str, values: ArrayLike) -> Float32Array:
            return training_examples(name, values, width=width, bounded=bounded)

        x = checked("x_train", x_train)
        self._validation = None if validation is None else checked("validation", validation)
        _initialize_output_bias(model, x)
        self._n, self._batch = len(x), min(recipe.batch, len(x))
        self.steps_per_epoch = self._n // self._batch
        self.steps_per_call = _STEPS_PER_CALL
        self.recipe, self._model = recipe, model
        self._steps = TrainingSteps(model, recipe, x, self.steps_per_epoch * recipe.epochs)
        self._rng = np.random.default_rng(recipe.seed)
        self._best_weights = self._steps.averaged_weights()
        self._seconds = 0.0  # of completed epochs
        self._start, self._loss_sum, self._batches_done = 0.0, 0.0, 0  # of the running epoch
        self.history = History(precision=self._steps.precision)

    def __enter__(self) -> Self:
        """Start the block; nothing to prepare."""
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        """Give the model the averaged weights; suppress a KeyboardInterrupt."""
        if isinstance(error, KeyboardInterrupt):
            self.stop()
            return True
        self._steps.assign_weights(self._best_weights)
        return False

    def stop(self) -> None:
        """Give the model the averaged weights, and record the unfinished epoch; idempotent."""
        self._steps.assign_weights(self._best_weights)
        self.history.interrupted = True
        batches, self._batches_done = self._batches_done, 0
        if batches:
            seconds = self._seconds + time.perf_counter() - self._start
            self.history.add(self._loss_sum / batches, None, seconds)
            self.history.part = batches / self.steps_per_epoch

    def epoch(
        self, display: Display | None = None, stop_requested: StopRequested = never_stop
    ) -> None:
        """Train on every example once; ask every few batches whether to stop.

        Raises:
            TrainingError: The loss or a weight became NaN or infinite.
            KeyboardInterrupt: A stop was requested.
        """
        self._start, self._loss_sum, self._batches_done = time.perf_counter(), 0.0, 0
        order = self._rng.permutation(self._n)[: self.steps_per_epoch * self._batch]
        batches = order.reshape(-1, self._batch).astype(np.int32)
        for first in range(0, len(batches), self.steps_per_call):
            if stop_requested():
                raise KeyboardInterrupt
            chunk = batches[first : first + self.steps_per_call]
            loss, finite = self._steps.take(chunk)
            if not finite:
                raise TrainingError(_divergence_message(self.recipe, self.history), self.history)
            self._best_weights = self._steps.averaged_weights()
            self._loss_sum += loss * len(chunk)
            self._batches_done += len(chunk)
            if display is not None:
                display.step(len(chunk), loss)
        validation_loss = None
        if self._validation is not None:
            with self.averaged():
                validation_loss = self._steps.measure(self._validation)
        self._seconds += time.perf_counter() - self._start
        self._batches_done = 0
        self.history.add(self._loss_sum / len(batches), validation_loss, self._seconds)
        if display is not None:
            display.epoch(self.history)

    @contextmanager
    def averaged(self) -> Iterator[keras.Model]:
        """Yield the model with its averaged weights; restore the training weights afterwards."""
        current = self._steps.current()
        self._steps.assign_weights(self._best_weights)
        try:
            yield self._model
        finally:
            self._steps.assign_weights(current)


def _check_model(model: Any, recipe: Recipe) -> tuple[int, bool]:
    """Return the width of the data, and whether it must lie in [0, 1]."""
    shapes = (getattr(model, "input_shape", None), getattr(model, "output_shape", None))
    flat = all(isinstance(shape, tuple) and len(shape) == 2 for shape in shapes)
    if not flat or not model.trainable_variables:
        raise ValueError(
            "model must be a Keras model (n, d) -> (n, d) with weights, such as build(784, 30)."
        )
    width, out = (int(shape[1]) for shape in shapes if shape)
    if width != out:
        raise ValueError(
            f"model must have as many outputs as inputs, got {width} inputs and {out} outputs."
        )
    last = output_activation(model)
    if recipe.loss == "cross_entropy" and last == "linear":
        raise ValueError(
            'loss="cross_entropy" needs probabilities as outputs, but the model\'s output is '
            'linear; use build(..., output="sigmoid") or "softmax".'
        )
    return width, last in ("sigmoid", "softmax") or recipe.loss == "cross_entropy"


def _check_shift(recipe: Recipe, width: int) -> None:
    side = math.isqrt(width)
    if recipe.shift and (side * side != width or recipe.shift >= side):
        raise ValueError(
            f"Rows of {width} numbers aren't square images that can be shifted by {recipe.shift} "
            "pixels; use shift=0."
        )


def _initialize_output_bias(model: Any, x: Float32Array) -> None:
    """Make an untrained model output the mean example."""
    bias = getattr(last_layer(model), "bias", None)
    if bias is None or np.any(bias.numpy()):  # a trained model has a bias
        return
    mean = x.mean(0, dtype=np.float64)
    kind = output_activation(model)
    if kind == "sigmoid":
        bias.assign(np.log((mean + _EPSILON) / (1 + _EPSILON - mean)))
    elif kind == "softmax":
        bias.assign(np.log(mean + _EPSILON / len(mean)))
    elif kind == "linear":
        bias.assign(mean)


def _divergence_message(recipe: Recipe, history: History) -> str:
    return (
        f"The loss became NaN or infinite in epoch {len(history.loss) + 1}. Likely causes: the "
        f"learning rate is too large ({recipe.rate:g}; try {recipe.rate / 10:g}), the data isn't "
        "scaled, or a custom layer takes the logarithm of 0 or divides by 0. "
        "The model keeps the last good weights."
    )
