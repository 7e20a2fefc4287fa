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

from numpy.typing import ArrayLike

from course.autoencoder.backend import tensorflow
from course.autoencoder.display import Display
from course.autoencoder.history import History
from course.autoencoder.recipe import Loss, Precision, Recipe
from course.autoencoder.run import Run

if TYPE_CHECKING:
    import keras


def train(  # noqa: PLR0913  (all but two have a good default, and go by name)
    model: keras.Model,
    x_train: ArrayLike,
    *,
    epochs: int = 20,
    batch: int = 512,
    learning_rate: float = 2e-3,
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

    It can be stopped at any time (the notebook's stop button, Ctrl+C): the model then holds what
    was learned so far. Called again, it goes on from there. Every part of the recipe stands in
    ``course.autoencoder.recipe``.

    Args:
        model: From `build`; any Keras model that turns ``(n, d)`` into ``(n, d)`` does.
        x_train: Examples, ``(n, d)``; in [0, 1] where the model's output is sigmoid or softmax.
        epochs: How often each example is seen.
        batch: Examples a step; few examples want a small one, so that an epoch has some ten steps.
        learning_rate: Adam's greatest step size.
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
    try:
        return _learn(Run(recipe, model, x_train, validation), epochs, live)
    except KeyboardInterrupt:  # while the graph was built
        return History(interrupted=True)
    except tf.errors.ResourceExhaustedError as error:
        raise MemoryError(
            f"train: no memory left for batch={batch} and a model of {model.count_params():,} "
            "numbers; a smaller batch needs less."
        ) from error
    finally:
        gc.collect()  # TensorFlow's graphs refer to themselves and would pile up until Python looks


def _learn(run: Run, epochs: int, live: bool) -> History:
    with Display(epochs, run.steps_an_epoch, shown=live) as display, run:
        for _ in range(epochs):
            run.epoch(display)
    return run.history
