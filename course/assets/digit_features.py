"""A dictionary of the features in the digit classifier's hidden layer, and what they respond to.

Example:
    >>> dictionary().features == len(facts().shares)
    True

``benchmarks/assets/make_digit_features.py`` in the course's repository trained and measured it.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from course.arrays import Float32Array
from course.autoencoder.sparse import SparseAutoencoder

WEIGHTS: Final = Path(__file__).with_suffix(".npz")
FACTS: Final = WEIGHTS.with_suffix(".json")
PICTURES: Final = WEIGHTS.with_suffix(".png")
_TILE: Final = 28


@dataclass(frozen=True)
class DigitFeaturesFacts:
    """How the dictionary was trained, and what its features do.

    Attributes:
        active: How many features of an image may be on.
        epochs: Passes over the training digits.
        features: How many directions were trained; those that never fired aren't stored.
        error: Mean squared error of the hidden layer's 96 numbers on the bundled test digits.
        spread: The same for always returning the mean: what there is to explain.
        accuracy: Share of the bundled test digits that the classifier reads correctly.
        copied_accuracy: The same, if it gets the dictionary's copies of its hidden layer.
        mean_active: How many features are on for a test digit, on average.
        shares: Of how many training images each feature is on.
        digits: For each feature, which digits turn it on: ten shares of its total strength.
        names: The names of some features, given after looking at their strongest digits.
        strongest: How many digits the picture shows for each feature.
    """

    active: int
    epochs: int
    features: int
    error: float
    spread: float
    accuracy: float
    copied_accuracy: float
    mean_active: float
    shares: list[float]
    digits: list[list[float]]
    names: dict[str, str]
    strongest: int

    def name(self, feature: int) -> str:
        """Return what to call a feature."""
        return self.names.get(str(feature), f"feature {feature}")


@functools.cache
def facts() -> DigitFeaturesFacts:
    """Return the measurements.

    Example:
        >>> facts().copied_accuracy > 0.95
        True
    """
    return DigitFeaturesFacts(**json.loads(FACTS.read_text(encoding="utf-8")))


@functools.cache
def dictionary() -> SparseAutoencoder:
    """Return the trained sparse autoencoder; the same object each time.

    Example:
        >>> from course import classifier
        >>> hidden = classifier.load().hidden(np.zeros((1, 784)))
        >>> dictionary().encode(hidden).shape == (1, dictionary().features)
        True
    """
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        arrays = {
            name: stored[name].astype(np.float32)
            for name in ("encoder", "bias", "decoder", "center")
        }
    return SparseAutoencoder(**arrays, active=facts().active)


@functools.cache
def pictures() -> Float32Array:
    """Return the strongest digits of each feature, ``(features, strongest, 784)``; 1 is ink."""
    from PIL import Image

    with Image.open(PICTURES) as picture:
        pixels: Float32Array = np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
    features = pixels.shape[0] // _TILE
    tiles = pixels.reshape(features, _TILE, -1, _TILE).transpose(0, 2, 1, 3)
    return 1 - tiles.reshape(features, -1, _TILE**2)
