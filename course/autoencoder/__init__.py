"""A deep autoencoder: build it, train it, keep it, and one that is trained already.

Example:
    >>> from course import autoencoder, data
    >>> digits = data.digits("bundled")
    >>> model = autoencoder.build(784, 64, 8)
    >>> history = autoencoder.train(model, digits.x_train, epochs=3, live=False)
    >>> codes = model.encoder.predict(digits.x_test, verbose=0)
    >>> codes.shape
    (296, 8)

`build` makes a Keras model, `train` teaches it, `save` and `load` keep it without
pickle. ``course.autoencoder.frozen`` holds the same networks in plain NumPy, among them
one for digits that the course has trained. TensorFlow loads with the first `build`.
"""

from __future__ import annotations

from course.autoencoder.checks import TrainingError
from course.autoencoder.files import load, save
from course.autoencoder.frozen import FrozenAutoencoder
from course.autoencoder.history import History
from course.autoencoder.model import build
from course.autoencoder.training import train

__all__ = ["FrozenAutoencoder", "History", "TrainingError", "build", "load", "save", "train"]
