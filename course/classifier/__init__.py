"""The digit classifier behind the canvas: 784 numbers in, ten probabilities out.

Example:
    >>> import numpy as np
    >>> from course import classifier
    >>> reader = classifier.load()
    >>> reader.probabilities(np.zeros((1, 784))).shape
    (1, 10)

``benchmarks/assets/make_digit_classifier.py`` trained it, on MNIST and on variations of MNIST
(`variations`, `habits`), and says how well it reads. Using it takes NumPy alone.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

import numpy as np

from course.classifier.network import DigitClassifier

__all__ = ["WEIGHTS", "DigitClassifier", "load"]

WEIGHTS: Final = Path(__file__).resolve().parents[1] / "assets" / "digit_classifier.npz"


@functools.cache
def load(path: Path = WEIGHTS) -> DigitClassifier:
    """Return the trained network; the same object each time.

    Example:
        >>> load() is load()
        True

    Args:
        path: A file of arrays ``kernel_0``, ``bias_0``, ... ``bias_3``.

    Raises:
        OSError: There is no such file.
        ValueError: It holds something else.
    """
    with np.load(path, allow_pickle=False) as stored:
        missing = {f"{kind}_{i}" for kind in ("kernel", "bias") for i in range(4)} - set(stored)
        if missing:
            raise ValueError(f"{path}: without {', '.join(sorted(missing))}; no digit classifier")
        kernels = tuple(stored[f"kernel_{i}"].astype(np.float32) for i in range(4))
        biases = tuple(stored[f"bias_{i}"].astype(np.float32) for i in range(4))
    return DigitClassifier(kernels, biases)
