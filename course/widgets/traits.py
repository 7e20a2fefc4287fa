"""Checks and conversions of trait values that several widgets share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
import traitlets
from numpy.typing import ArrayLike

Number = TypeVar("Number", int, float)


def check_range(proposal: dict[str, Any], low: float, high: float) -> Any:
    """Return the value a traitlets validator was given; raise if it isn't from low to high."""
    value = proposal["value"]
    if not low <= value <= high:
        name = proposal["trait"].name
        raise traitlets.TraitError(f"{name} must be from {low:g} to {high:g}, got {value:g}")
    return value


def nearest(proposal: dict[str, Any], choices: Sequence[Number]) -> Number:
    """Return the choice that is nearest to a value; raise if it is below or above all of them.

    Args:
        proposal: What a traitlets validator was given.
        choices: In ascending order.
    """
    value = check_range(proposal, choices[0], choices[-1])
    return min(choices, key=lambda choice: abs(choice - value))


def gray_bytes(images: ArrayLike) -> bytes:
    """Return images in [0, 1] as one byte per pixel, row by row.

    Example:
        >>> list(gray_bytes([-1.0, 0.5, 1.0]))
        [0, 128, 255]
    """
    levels: bytes = np.round(255 * np.clip(np.asarray(images), 0, 1)).astype(np.uint8).tobytes()
    return levels
