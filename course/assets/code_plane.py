"""What lesson 7's explorer shows: planes of codes, measured and drawn beforehand.

Example:
    >>> facts().betas[0]
    0.0

``benchmarks/assets/make_variational.py`` in the course's repository computed it.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from course.arrays import Float32Array

FACTS: Final = Path(__file__).with_suffix(".json")
PICTURES: Final = FACTS.with_suffix(".png")
_TILE: Final = 28


@dataclass(frozen=True)
class CodePlaneFacts:
    """What the networks behind the explorer do, in the order of ``betas``.

    Attributes:
        betas: The prices of the divergence; 0 is a plain autoencoder, whose codes are moved and
            scaled to the mean and the spread of the prior.
        side: The decoded plane has ``side`` by ``side`` places.
        extent: It reaches from ``-extent`` to ``extent``, in both directions.
        level: A classifier that is surer than this counts as sure.
        labels: Classes of the test digits whose codes are shown.
        codes: Their codes, ``(networks, n, 2)``.
        holes: Places where none of the 8,000 training codes lies.
        reads: What the digit classifier reads at each place, ``(networks, side * side)``.
        sure: How sure it is of that, 0 to 1.
        hole_shares: How many of 2,000 random codes lie in a hole: none of the 8,000 training codes
            is within 0.1.
        sure_shares: Of how many of these random codes the classifier is sure.
        errors: Squared error of the copies, mean over the bundled test digits.
        code_costs: Their mean divergence from the prior, in nats; 0 for the plain autoencoder.
        examples: Names of the digits that are copied.
    """

    betas: list[float]
    side: int
    extent: float
    level: float
    labels: list[int]
    codes: list[list[tuple[float, float]]]
    holes: list[list[int]]
    reads: list[list[int]]
    sure: list[list[float]]
    hole_shares: list[float]
    sure_shares: list[float]
    errors: list[float]
    code_costs: list[float]
    examples: list[str]


class CodePlanePictures(NamedTuple):
    """Everything that was decoded; 1 is white.

    Attributes:
        planes: The decoded planes, ``(networks, 28 * side, 28 * side)``.
        copies: Copies of the examples, ``(networks, examples, 784)``.
        originals: The examples, ``(examples, 784)``.
    """

    planes: Float32Array
    copies: Float32Array
    originals: Float32Array


@functools.cache
def facts() -> CodePlaneFacts:
    """Return the measurements.

    Example:
        >>> len(facts().codes) == len(facts().betas)
        True
    """
    return CodePlaneFacts(**json.loads(FACTS.read_text(encoding="utf-8")))


@functools.cache
def pictures() -> CodePlanePictures:
    """Return the pictures.

    Example:
        >>> pictures().originals.shape
        (10, 784)
    """
    from PIL import Image

    networks, side, examples = len(facts().betas), facts().side, len(facts().examples)
    with Image.open(PICTURES) as picture:
        pixels: Float32Array = np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)

    def tiles(rows: Float32Array) -> Float32Array:
        cut = rows.reshape(len(rows), _TILE, -1, _TILE).transpose(0, 2, 1, 3)
        return cut[:, :examples].reshape(len(rows), examples, _TILE**2)

    blocks = pixels[:-_TILE].reshape(networks, _TILE * (side + 1), -1)
    return CodePlanePictures(
        planes=blocks[:, :-_TILE],
        copies=tiles(blocks[:, -_TILE:]),
        originals=tiles(pixels[None, -_TILE:])[0],
    )
