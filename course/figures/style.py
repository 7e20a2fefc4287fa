"""One look for all figures: colours, fonts, and the promise that each can be read aloud.

Example:
    >>> @figure
    ... def line(height: float) -> Picture:
    ...     picture = sheet(4, 2)
    ...     picture.subplots().plot([0, 1], [height, height])
    ...     return picture.describe(f"A level line at {height}.")
    >>> line(2.0).alt
    'A level line at 2.0.'

A figure is drawn on a sheet of light paper of its own, so it reads the same on
a light page, on a dark one and in print. Colours: Masataka Okabe and Kei Ito,
Color Universal Design (2008), https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

    from course.figures.picture import Picture

BLUE: Final = "#0072B2"
VERMILLION: Final = "#D55E00"
GREEN: Final = "#009E73"
ORANGE: Final = "#E69F00"
PURPLE: Final = "#CC79A7"
SKY: Final = "#56B4E9"
BLACK: Final = "#000000"
YELLOW: Final = "#F0E442"
COLOURS: Final = (BLUE, VERMILLION, GREEN, BLACK, PURPLE, ORANGE, SKY, YELLOW)
"""Okabe and Ito's eight. On paper the first four do for lines; the others need a dark edge."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
"""Ten shapes: colour is never the only thing that tells two classes apart."""

PAPER: Final = "#FBFAF7"
INK: Final = "#222222"
FAINT: Final = "#6B6B6B"  # 5:1 on paper: still fit for small text
RULE: Final = "#DAD7CF"

RC: Final[dict[str, Any]] = {
    "figure.facecolor": PAPER,
    "figure.constrained_layout.w_pad": 0.09,  # a margin, so that nothing touches the edge
    "figure.constrained_layout.h_pad": 0.09,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # comes with Matplotlib, so it is the same everywhere
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "legend.frameon": False,
    "image.interpolation": "nearest",
}

_P = ParamSpec("_P")


def figure(draw: Callable[_P, Picture]) -> Callable[_P, Picture]:
    """Mark a function that draws a figure: it gets the look, and must describe what it drew.

    Raises:
        ValueError: The function returned a picture that nobody described.
    """

    @functools.wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> Picture:
        import matplotlib as mpl
        from cycler import cycler

        look: Any = {**RC, "axes.prop_cycle": cycler(color=COLOURS)}
        with mpl.rc_context(look):
            picture = draw(*args, **kwargs)
        if not picture.alt:
            raise ValueError(f"{draw.__name__}() drew a picture without words: describe() it")
        return picture

    return drawn


def sheet(width: float, height: float) -> Picture:
    """Return an empty picture, ``width`` by ``height`` inches; a notebook page is 8 wide.

    Axes come from its ``subplots``, ``add_subplot`` or ``subplot_mosaic``; they arrange
    themselves. Pyplot is not used: nothing global, nothing shown twice.
    """
    from course.figures.picture import Picture

    return Picture(figsize=(width, height), layout="constrained")


def show_image(
    axes: Axes, pixels: ArrayLike, title: str = "", *, shape: tuple[int, int] = (28, 28)
) -> AxesImage:
    """Show one image of ``shape[0] * shape[1]`` numbers in [0, 1], dark ink on white.

    Example:
        >>> show_image(axes, digits.x_test[0], "a digit")  # doctest: +SKIP

    Values outside [0, 1] are shown as 0 and 1. For photographs and faces pass
    ``1 - pixels``: there 0 is dark.
    """
    picture = np.asarray(pixels, dtype=np.float64).reshape(shape)
    shown = axes.imshow(picture, cmap="gray_r", vmin=0, vmax=1)
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for edge in axes.spines.values():
        edge.set(visible=True, color=RULE)
    axes.set_title(title, fontsize=9.5, loc="center", pad=4)
    return shown


def class_style(number: int) -> dict[str, Any]:
    """Return colour and marker of class ``number``, from 0: the pair differs for 40 classes.

    Example:
        >>> class_style(1)
        {'color': '#D55E00', 'marker': 's'}
    """
    if number < 0:
        raise ValueError(f"number={number}: classes are counted from 0")
    return {"color": COLOURS[number % len(COLOURS)], "marker": MARKERS[number % len(MARKERS)]}
