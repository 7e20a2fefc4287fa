"""The measured errors behind lesson 4's network explorer.

Example:
    >>> sizes(first=256, second=0, code=30)
    [784, 256, 30, 256, 784]

``benchmarks/assets/make_architecture_grid.py`` in the course's repository trained the networks and
wrote ``architecture_grid.json``.
"""

from __future__ import annotations

import json
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final

FIRST: Final = (0, 64, 256, 1000)
SECOND: Final = (0, 32, 128)
CODE: Final = (2, 10, 30)
"""Units of each layer in the explorer; 0 leaves the layer out."""

FILE: Final = Path(__file__).with_name("architecture_grid.json")


def sizes(first: int, second: int, code: int) -> list[int]:
    """Return the widths of all layers of the network and its mirror image."""
    down = [784, *(width for width in (first, second) if width)]
    return [*down, code, *reversed(down)]


def networks() -> list[tuple[int, int, int]]:
    """Return every choice of the explorer; a second layer requires a first."""
    return [choice for choice in product(FIRST, SECOND, CODE) if choice[0] or not choice[1]]


def load() -> dict[str, Any]:
    """Return the measurements; each of ``"networks"`` is ``[first, second, code, error]``."""
    grid: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return grid


def by_depth(code: int) -> dict[str, list[tuple[int, float]]]:
    """Return pairs (parameters, test error) of all networks with this code size, by depth."""
    errors: dict[str, list[tuple[int, float]]] = {}
    for first, second, units, error in load()["networks"]:
        if units == code:
            parameters = sum((a + 1) * b for a, b in pairwise(sizes(first, second, code)))
            name = "one layer per side" if first else "no hidden layer"
            if second:
                name = f"two layers per side, the second with {second} units"
            errors.setdefault(name, []).append((parameters, error))
    return errors
