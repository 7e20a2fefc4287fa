"""Drawings that come with the course: one of each digit, and some other things.

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

from course.drawing.ink import Bytes, Strokes, rasterise


@dataclass(frozen=True)
class Drawing:
    """Strokes, and the canvas that they were drawn on.

    Attributes:
        width: Of the canvas, in CSS pixels.
        height: Of the canvas, in CSS pixels.
        pen: Width of the pen, in CSS pixels.
        strokes: Lists of points ``[x, y]``.
    """

    width: int
    height: int
    pen: float
    strokes: Strokes

    @property
    def rgba(self) -> Bytes:
        """The canvas, ``(height, width, 4)`` uint8."""
        return rasterise(self.strokes, self.width, self.height, self.pen)


@functools.cache
def stored() -> Mapping[str, Drawing]:
    """Return the drawings by name.

    ``"0"`` to ``"9"`` are digits, ``"small"`` a 2 in a corner and ``"thin"`` a 3 by a hard pencil;
    ``"star"``, ``"dot"`` and ``"two digits"`` are none.
    """
    text = (resources.files("course.assets") / "drawings.json").read_text(encoding="utf-8")
    return MappingProxyType({name: Drawing(**one) for name, one in json.loads(text).items()})
