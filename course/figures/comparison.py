"""The figures of lesson 3: maps of codes, axes and subspaces, and a comparison of errors.

Example:
    >>> import numpy as np
    >>> codes = np.repeat([[0.0, 0.0], [9.0, 9.0]], 6, axis=0) + np.arange(12)[:, None] / 10
    >>> maps({"PCA": codes}, np.repeat([0, 1], 6), ["a", "b"]).alt[:40]
    'Scatter plots of 12 examples, each coded'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.arrays import Float32Array
from course.figures import style
from course.figures.picture import Picture
from course.figures.style import figure, new_grid, new_plot, show_image

_NEIGHBORS: Final = 5
_MAX_POINTS: Final = 2000  # in the comparison of all pairs; more take long and change little


@figure
def maps(codes: Mapping[str, ArrayLike], labels: ArrayLike, names: Sequence[str]) -> Picture:
    """Draw one to three maps of the same examples, each example at its two-number code.

    Args:
        codes: Codes ``(n, 2)`` of each map.
        labels: ``(n,)`` class numbers from 0.
        names: Names of the classes.

    Raises:
        ValueError: The codes are not pairs, or there is not one per label.
    """
    classes = np.asarray(labels)
    points = {name: _pairs(name, values, len(classes)) for name, values in codes.items()}
    picture, (panels,) = new_grid(8.4, 0.9 + 7.2 / len(points), 1, len(points))
    for axes, (title, xy) in zip(panels, points.items(), strict=True):
        style.scatter_classes(axes, xy, classes, names, max(14, min(34, 25_000 / len(classes))))
        axes.set(title=title, xlabel="first number of the code")
        axes.set_box_aspect(1)
        axes.tick_params(labelsize=8.5)
        low, high = np.percentile(xy, [0.5, 99.5], axis=0)  # an outlier would squeeze the rest
        gap = 0.06 * (high - low) + 1e-9
        axes.axis(np.column_stack([low - gap, high + gap]).ravel())
    panels[0].set_ylabel("second number of the code")
    handles, texts = panels[0].get_legend_handles_labels()
    columns = 5 if max(map(len, names), default=0) > 3 else 10
    picture.legend(
        handles, texts, loc="outside lower center", ncols=columns, handletextpad=0.1, fontsize=9.5
    )
    descriptions = [
        f"{title}: of the {_NEIGHBORS} nearest neighbors of a point, "
        f"{_same_label(xy, classes):.0%} have its label"
        for title, xy in points.items()
    ]
    return picture.describe(
        f"Scatter plots of {len(classes)} examples, each coded as two numbers; color and shape "
        f"show the label ({', '.join(names)}). {'. '.join(descriptions)}."
    )


@figure
def axes(rows: Mapping[str, ArrayLike], shape: tuple[int, int] = (28, 28)) -> Picture:
    """Draw directions ``(k, height * width)`` as images: blue adds ink, vermillion removes it.

    Raises:
        ValueError: The rows have different lengths.
    """
    from matplotlib.colors import LinearSegmentedColormap

    images = {name: np.asarray(row, dtype=float) for name, row in rows.items()}
    lengths = {len(row) for row in images.values()}
    if len(lengths) != 1:
        raise ValueError(f"rows must have the same number of axes, got {sorted(lengths)}")
    columns = lengths.pop()
    colors = LinearSegmentedColormap.from_list("signs", [style.VERMILLION, "#FFFFFF", style.BLUE])
    picture, grid = new_grid(8, 0.35 + len(images) * 7.0 / (columns + 1), len(images), columns)
    for panels, (name, row) in zip(grid, images.items(), strict=True):
        for number, (panel, axis) in enumerate(zip(panels, row, strict=True), start=1):
            show_image(panel, np.zeros(shape), f"{number}", shape=shape)
            reach = max(float(np.abs(axis).max()), 1e-12)
            panel.imshow(axis.reshape(shape), cmap=colors, vmin=-reach, vmax=reach)
        panels[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9.5)
    first = next(iter(images.values()))
    descriptions = [
        f"{name}: the largest overlap between one of its axes and one of the first row is "
        f"{_largest_cosine(row, first):.2f}"
        for name, row in list(images.items())[1:]
    ]
    return picture.describe(
        f"{columns} directions in the space of images, each drawn as an image, in rows named "
        f"{', '.join(images)}. {'. '.join(descriptions)}."
    )


@figure
def subspaces(angles: Mapping[str, ArrayLike]) -> Picture:
    """Draw the principal angles of pairs of subspaces, in degrees, smallest first.

    They are 0 to 90, and all 0 where two subspaces are the same.
    """
    picture, panel = new_plot(7.2, 3.2)
    descriptions = []
    for number, (name, values) in enumerate(angles.items()):
        degrees = np.asarray(values, dtype=float)
        look = style.class_style(number) | style.line_style(number)
        panel.plot(np.arange(1, len(degrees) + 1), degrees, label=name, **look)
        descriptions.append(f"{name}: from {degrees.min():.1f} to {degrees.max():.1f} degrees")
    panel.set(xlabel="principal angle, smallest first", ylabel="degrees", ylim=(-4, 94))
    panel.set_yticks([0, 30, 60, 90])
    panel.set_xticks(range(1, 1 + max(np.size(values) for values in angles.values())))
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return picture.describe(f"Principal angles between subspaces. {'. '.join(descriptions)}.")


@figure
def ladder(errors: Mapping[str, float]) -> Picture:
    """Draw one bar per method: its squared error, summed over the pixels of an image."""
    picture, panel = new_plot(7.6, 0.9 + 0.42 * len(errors))
    names, values = list(errors), list(errors.values())
    colors = [style.VERMILLION if "autoencoder" in name else style.BLUE for name in names]
    bars = panel.barh(names, values, color=colors, height=0.62)
    panel.bar_label(bars, fmt="{:.2f}", padding=4)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    panel.set(xlabel="squared error per test image", xlim=(0, 1.12 * max(values)))
    described = "; ".join(f"{name} {value:.2f}" for name, value in errors.items())
    return picture.describe(f"Bars of the squared error per test image, by method: {described}.")


def grid_over(codes: ArrayLike, side: int = 14) -> Float32Array:
    """Return ``side * side`` evenly spaced places on a map of codes ``(n, 2)``, row by row.

    Example:
        >>> grid_over([[0, 0], [1, 2]], side=2).astype(float).round(2).tolist()
        [[0.03, 1.94], [0.97, 1.94], [0.03, 0.06], [0.97, 0.06]]

    The outermost 3% of the codes are left out. `sheets` draws what decoders make of the rest.
    """
    low, high = np.percentile(np.asarray(codes), [3, 97], axis=0)
    across, up = np.meshgrid(np.linspace(low[0], high[0], side), np.linspace(high[1], low[1], side))
    return np.stack([across.ravel(), up.ravel()], axis=1).astype(np.float32)


@figure
def sheets(images: Mapping[str, ArrayLike], shape: tuple[int, int] = (28, 28)) -> Picture:
    """Draw what decoders make of a square grid of codes: the map itself, as images.

    Args:
        images: Images of each decoder, ``(side**2, pixels)``, row by row from the top.
        shape: Height and width of an image.

    Raises:
        ValueError: The number of images is not a square.
    """
    picture, (panels,) = new_grid(8, 0.5 + 7.6 / len(images), 1, len(images))
    height, width = shape
    descriptions = []
    for panel, (name, grid) in zip(panels, images.items(), strict=True):
        tiles = np.clip(np.asarray(grid, dtype=float), 0, 1)
        side = round(len(tiles) ** 0.5)
        if side * side != len(tiles):
            raise ValueError(f"images of {name} must make a square grid, got {len(tiles)} images")
        square = tiles.reshape(side, side, -1)
        adjacent = ((square[:, 1:] - square[:, :-1]) ** 2).sum(axis=2).mean()
        any_two = 2 * len(tiles) / max(len(tiles) - 1, 1) * tiles.var(axis=0).sum()
        descriptions.append(f"{name}: {adjacent:.1f} side by side, {any_two:.1f} for any two")
        mosaic = tiles.reshape(side, side, height, width).transpose(0, 2, 1, 3)
        show_image(panel, mosaic, name, shape=(side * height, side * width))
    return picture.describe(
        "Images decoded from a regular grid of codes, arranged as the grid: "
        f"{' beside '.join(images)}. Squared error between two of the images, "
        f"{'; '.join(descriptions)}."
    )


def _pairs(name: str, values: ArrayLike, length: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length, 2):
        raise ValueError(
            f"codes of {name} must have shape ({length}, 2), one pair per label; got {array.shape}"
        )
    return array


def _same_label(codes: NDArray[np.float64], classes: NDArray[Any]) -> float:
    """Return the share of nearest neighbors that have the same label as their point."""
    some, labels = codes[:_MAX_POINTS], classes[:_MAX_POINTS]
    square = (some**2).sum(axis=1)
    distances = square[:, None] + square[None, :] - 2 * some @ some.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :_NEIGHBORS]
    return float((labels[nearest] == labels[:, None]).mean())


def _largest_cosine(row: NDArray[np.float64], first: NDArray[np.float64]) -> float:
    unit, other = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (row, first))
    return float(np.abs(unit @ other.T).max())
