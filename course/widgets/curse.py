"""The explorer of lesson 2: turn n, bins and d, and watch space empty itself.

Example:
    >>> explorer = CurseExplorer()
    >>> explorer.n, explorer.bins
    (20, 3)

Python computes what needs computing once, with ``course.curse``; the page draws it, so every
turn of a slider is answered at once, without the kernel.
"""

from __future__ import annotations

import functools
from typing import Any, Final

import anywidget
import numpy as np
import traitlets

from course import curse
from course.widgets.frontend import frontend_file

_MOST_POINTS: Final = 200
_DISTANCE_DIMENSIONS: Final = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_RATE_DIMENSIONS: Final = (1, 2, 3, 5, 8, 12)
_SIZES: Final = (100, 300, 1000, 3000)
_SMOOTHNESS: Final = 2


class CurseExplorer(anywidget.AnyWidget):
    """Three panels: emptiness, distances, examples.

    Attributes:
        panel: Which panel is shown: 0, 1 or 2.
        n: Number of points, 1 to 200.
        bins: Into how many parts each side is cut, 2 to 6.
        distance_d: Which of the dimensions of the second panel is shown, counted from 0.
        rate_d: The same for the third.
    """

    _esm = frontend_file("curse.js")
    _css = frontend_file("curse.css")
    content = traitlets.Dict().tag(sync=True)
    panel = traitlets.Int(0, min=0, max=2).tag(sync=True)
    n = traitlets.Int(20, min=1, max=_MOST_POINTS).tag(sync=True)
    bins = traitlets.Int(3, min=2, max=6).tag(sync=True)
    distance_d = traitlets.Int(1, min=0, max=len(_DISTANCE_DIMENSIONS) - 1).tag(sync=True)
    rate_d = traitlets.Int(0, min=0, max=len(_RATE_DIMENSIONS) - 1).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(content=_content(), **traits)

    def __repr__(self) -> str:
        """What a page without widgets shows instead."""
        return "Explorer of the curse of dimensionality; the figures below show the same, still."


@functools.cache
def _content() -> dict[str, Any]:
    points = np.random.default_rng(1).random((_MOST_POINTS, 3))
    return {
        "points": points.round(4).tolist(),
        "distances": [_spread(d) for d in _DISTANCE_DIMENSIONS],
        "sizes": list(_SIZES),
        "rates": [_rate(d) for d in _RATE_DIMENSIONS],
    }


def _spread(d: int) -> dict[str, Any]:
    sample = curse.pair_distances(d, pairs=5000)
    heights = np.histogram(sample / sample.mean(), bins=60, range=(0, 2.5))[0]
    cloud = np.random.default_rng([7, d]).random((1001, d))
    return {
        "d": d,
        "heights": (heights / heights.max()).round(3).tolist(),
        "mean": round(float(sample.mean()), 2),
        "spread": round(curse.coefficient_of_variation(sample), 3),
        "contrast": round(curse.relative_contrast(cloud[1:], cloud[0]), 2),
    }


def _rate(d: int) -> dict[str, Any]:
    errors = curse.regression_errors(d, _SIZES, queries=200)
    return {
        "d": d,
        "errors": errors.round(4).tolist(),
        "slope": round(float(np.polyfit(np.log(_SIZES), np.log(errors), 1)[0]), 3),
        "stone": round(-_SMOOTHNESS / (2 * _SMOOTHNESS + d), 3),
        "halving": curse.cost_of_halving(_SMOOTHNESS, d),
    }
