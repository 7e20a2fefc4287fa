"""Training that is fast, shows how it goes, and loses nothing when it is stopped.

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


def train(  # noqa: PLR0913  (all but two have a good default, and go by name)
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
    """Teach an autoencoder to copy.

    Example:
        >>> from course import autoencoder, data
        >>> words = data.news("written").x_train
        >>> model = autoencoder.build(words.shape[1], 2, output="softmax")
        >>> train(model, words, epochs=1, loss="cross_entropy", shift=0, live=False).interrupted
        False

    It can be stopped at any time (the notebook's stop button, Ctrl+C): within about a second it
    ends, and the model holds what was learned so far. Called again, it goes on from there. Every
    part of the recipe stands in ``course.autoencoder.recipe``.

    Args:
        model: From `build`; any Keras model that turns ``(n, d)`` into ``(n, d)`` does.
        x_train: Examples, ``(n, d)``; in [0, 1] where the model's output is sigmoid or softmax.
        epochs: How often each example is seen.
        batch: Examples a step; few examples want a small one, so that an epoch has some ten steps.
        learning_rate: Adam's greatest step size; None is what suits the batch, 0.004 for 512.
        loss: ``"squared_error"``, or ``"cross_entropy"`` for sigmoid and softmax outputs. Both are
            summed over the numbers of an example and averaged over examples.
        shift: Pictures are moved by up to so many pixels, at random, so that more is learned
            than the examples themselves. 0 for rows that are no square pictures.
        noise: Standard deviation of noise added to the input, for a denoising autoencoder.
        validation: Examples to measure the loss on after each epoch, ``(m, d)``; none of the test
            set.
        seed: The same seed draws the same batches.
        precision: ``"auto"`` multiplies in bfloat16 where that is faster, else in float32.
        live: Whether to show a progress bar and, in a notebook, the curve of the loss.

    Returns:
        The losses and the time they took.

    Raises:
        ValueError: An argument is not as it should be; the message names it.
        TrainingError: The loss became NaN or infinite; the model holds the last good weights.
        MemoryError: There is not enough memory for so large a batch or model.
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
    with deferred_interrupt() as stopped:
        try:
            return _learn(
                TrainingRun(recipe, model, x_train, validation), live=live, stopped=stopped
            )
        except KeyboardInterrupt:  # while the graph was built, and where it could not be noted
            return History(interrupted=True)
        except (MemoryError, tf.errors.ResourceExhaustedError) as error:
            raise MemoryError(train_memory_message(model, batch, np.shape(x_train)[0])) from error
        finally:
            # TensorFlow's graphs refer to themselves and would pile up until Python looks.
            gc.collect()


def _learn(run: TrainingRun, *, live: bool, stopped: StopRequested) -> History:
    epochs = run.recipe.epochs
    try:
        with Display(epochs, run.steps_per_epoch, shown=live) as display, run:
            for _ in range(epochs):
                run.epoch(display, stopped)
    except KeyboardInterrupt:  # a further one, while the first was dealt with
        run.stop()
    return run.history
