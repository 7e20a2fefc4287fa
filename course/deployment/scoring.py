"""Read digits: class, probabilities, and how well an autoencoder with 30 numbers copies them.

Example:
    >>> import numpy as np
    >>> reading = read_digits(np.zeros((1, 784), np.float32))[0]
    >>> len(reading.probabilities), len(reading.reconstruction)
    (10, 784)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

import numpy as np

from course import classifier, drawing
from course.arrays import Float32Array
from course.autoencoder import frozen

ERROR_LIMIT: Final = 6.8
"""Reconstruction error that 1% of MNIST's test digits exceed, and about half of the drawings of
other things (measured in ``benchmarks/pen_accuracy.md``)."""

_GRAY_LEVELS: Final = [json.dumps(round(level / 255, 4)) for level in range(256)]


@dataclass(frozen=True, slots=True)
class DigitReading:
    """The result for one digit; `course.deployment.schemas.Reading` describes the fields."""

    digit: int
    probabilities: list[float]
    reconstruction: bytes
    error: float

    @property
    def looks_like_a_digit(self) -> bool:
        """True if the autoencoder copies the image as well as it copies digits."""
        return self.error <= ERROR_LIMIT

    def json(self) -> str:
        """Return the reading as JSON; looking up the 784 gray levels is ten times faster."""
        reconstruction = ",".join([_GRAY_LEVELS[level] for level in self.reconstruction])
        fields = {
            "digit": self.digit,
            "probabilities": self.probabilities,
            "error": self.error,
            "error_limit": ERROR_LIMIT,
            "looks_like_a_digit": self.looks_like_a_digit,
        }
        return f'{json.dumps(fields)[:-1]}, "reconstruction": [{reconstruction}]}}'


def read_digits(images: Float32Array) -> list[DigitReading]:
    """Classify and reconstruct images ``(n, 784)`` in [0, 1], sized and centered as in MNIST."""
    probabilities = classifier.load().probabilities(images)
    copies = frozen.digits().reconstruct(images)
    errors = np.square(images - copies).sum(axis=1, dtype=np.float64).round(4).tolist()
    levels = np.rint(255 * np.clip(copies, 0, 1)).astype(np.uint8)
    return [
        DigitReading(int(row.argmax()), [round(float(p), 6) for p in row], level.tobytes(), error)
        for row, level, error in zip(probabilities, levels, errors, strict=True)
    ]


def warm_up() -> None:
    """Load the networks and SciPy, so the first request doesn't wait for them."""
    read_digits(drawing.preprocess(drawing.stored()["0"].rgba).vector)
