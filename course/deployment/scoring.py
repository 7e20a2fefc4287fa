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
from numpy.typing import NDArray

from course import classifier, drawing
from course.arrays import Float32Array, Float64Array
from course.autoencoder import frozen
from course.classifier import novelty

ERROR_LIMIT: Final = 6.8
"""Reconstruction error that 1% of MNIST's test digits exceed, and about half of the drawings of
other things (measured in ``benchmarks/pen_accuracy.md``)."""

_MAX_ERROR_PER_INK: Final = 0.25
"""Of the sum of the squared gray levels; no MNIST test digit below `ERROR_LIMIT` exceeds 0.23. An
empty, nearly empty or gray picture is copied with a small error, but of all that is in it."""
_INK: Final = 0.3  # brighter pixels belong to a stroke
_MIN_ROWS: Final = 8  # with ink; no MNIST digit is flatter, but a dash is

_GRAY_LEVELS: Final = [json.dumps(round(level / 255, 4)) for level in range(256)]


@dataclass(frozen=True, slots=True)
class DigitReading:
    """The result for one digit; `course.deployment.schemas.Reading` describes the fields."""

    digit: int
    probabilities: list[float]
    reconstruction: bytes
    error: float
    novelty: float
    looks_like_a_digit: bool

    def json(self) -> str:
        """Return the reading as JSON; looking up the 784 gray levels is ten times faster."""
        reconstruction = ",".join([_GRAY_LEVELS[level] for level in self.reconstruction])
        fields = {
            "digit": self.digit,
            "probabilities": self.probabilities,
            "error": self.error,
            "error_limit": ERROR_LIMIT,
            "novelty": self.novelty,
            "looks_like_a_digit": self.looks_like_a_digit,
        }
        return f'{json.dumps(fields)[:-1]}, "reconstruction": [{reconstruction}]}}'


def read_digits(images: Float32Array) -> list[DigitReading]:
    """Classify and reconstruct images ``(n, 784)`` in [0, 1], sized and centered as in MNIST."""
    network = classifier.load()
    maps = network.feature_maps(images)
    logits = network.logits_from_hidden(network.hidden_from_maps(maps))
    probabilities = classifier.softmax(logits)
    copies = frozen.digits().reconstruct(images)
    errors = np.square(images - copies).sum(axis=1, dtype=np.float64).round(4)
    evidence = novelty.collect_evidence(maps, logits, errors)
    novelties = novelty.load().novelty(evidence).round(6)
    are_digits = _look_like_digits(images, errors, novelties)
    levels = np.rint(255 * np.clip(copies, 0, 1)).astype(np.uint8)
    return [
        DigitReading(
            digit=int(row.argmax()),
            probabilities=[round(float(p), 6) for p in row],
            reconstruction=level.tobytes(),
            error=float(error),
            novelty=float(new),
            looks_like_a_digit=bool(is_digit),
        )
        for row, level, error, new, is_digit in zip(
            probabilities, levels, errors, novelties, are_digits, strict=True
        )
    ]


def _look_like_digits(
    images: Float32Array, errors: Float64Array, novelties: Float64Array
) -> NDArray[np.bool_]:
    """Return for each image whether both networks know such digits, and it has a digit's shape."""
    ink = np.square(images).sum(axis=1)
    has_ink = images.reshape(-1, 28, 28).max(axis=2) > _INK
    rows = 28 - has_ink[:, ::-1].argmax(axis=1) - has_ink.argmax(axis=1)
    is_tall = has_ink.max(axis=1) & (rows >= _MIN_ROWS)
    is_copied = errors <= _MAX_ERROR_PER_INK * ink
    return np.asarray((novelties <= novelty.LIMIT) & is_copied & is_tall)


def warm_up() -> None:
    """Load the networks and SciPy, so the first request doesn't wait for them."""
    read_digits(drawing.preprocess(drawing.stored()["0"].rgba).vector)
