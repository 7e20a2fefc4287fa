"""Train an autoencoder with live progress; an interrupt keeps what was learned.

Example:
    >>> from course import autoencoder, data
    >>> digits = data.digits("bundled")
    >>> model = autoencoder.build(784, 32, 4)
    >>> history = train(model, digits.x_train, epochs=2, live=False)
    >>> len(history.loss)
    2
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from course.autoencoder.backend import tensorflow
from course.autoencoder.display import Display
from course.autoencoder.history import History
from course.autoencoder.interrupts import StopRequested, deferred_interrupt
from course.autoencoder.memory_errors import train_memory_message
from course.autoencoder.recipe import Loss, Precision, Recipe
from course.autoencoder.training_run import TrainingRun

if TYPE_CHECKING:
    import keras


def train(  # noqa: PLR0913  (keyword arguments with defaults)
    model: keras.Model,
    x_train: ArrayLike,
    *,
    epochs: int = 20,
    batch: int = 512,
    learning_rate: float | None = None,
    loss: Loss = "squared_error",
    shift: int = 1,
    noise: float = 0.0,
    validation: ArrayLike | None = None,
    seed: int = 0,
    precision: Precision = "auto",
    live: bool = True,
) -> History:
    """Train an autoencoder to reproduce its input.

    Example:
        >>> from course import autoencoder, data
        >>> words = data.news("written").x_train
        >>> model = autoencoder.build(words.shape[1], 2, output="softmax")
        >>> train(model, words, epochs=1, loss="cross_entropy", shift=0, live=False).interrupted
        False

    You can stop it at any time with the notebook's stop button or Ctrl+C: it ends within about a
    second, and the model keeps what it has learned. Call it again to continue from there.
    ``course.autoencoder.recipe`` documents the training recipe.

    Args:
        model: From `build`, or any other Keras model ``(n, d) -> (n, d)``.
        x_train: Examples, ``(n, d)``; in [0, 1] if the model's output is sigmoid or softmax.
        epochs: How often each example is used.
        batch: Examples per step. For small data sets, choose one that gives at least ten steps
            per epoch.
        learning_rate: Adam's peak step size; None chooses one that suits the batch, 0.004 for 512.
        loss: ``"squared_error"``, or ``"cross_entropy"`` for sigmoid and softmax outputs. Both are
            summed over the numbers of an example and averaged over examples.
        shift: Images are moved at random by up to this many pixels, to learn more than the
            examples themselves. Use 0 if the rows aren't square images.
        noise: Standard deviation of noise added to the input, for a denoising autoencoder.
        validation: Examples, ``(m, d)``, on which to measure the loss after each epoch; don't use
            the test set.
        seed: The same seed draws the same batches.
        precision: ``"auto"`` multiplies in bfloat16 where that is faster, else in float32.
        live: Whether to show a progress bar and, in a notebook, the loss curve.

    Returns:
        Losses and times.

    Raises:
        ValueError: An argument is invalid; the message names it.
        TrainingError: The loss became NaN or infinite; the model holds the last good weights.
        MemoryError: There is not enough memory for this batch or model.
    """
    recipe = Recipe(
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        loss=loss,
        shift=shift,
        noise=noise,
        seed=seed,
        precision=precision,
    )
    tf, _ = tensorflow()
    with deferred_interrupt() as stop_requested:
        try:
            return _train(
                TrainingRun(recipe, model, x_train, validation),  # unnamed, for gc.collect() below
                live=live,
                stop_requested=stop_requested,
            )
        except KeyboardInterrupt:  # raised where SIGINT can't be deferred, before the first step
            return History(interrupted=True)
        except (MemoryError, tf.errors.ResourceExhaustedError) as error:
            raise MemoryError(train_memory_message(model, batch, np.shape(x_train)[0])) from error
        finally:
            # TensorFlow's graphs are reference cycles and would otherwise pile up.
            gc.collect()


def _train(run: TrainingRun, *, live: bool, stop_requested: StopRequested) -> History:
    epochs = run.recipe.epochs
    try:
        with Display(epochs, run.steps_per_epoch, shown=live) as display, run:
            for _ in range(epochs):
                run.epoch(display, stop_requested)
    except KeyboardInterrupt:  # a second one during the clean-up after the first
        run.stop()
    return run.history
