"""The common style of all figures: colors, fonts, and the check for alternative text.

Example:
    >>> @figure
    ... def line(height: float) -> Picture:
    ...     picture = new_picture(4, 2)
    ...     picture.subplots().plot([0, 1], [height, height])
    ...     return picture.describe(f"A level line at {height}.")
    >>> line(2.0).alt
    'A level line at 2.0.'

Figures have a light background, in print and on pages that know nothing of them. In a dark
JupyterLab, the style sheet of the extension applies ``DARK_FILTER``: light and dark change places,
hues and contrasts stay. Photographs are filtered twice, so they remain as they are. The explorers
(``course/widgets/explorer.css``) do the same.

Colors: Masataka Okabe and Kei Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, ParamSpec

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
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
COLORS: Final = (BLUE, VERMILLION, GREEN, BLACK, PURPLE, ORANGE, SKY, YELLOW)
"""Okabe and Ito's eight. The first four are dark enough for lines; the others need a dark edge."""

MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
"""Ten shapes, so color is never the only difference between two classes."""

DASHES: Final = ("-", "--", "-.", ":")
"""Four line styles, so color is never the only difference between two lines."""

PAPER: Final = "#FBFAF7"
INK: Final = "#222222"
GRAY: Final = "#6B6B6B"  # contrast 5:1 on paper, enough for small text
LIGHT_GRAY: Final = "#DAD7CF"

DARK_FILTER: Final = "invert(1) hue-rotate(180deg)"
"""What a dark page does to a figure, as a CSS filter; it undoes itself."""
PHOTOGRAPH: Final = "photograph"
"""Group id of axes that keep their colors on a dark page."""

RC: Final[dict[str, Any]] = {
    "figure.facecolor": PAPER,
    "figure.constrained_layout.w_pad": 0.09,  # margins
    "figure.constrained_layout.h_pad": 0.09,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # ships with Matplotlib: the same everywhere
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRAY,
    "axes.titlesize": 11.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LIGHT_GRAY,
    "grid.linewidth": 0.8,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 2.2,
    "lines.markersize": 6,
    "legend.frameon": False,
    "image.interpolation": "nearest",
}

_NARROW: Final = 0.6  # decades; on a shorter axis, 1, 2 and 5 times a power of 10 are too few
_WIDE: Final = 3.0  # decades; on a longer axis, they are too many

_P = ParamSpec("_P")


def figure(draw: Callable[_P, Picture]) -> Callable[_P, Picture]:
    """Decorate a function that draws a figure: apply the style, and require alternative text.

    Raises:
        ValueError: The function returned a picture without alternative text.
    """

    @functools.wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> Picture:
        import matplotlib as mpl
        from cycler import cycler

        settings: Any = RC | {"axes.prop_cycle": cycler(color=COLORS)}
        with mpl.rc_context(settings):
            picture = draw(*args, **kwargs)
        if not picture.alt:
            raise ValueError(f"{draw.__name__}() returned a picture without text; call describe()")
        return picture

    return drawn


def new_picture(width: float, height: float) -> Picture:
    """Return an empty picture of ``width`` by ``height`` inches; a notebook page is 8 wide.

    Axes come from its ``subplots``, ``add_subplot`` or ``subplot_mosaic``; the layout is automatic.
    It bypasses Pyplot, which keeps global state and would show the figure twice.
    """
    from course.figures.picture import Picture

    return Picture(figsize=(width, height), layout="constrained")


def new_plot(width: float, height: float) -> tuple[Picture, Axes]:
    """Return a picture of ``width`` by ``height`` inches and its only axes."""
    picture = new_picture(width, height)
    return picture, picture.subplots()


def new_grid(
    width: float, height: float, rows: int, columns: int, **options: Any
) -> tuple[Picture, NDArray[Any]]:
    """Return a picture and its axes ``(rows, columns)``; options are those of ``subplots``."""
    picture = new_picture(width, height)
    return picture, picture.subplots(rows, columns, squeeze=False, **options)


