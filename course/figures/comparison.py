"""The figures of lesson 3: two maps of the same data, axes against subspaces, a ladder of errors.

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

from course.figures.picture import Picture
from course.figures.style import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    MARKERS,
    VERMILLION,
    class_style,
    figure,
    sheet,
    show_image,
)

_NEIGHBOURS: Final = 5
_LARGEST_MAP: Final = 2000  # all distances between more points take long, and say no more


@figure
def maps(codes: Mapping[str, ArrayLike], labels: ArrayLike, names: Sequence[str]) -> Picture:
    """Draw maps of the same examples side by side: each example where its two-number code lies.

    Args:
        codes: For each map its name and the codes, ``(n, 2)``; one to three maps.
        labels: ``(n,)`` class numbers from 0.
        names: What the classes are called.

    Raises:
        ValueError: Codes are not pairs, or not one for each label.
    """
    classes = np.asarray(labels)
    points = {name: _pairs(name, values, len(classes)) for name, values in codes.items()}
    picture = sheet(8.4, 0.9 + 7.2 / len(points))
    panels = picture.subplots(1, len(points), squeeze=False)[0]
    for axes, (title, places) in zip(panels, points.items(), strict=True):
        for number, name in enumerate(names):
            own = places[classes == number]
            axes.scatter(
                own[:, 0],
                own[:, 1],
                s=max(9, min(24, 9000 / len(classes))),
                alpha=0.8,
                edgecolors=INK,  # else yellow fades on paper
                linewidths=0.3,
                label=name,
                **class_style(number),
            )
        axes.set(title=title, xlabel="first number of the code")
        axes.set_box_aspect(1)
        axes.tick_params(labelsize=8.5)
        low, high = np.percentile(places, [0.5, 99.5], axis=0)
        gap = 0.06 * (high - low) + 1e-9  # a lone point far out would press all others together
        axes.set_xlim(low[0] - gap[0], high[0] + gap[0])
        axes.set_ylim(low[1] - gap[1], high[1] + gap[1])
    panels[0].set_ylabel("second number of the code")
    handles, texts = panels[0].get_legend_handles_labels()
    columns = 5 if max(map(len, names), default=0) > 3 else 10
    picture.legend(
        handles, texts, loc="outside lower center", ncols=columns, handletextpad=0.1, fontsize=9.5
    )
    told = [
        f"{title}: of the {_NEIGHBOURS} nearest neighbours of a point, "
        f"{_same_label(places, classes):.0%} have its label"
        for title, places in points.items()
    ]
    return picture.describe(
        f"Scatter plots of {len(classes)} examples, each coded as two numbers; colour and shape "
        f"tell the label ({', '.join(names)}). {'. '.join(told)}."
    )


@figure
def axes(rows: Mapping[str, ArrayLike], shape: tuple[int, int] = (28, 28)) -> Picture:
    """Draw directions in the space of images as images: blue adds ink, vermillion takes it away.

    Args:
        rows: For each row its name and its axes, ``(k, height * width)``; the same k in each.
        shape: Height and width of an image.

    Raises:
        ValueError: The rows are not equally long.
    """
    from matplotlib.colors import LinearSegmentedColormap

    images = {name: np.asarray(row, dtype=float) for name, row in rows.items()}
    lengths = {len(row) for row in images.values()}
    if len(lengths) != 1:
        raise ValueError(f"rows: {sorted(lengths)} axes; all rows need as many")
    columns = lengths.pop()
    colours = LinearSegmentedColormap.from_list("signs", [VERMILLION, "#FFFFFF", BLUE])
    picture = sheet(8, 0.35 + len(images) * 7.0 / (columns + 1))
    grid = picture.subplots(len(images), columns, squeeze=False)
    for panels, (name, row) in zip(grid, images.items(), strict=True):
        for number, (panel, axis) in enumerate(zip(panels, row, strict=True), start=1):
            show_image(panel, np.zeros(shape), f"{number}", shape=shape)
            reach = max(float(np.abs(axis).max()), 1e-12)
            panel.imshow(axis.reshape(shape), cmap=colours, vmin=-reach, vmax=reach)
        panels[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9.5)
    first = next(iter(images.values()))
    told = [
        f"{name}: the largest overlap of one of its axes with one of the first row's is "
        f"{_largest_cosine(row, first):.2f}"
        for name, row in list(images.items())[1:]
    ]
    return picture.describe(
        f"{columns} directions in the space of images, each drawn as an image, in rows named "
        f"{', '.join(images)}. {'. '.join(told)}."
    )


@figure
def subspaces(angles: Mapping[str, ArrayLike]) -> Picture:
    """Draw principal angles, smallest first: all 0 where two subspaces are the same.

    Args:
        angles: For each pair of subspaces its name and its angles in degrees, 0 to 90.
    """
    picture = sheet(7.2, 3.2)
    panel = picture.subplots()
    styles = zip((BLUE, VERMILLION, GREEN, FAINT), MARKERS, ("-", "--", "-.", ":"), strict=False)
    told = []
    for (name, values), (colour, marker, dashes) in zip(angles.items(), styles, strict=False):
        degrees = np.asarray(values, dtype=float)
        at = np.arange(1, len(degrees) + 1)
        panel.plot(at, degrees, color=colour, marker=marker, linestyle=dashes, label=name)
        told.append(f"{name}: from {degrees.min():.1f} to {degrees.max():.1f} degrees")
    panel.set(xlabel="principal angle, smallest first", ylabel="degrees", ylim=(-4, 94))
    panel.set_yticks([0, 30, 60, 90])
    panel.set_xticks(range(1, 1 + max(np.size(values) for values in angles.values())))
    panel.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return picture.describe(f"Principal angles between subspaces. {'. '.join(told)}.")


@figure
def ladder(errors: Mapping[str, float]) -> Picture:
    """Draw one bar a method: its squared error, summed over the pixels of an image.

    Args:
        errors: Name of a method to its error, in the order of the rungs, the first on top.
    """
    picture = sheet(7.6, 0.9 + 0.42 * len(errors))
    panel = picture.subplots()
    names, values = list(errors), [float(value) for value in errors.values()]
    colours = [VERMILLION if "autoencoder" in name else BLUE for name in names]
    bars = panel.barh(names, values, color=colours, height=0.62)
    panel.bar_label(bars, [f"{value:.2f}" for value in values], padding=4)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    panel.set(xlabel="squared error a test image", xlim=(0, 1.12 * max(values)))
    told = "; ".join(f"{name} {value:.2f}" for name, value in zip(names, values, strict=True))
    return picture.describe(f"Bars of the squared error a test image, by method: {told}.")


@figure
def sheets(images: Mapping[str, ArrayLike], shape: tuple[int, int] = (28, 28)) -> Picture:
    """Draw what a decoder makes of a grid of codes: the map itself, as images.

    Args:
        images: For each decoder its name and the images of a square grid, ``(side**2, pixels)``,
            row by row from the top.
        shape: Height and width of an image.

    Raises:
        ValueError: The number of images is no square.
    """
    picture = sheet(8, 0.5 + 7.6 / len(images))
    panels = picture.subplots(1, len(images), squeeze=False)[0]
    told = []
    for panel, (name, grid) in zip(panels, images.items(), strict=True):
        tiles = np.clip(np.asarray(grid, dtype=float), 0, 1)
        side = round(len(tiles) ** 0.5)
        if side * side != len(tiles):
            raise ValueError(f"images of {name}: {len(tiles)} of them make no square grid")
        height, width = shape
        square = tiles.reshape(side, side, -1)
        beside = ((square[:, 1:] - square[:, :-1]) ** 2).sum(axis=2).mean()
        anywhere = 2 * len(tiles) / max(len(tiles) - 1, 1) * tiles.var(axis=0).sum()  # any two
        told.append(f"{name}: {beside:.1f} side by side, {anywhere:.1f} for any two")
        whole = tiles.reshape(side, side, height, width).transpose(0, 2, 1, 3)
        show_image(
            panel,
            whole.reshape(side * height, side * width),
            name,
            shape=(side * height, side * width),
        )
    return picture.describe(
        "Images that decoders make of a regular grid of codes, laid out as the grid: "
        f"{' beside '.join(images)}. Squared error between two of the images, {'; '.join(told)}."
    )


def _pairs(name: str, values: ArrayLike, length: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.shape != (length, 2):
        raise ValueError(
            f"codes of {name}: shape {array.shape}; two numbers for each of {length} labels are "
            f"right, ({length}, 2)"
        )
    return array


def _same_label(places: NDArray[np.float64], classes: NDArray[Any]) -> float:
    some, labels = places[:_LARGEST_MAP], classes[:_LARGEST_MAP]
    square = (some**2).sum(axis=1)
    apart = square[:, None] + square[None, :] - 2 * some @ some.T
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1)[:, :_NEIGHBOURS]
    return float((labels[near] == labels[:, None]).mean())


def _largest_cosine(row: NDArray[np.float64], first: NDArray[np.float64]) -> float:
    unit, other = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (row, first))
    return float(np.abs(unit @ other.T).max())
