"""Build, train, save and load deep autoencoders, and use one that is already trained.

Example:
    >>> from course import autoencoder, data
    >>> digits = data.digits("bundled")
    >>> model = autoencoder.build(784, 64, 8)
    >>> history = autoencoder.train(model, digits.x_train, epochs=3, live=False)
    >>> codes = model.encoder.predict(digits.x_test, verbose=0)
    >>> codes.shape
    (2000, 8)

`build`, `build_convolutional` and `build_variational` return a Keras model, `train` trains it,
`save` and `load` store one of `build` without pickle. ``course.autoencoder.frozen`` runs such
networks in plain NumPy and includes a trained one for digits. The first `build` imports TensorFlow.
`train_sparse` trains a sparse autoencoder for the activations of another network, in NumPy.
"""

from __future__ import annotations

from course.autoencoder.checks import TrainingError
from course.autoencoder.convolutional import build_convolutional
from course.autoencoder.files import freeze, load, save
from course.autoencoder.frozen import FrozenAutoencoder
from course.autoencoder.frozen_variational import FrozenVariational
from course.autoencoder.history import History
from course.autoencoder.model import build
from course.autoencoder.sparse import SparseAutoencoder, train_sparse
from course.autoencoder.training import train
from course.autoencoder.variational import build_variational, freeze_variational

__all__ = [
    "FrozenAutoencoder",
    "FrozenVariational",
    "History",
    "SparseAutoencoder",
    "TrainingError",
    "build",
    "build_convolutional",
    "build_variational",
    "freeze",
    "freeze_variational",
    "load",
    "save",
    "train",
    "train_sparse",
]
