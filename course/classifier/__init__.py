"""The digit classifier behind the canvas: from 784 pixels to ten probabilities.

Example:
    >>> import numpy as np
    >>> from course import classifier
    >>> network = classifier.load()
    >>> network.probabilities(np.zeros((1, 784))).shape
    (1, 10)

``benchmarks/assets/make_digit_classifier.py`` trained it on MNIST and on augmented digits
(`augmentation`, `habits`), and reports its accuracy. Using it requires only NumPy.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import numpy as np

from course.classifier.network import DigitClassifier, softmax

__all__ = ["WEIGHTS", "DigitClassifier", "load", "softmax"]

WEIGHTS: Final = Path(__file__).resolve().parents[1] / "assets" / "digit_classifier.npz"


@functools.cache
def load(path: Path = WEIGHTS) -> DigitClassifier:
    """Return the trained network; the same object each time.

    Example:
        >>> load() is load()
        True

    Raises:
        OSError: The file can't be read.
        ValueError: The file lacks an array.
    """
    with np.load(path, allow_pickle=False) as stored:
        missing = {f"{kind}_{i}" for kind in ("kernel", "bias") for i in range(4)} - set(stored)
        if missing:
            raise ValueError(f"{path} is not a digit classifier: it lacks {sorted(missing)}")
        kernels = tuple(stored[f"kernel_{i}"].astype(np.float32) for i in range(4))
        biases = tuple(stored[f"bias_{i}"].astype(np.float32) for i in range(4))
    return DigitClassifier(kernels, biases)
