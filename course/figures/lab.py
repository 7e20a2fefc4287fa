"""The figures of lesson 5: errors by method, copies, walks between codes, and probes.

Example:
    >>> ladder({"mean image": 34.05, "PCA": 3.87}, {"mean image": 52.90, "PCA": 13.87}).alt[:28]
    'Squared error per test image'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.figures.picture import Picture
from course.figures.style import (
    BLUE,
    COLORS,
    INK,
    VERMILLION,
    class_style,
    figure,
    line_style,
    new_picture,
    show_image,
    show_row,
)

_PIXELS: Final = 784
_HATCHES: Final = ("", "///", "..")


@figure
def ladder(here: Mapping[str, float], mnist: Mapping[str, float]) -> Picture:
    """Draw errors as bars, those on the data in use next to published ones on MNIST.

    Args:
        here: Error of each method on the data in use, from top to bottom.
        mnist: The same on MNIST; either side may lack a method.
    """
    names = list(dict.fromkeys([*here, *mnist]))
    picture = new_picture(8, 0.9 + 0.5 * len(names))
    panel = picture.subplots()
    descriptions = []
    for label, errors, color, offset, hatch in (
        ("the data in use", here, BLUE, -0.2, _HATCHES[0]),
        ("MNIST", mnist, VERMILLION, 0.2, _HATCHES[1]),
    ):
        values = {name: float(errors[name]) for name in names if name in errors}
        bars = panel.barh(
            [names.index(name) + offset for name in values],
            list(values.values()),
            height=0.36,
            color=color,
            hatch=hatch,
            edgecolor="white",
            label=label,
        )
        panel.bar_label(bars, [f"{value:.2f}" for value in values.values()], padding=4)
        described = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
        descriptions.append(f"{label}: {described or 'nothing'}")
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    largest = max([1.0, *map(float, here.values()), *map(float, mnist.values())])
    label = "squared error per test image, summed over its pixels"
    panel.set(xlabel=label, xlim=(0, 1.12 * largest))
    panel.legend(loc="lower right")
    return picture.describe(
        f"Squared error per test image, one bar per method. {'; '.join(descriptions)}."
    )


@figure
def faces(images: ArrayLike, names: Sequence[str]) -> Picture:
    """Show a row of faces with their names; 0 is dark, as in a photograph.

    Args:
        images: ``(n, 784)`` in [0, 1].
        names: One per face.
    """
    values = _images("images", images)
    if len(values) != len(names):
        raise ValueError(f"names must have one entry per image ({len(values)}), got {len(names)}")
    picture = new_picture(8, 8 / max(len(values), 5) + 0.45)
    panels = picture.subplots(1, len(values), squeeze=False)[0]
    for panel, pixels, name in zip(panels, values, names, strict=True):
        show_image(panel, 1 - pixels, name)
    return picture.describe(f"A row of {len(values)} faces: {', '.join(names)}.")


@figure
def copies(rows: Mapping[str, ArrayLike], *, photographs: bool = False) -> Picture:
    """Show originals in the first row, and below them their copies with the error of each.

    Args:
        rows: Name and images of each row, ``(n, 784)``, the originals first.
        photographs: True if 0 is dark, as in faces; False if 1 is ink, as in digits.
    """
    grids = {name: _images(name, values) for name, values in rows.items()}
    first, originals = next(iter(grids.items()))
    if any(grid.shape != originals.shape for grid in grids.values()):
        raise ValueError("rows must have the same length: one copy for each original")
    count = len(originals)
    picture = new_picture(8, 0.3 + 1.08 * len(grids) * 7.2 / count)
    panels = picture.subplots(len(grids), count, squeeze=False)
    descriptions = []
    for number, (panel_row, (name, grid)) in enumerate(zip(panels, grids.items(), strict=True)):
        errors = ((grid - originals) ** 2).sum(axis=1)
        titles = [f"{error:.1f}" for error in errors] if number else []
        show_row(panel_row, name, 1 - grid if photographs else grid, titles)
        if number:
            descriptions.append(f"{name}: mean error of the images shown {errors.mean():.1f}")
    if not descriptions:
        return picture.describe(f"A row of {count} images: {first}.")
    return picture.describe(
        f"{count} originals in the first row ({first}), and below each its copies, "
        f"with the squared error above each copy. {'. '.join(descriptions)}."
    )


@figure
def walk(rows: Mapping[str, ArrayLike], ends: tuple[str, str]) -> Picture:
    """Show walks from one image to another, one per row, from left to right.

    Args:
        rows: Name and images of each walk, ``(n, 784)``.
        ends: Names of the first and the last image.
    """
    grids = {name: _images(name, values) for name, values in rows.items()}
    count = max(map(len, grids.values()))
    picture = new_picture(8, 0.25 + len(grids) * 7.0 / count)
    panels = picture.subplots(len(grids), count, squeeze=False)
    for panel_row, (name, grid) in zip(panels, grids.items(), strict=True):
        show_row(panel_row, name, grid)
    return picture.describe(
        f"Walks in {count} steps from {ends[0]} on the left to {ends[1]} on the right, one per "
        f"row: {', '.join(grids)}. Mixed pixels are a double exposure of both; mixed codes "
        "decode to one shape that bends from one digit into the other."
    )


@figure
def around(images: Mapping[float, ArrayLike], start: ArrayLike) -> Picture:
    """Show the images decoded from codes around one code, a row for each distance.

    Args:
        images: For each distance, in standard deviations of the codes, the decoded images
            ``(n, 784)``.
        start: The image whose code is in the center, ``(784,)``.
    """
    grids = {
        distance: _images(f"images at {distance:g}", values) for distance, values in images.items()
    }
    count = max(map(len, grids.values()))
    picture = new_picture(8, 0.3 + len(grids) * 7.4 / (count + 1))
    panels = picture.subplots(len(grids), count + 1, squeeze=False)
    show_image(panels[0, 0], np.asarray(start), "start")
    for panel in panels[1:, 0]:
        panel.axis("off")
    for panel_row, (distance, grid) in zip(panels, grids.items(), strict=True):
        show_row(panel_row[1:], f"± {distance:g}", grid)
    return picture.describe(
        f"An image, and {count} decoded codes around its code for each distance "
        f"({', '.join(f'{distance:g}' for distance in grids)} standard deviations). Nearby they "
        "are the same digit in another handwriting; far out they turn into other digits, or none."
    )


@figure
def meter(errors: Mapping[str, ArrayLike], level: float) -> Picture:
    """Draw the errors of several kinds of images as dots, and the level of the alarm.

    Args:
        errors: Name and errors of each kind of image, ``(n,)``, above 0.
        level: Errors above it raise the alarm.
    """
    picture = new_picture(8, 0.9 + 0.42 * len(errors))
    panel = picture.subplots()
    rng = np.random.default_rng(0)
    descriptions = []
    for row, (name, kind) in enumerate(errors.items()):
        values = np.asarray(kind, dtype=float)
        heights = row + rng.uniform(-0.22, 0.22, len(values))
        style = class_style(row) | {"linestyle": "none", "markersize": 4 if len(values) > 50 else 7}
        panel.plot(values, heights, alpha=0.6, **style)
        above = f"{(values > level).mean():.0%} above"
        descriptions.append(f"{name}: median {np.median(values):.1f}, {above}")
    panel.axvline(level, color=INK, linestyle="--")
    panel.annotate("alarm", (level, -0.62), xytext=(5, 0), textcoords="offset points", va="center")
    panel.set_yticks(range(len(errors)), list(errors))
    panel.set(xscale="log", xlabel="squared error of the copy", ylim=(len(errors) - 0.5, -0.85))
    panel.grid(visible=False, axis="y")
    return picture.describe(
        f"Errors of the copies on a logarithmic axis, one row per kind of image, and a dashed "
        f"line at {level:.1f}: the alarm. {'; '.join(descriptions)}."
    )


@figure
def splits(errors: Mapping[str, Mapping[str, float]]) -> Picture:
    """Draw the test errors of several methods for several ways to split, as groups of bars.

    Args:
        errors: For each way to split, the error of each method.
    """
    methods = list(dict.fromkeys(name for row in errors.values() for name in row))
    picture = new_picture(6.4, 3.2)
    panel = picture.subplots()
    width = 0.8 / len(errors)
    descriptions = []
    for number, (way, by_method) in enumerate(errors.items()):
        values = [float(by_method[method]) for method in methods]
        bars = panel.bar(
            np.arange(len(methods)) + (number - (len(errors) - 1) / 2) * width,
            values,
            width=width * 0.92,
            color=COLORS[number],
            hatch=_HATCHES[number % len(_HATCHES)],
            edgecolor="white",
            label=way,
        )
        panel.bar_label(bars, [f"{value:.2f}" for value in values], padding=2, fontsize=9.5)
        described = ", ".join(f"{m} {v:.2f}" for m, v in zip(methods, values, strict=True))
        descriptions.append(f"{way}: {described}")
    panel.set_xticks(range(len(methods)), methods)
    panel.grid(visible=False, axis="x")
    panel.margins(y=0.12)
    panel.set_ylabel("squared error, test faces")
    panel.legend(bbox_to_anchor=(1.0, 0.5), loc="center left", labelcolor=INK)
    return picture.describe(
        f"Test errors by the way the faces were split. {'; '.join(descriptions)}."
    )


@figure
def probes(accuracy: Mapping[str, Sequence[float]], examples: Sequence[int]) -> Picture:
    """Draw the accuracy of a linear probe against the number of labeled examples.

    Args:
        accuracy: Accuracies for each kind of feature, 0 to 1, one per number of examples.
        examples: Numbers of labeled examples.
    """
    picture = new_picture(7, 3)
    panel = picture.subplots()
    descriptions = []
    for number, (name, shares) in enumerate(accuracy.items()):
        style = class_style(number) | line_style(number)
        panel.semilogx(examples, shares, label=name, **style)
        descriptions.append(
            f"{name}: {shares[0]:.0%} with {examples[0]:,}, {shares[-1]:.0%} with {examples[-1]:,}"
        )
    panel.set_xticks(list(examples), [f"{n:,}" for n in examples])
    panel.minorticks_off()
    panel.set(xlabel="labeled examples", ylabel="accuracy on new examples", ylim=(0, 1.02))
    panel.yaxis.set_major_formatter(lambda share, _position: f"{share:.0%}")
    panel.legend(loc="lower right")
    return picture.describe(
        "Accuracy of a linear probe on new examples, against the number of labeled examples. "
        f"{'; '.join(descriptions)}."
    )


def _images(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != _PIXELS or len(array) == 0:
        raise ValueError(f"{name} must be images of shape (n, {_PIXELS}), got {array.shape}")
    return array
