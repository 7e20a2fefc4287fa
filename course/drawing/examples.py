"""Drawings that come with the course: one of each digit, and some other shapes.

Example:
    >>> sorted(stored())[:10]
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
    >>> stored()["dot"].pen
    18
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

from course.arrays import ByteArray
from course.drawing.ink import Strokes, rasterise


@dataclass(frozen=True)
class Drawing:
    """Strokes, and the sizes of their canvas and pen in CSS pixels."""

    width: int
    height: int
    pen: float
    strokes: Strokes

    @property
    def rgba(self) -> ByteArray:
        """The canvas, ``(height, width, 4)`` uint8."""
        return rasterise(self.strokes, self.width, self.height, self.pen)


@functools.cache
def stored() -> Mapping[str, Drawing]:
    """Return the drawings by name.

    ``"0"`` to ``"9"`` are digits, ``"small"`` is a 2 in a corner, ``"thin"`` a 3 with a thin pen;
    ``"star"``, ``"dot"`` and ``"two digits"`` aren't single digits.
    """
    text = (resources.files("course.assets") / "drawings.json").read_text(encoding="utf-8")
    return MappingProxyType({name: Drawing(**data) for name, data in json.loads(text).items()})
