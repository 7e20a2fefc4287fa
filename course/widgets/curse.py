"""Lesson 2's explorer: change the number of points, bins and dimensions, and watch space empty.

Example:
    >>> explorer = CurseExplorer()
    >>> explorer.n, explorer.bins
    (20, 3)

Python computes everything once, with ``course.curse``; the page draws it, so the sliders need no
kernel.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets

from course import curse, regression
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget

if TYPE_CHECKING:
    from course.figures.picture import Picture

_MAX_POINTS: Final = 200
_DISTANCE_DIMENSIONS: Final = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_RATE_DIMENSIONS: Final = (1, 2, 3, 5, 8, 12)
_SIZES: Final = (100, 300, 1000, 3000)
_SMOOTHNESS: Final = 2


class CurseExplorer(PicturedWidget):
    """Three panels: empty space, distances, and the examples a model needs.

    Attributes:
        panel: The panel shown: 0, 1 or 2.
        n: Number of points, 1 to 200.
        bins: Number of bins along each side, 2 to 6.
        distance_d: Index of the dimension that the second panel shows.
        rate_d: Index of the dimension that the third panel shows.
    """

    _esm = frontend_file("curse.js")
    _css = frontend_file("curse.css")
    content = traitlets.Dict().tag(sync=True)
    panel = traitlets.Int(0, min=0, max=2).tag(sync=True)
    n = traitlets.Int(20, min=1, max=_MAX_POINTS).tag(sync=True)
    bins = traitlets.Int(3, min=2, max=6).tag(sync=True)
    distance_d = traitlets.Int(1, min=0, max=len(_DISTANCE_DIMENSIONS) - 1).tag(sync=True)
    rate_d = traitlets.Int(0, min=0, max=len(_RATE_DIMENSIONS) - 1).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(content=_content(), **traits)

    def picture(self) -> Picture:
        """Draw the first panel."""
        from course.figures import curse as figures

        return figures.sparsity(self.n, self.bins)

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        name = "Curse-of-dimensionality explorer"
        return f"{name}; the figures below show the same without interaction."


@functools.cache
def _content() -> dict[str, Any]:
    return {
        "points": np.random.default_rng(1).random((_MAX_POINTS, 3)).round(4).tolist(),
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
    errors = regression.regression_errors(d, _SIZES, queries=200)
    return {
        "d": d,
        "errors": errors.round(4).tolist(),
        "slope": round(float(np.polyfit(np.log(_SIZES), np.log(errors), 1)[0]), 3),
        "stone": round(-_SMOOTHNESS / (2 * _SMOOTHNESS + d), 3),
        "halving": curse.cost_of_halving(_SMOOTHNESS, d),
    }