def show_image(
    axes: Axes,
    pixels: ArrayLike,
    title: str = "",
    *,
    shape: tuple[int, int] = (28, 28),
    ink: bool = True,
) -> AxesImage:
    """Show an image of ``shape[0] * shape[1]`` numbers, 0 as white to 1 as black.

    Example:
        >>> axes = new_picture(2, 2).subplots()
        >>> show_image(axes, np.eye(28), "a diagonal").get_array().shape
        (28, 28)

    Values outside [0, 1] are clipped. For photographs and faces, where 0 is dark, pass
    ``ink=False``.
    """
    image = np.asarray(pixels, dtype=np.float64).reshape(shape)
    shown = axes.imshow(image if ink else 1 - image, cmap="gray_r", vmin=0, vmax=1)
    if not ink:
        axes.set_gid(PHOTOGRAPH)
    axes.grid(visible=False)
    axes.set(xticks=[], yticks=[])
    for edge in axes.spines.values():
        edge.set(visible=True, color=LIGHT_GRAY)
    axes.set_title(title, fontsize=9.5, loc="center", pad=4)
    return shown


def show_row(  # noqa: PLR0913  (most are keywords)
    panels: Sequence[Axes],
    name: str,
    images: ArrayLike,
    titles: Sequence[str] = (),
    *,
    shape: tuple[int, int] = (28, 28),
    ink: bool = True,
) -> None:
    """Show images ``(n, pixels)`` side by side, with a name on the left; hide unused panels."""
    rows = np.asarray(images, dtype=np.float64)
    for number, axes in enumerate(panels):
        if number < len(rows):
            title = titles[number] if titles else ""
            show_image(axes, rows[number], title, shape=shape, ink=ink)
        else:
            axes.axis("off")
    panels[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)


def scatter_classes(
    axes: Axes, points: ArrayLike, labels: ArrayLike, names: Sequence[str], size: float
) -> None:
    """Draw points ``(n, 2)``, each with the color and marker of its class."""
    xy, classes = np.asarray(points), np.asarray(labels)
    for number, name in enumerate(names):
        x, y = xy[classes == number].T
        look = class_style(number) | {"edgecolors": INK}  # else yellow fades on paper
        axes.scatter(x, y, size, alpha=0.8, linewidths=0.3, label=name, **look)


def plain_log_ticks(axis: Axis) -> None:
    """Label a logarithmic axis with plain numbers, such as 0.5, 20 and 10,000, not with powers.

    Call it last: the numbers depend on the range shown.
    """
    from matplotlib import ticker

    low, high = sorted(axis.get_view_interval())
    decades = np.log10(high / low)
    locator: ticker.Locator = ticker.MaxNLocator(4, steps=[1, 2, 5, 10])
    if decades > _WIDE:
        locator = ticker.LogLocator(subs=(1.0,), numticks=12)
    elif decades > _NARROW:
        locator = ticker.LogLocator(subs=(1.0, 2.0, 5.0), numticks=12)
    axis.set_major_locator(locator)
    axis.set_major_formatter(lambda value, _position: f"{value:,.12g}")
    axis.set_minor_locator(ticker.NullLocator())


def add_frame(axes: Axes, box: tuple[float, float, float, float], color: str) -> None:
    """Draw a frame around a part of an image: left, top, width and height in pixels."""
    from matplotlib.patches import Rectangle

    left, top, width, height = box
    corner = (left - 0.5, top - 0.5)
    axes.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=color, linewidth=2.2))


def class_style(number: int) -> dict[str, Any]:
    """Return color and marker of class ``number``, from 0; unique for 40 classes.

    Example:
        >>> class_style(1)
        {'color': '#D55E00', 'marker': 's'}
    """
    if number < 0:
        raise ValueError(f"number must be at least 0, got {number}")
    return {"color": COLORS[number % len(COLORS)], "marker": MARKERS[number % len(MARKERS)]}


def line_style(number: int) -> dict[str, Any]:
    """Return color and dashes of line ``number``, from 0; unique for 8 lines.

    Example:
        >>> line_style(1)
        {'color': '#D55E00', 'linestyle': '--'}
    """
    return {"color": COLORS[number % len(COLORS)], "linestyle": DASHES[number % len(DASHES)]}
