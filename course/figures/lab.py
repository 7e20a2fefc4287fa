"""The figures of lesson 5: the ladder, what a trained network copies, a walk, a meter.

Example:
    >>> ladder({"mean image": 34.05, "PCA": 3.87}, {"mean image": 52.90, "PCA": 13.87}).alt[:33]
    'Squared error a test image, one b'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.figures.picture import Picture
from course.figures.style import (
    BLUE,
    COLOURS,
    INK,
    MARKERS,
    VERMILLION,
    figure,
    sheet,
    show_image,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PIXELS: Final = 784


@figure
def ladder(here: Mapping[str, float], mnist: Mapping[str, float]) -> Picture:
    """Draw errors as bars, those of the data in use beside what is known of MNIST.

    Args:
        here: Name of a method to its error on the data in use, the first on top.
        mnist: The same for MNIST; names may be missing on either side.
    """
    names = list(dict.fromkeys([*here, *mnist]))
    picture = sheet(8, 0.9 + 0.5 * len(names))
    panel = picture.subplots()
    at = np.arange(len(names))
    said = []
    for label, errors, colour, up, hatch in (
        ("the data in use", here, BLUE, -0.2, ""),
        ("MNIST", mnist, VERMILLION, 0.2, "///"),
    ):
        places = [place for place, name in zip(at, names, strict=True) if name in errors]
        values = [float(errors[names[place]]) for place in places]
        bars = panel.barh(
            np.array(places) + up,
            values,
            height=0.36,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            label=label,
        )
        panel.bar_label(bars, [f"{value:.2f}" for value in values], padding=4)
        told = ", ".join(f"{names[p]} {v:.2f}" for p, v in zip(places, values, strict=True))
        said.append(f"{label}: {told or 'nothing'}")
    panel.set_yticks(at, names)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    most = max([1.0, *map(float, here.values()), *map(float, mnist.values())])
    panel.set(xlabel="squared error, summed over the pixels of a test image", xlim=(0, 1.12 * most))
    panel.legend(loc="lower right")
    return picture.describe(f"Squared error a test image, one bar a method. {'; '.join(said)}.")


@figure
def faces(images: ArrayLike, names: Sequence[str]) -> Picture:
    """Show a row of faces with what is known of each; 0 is dark, as in a photograph.

    Args:
        images: ``(n, 784)`` in [0, 1].
        names: One a face.
    """
    values = _images("images", images)
    if len(values) != len(names):
        raise ValueError(f"names: {len(names)} for {len(values)} images; one each is right")
    picture = sheet(8, 8 / max(len(values), 5) + 0.45)
    panels = picture.subplots(1, len(values), squeeze=False)[0]
    for panel, pixels, name in zip(panels, values, names, strict=True):
        show_image(panel, 1 - pixels, name)
    return picture.describe(f"A row of {len(values)} faces: {', '.join(names)}.")


@figure
def copies(rows: Mapping[str, ArrayLike], *, photographs: bool = False) -> Picture:
    """Show originals in the first row, and under them their copies with the error of each.

    Args:
        rows: For each row its name and its images, ``(n, 784)``, the originals first.
        photographs: Whether 0 is dark, as in faces; in digits 1 is ink.
    """
    grids = {name: _images(name, values) for name, values in rows.items()}
    originals = next(iter(grids.values()))
    if any(grid.shape != originals.shape for grid in grids.values()):
        raise ValueError("rows: not all equally long; one copy for each original is right")
    count = len(originals)
    picture = sheet(8, 0.3 + 1.08 * len(grids) * 7.2 / count)
    panels = picture.subplots(len(grids), count, squeeze=False)
    told = []
    for number, (line, (name, grid)) in enumerate(zip(panels, grids.items(), strict=True)):
        errors = ((grid - originals) ** 2).sum(axis=1)
        titles = [f"{error:.1f}" for error in errors] if number else []
        _row(line, name, 1 - grid if photographs else grid, titles)
        if number:
            told.append(f"{name}: mean error of those shown {errors.mean():.1f}")
    first = next(iter(grids))
    if not told:
        return picture.describe(f"A row of {count} images: {first}.")
    return picture.describe(
        f"{count} originals in the first row ({first}), and under each its copies, "
        f"with the squared error above each copy. {'. '.join(told)}."
    )


@figure
def walk(rows: Mapping[str, ArrayLike], ends: tuple[str, str]) -> Picture:
    """Show walks from one image to another, a row each, from left to right.

    Args:
        rows: For each way to walk its name and its images, ``(n, 784)``.
        ends: What the walk starts from and what it leads to.
    """
    grids = {name: _images(name, values) for name, values in rows.items()}
    count = max(map(len, grids.values()))
    picture = sheet(8, 0.25 + len(grids) * 7.0 / count)
    panels = picture.subplots(len(grids), count, squeeze=False)
    for line, (name, grid) in zip(panels, grids.items(), strict=True):
        _row(line, name, grid)
    return picture.describe(
        f"Walks in {count} steps from {ends[0]} on the left to {ends[1]} on the right, a row "
        f"each: {', '.join(grids)}. Mixed pixels are a double exposure of both; mixed codes "
        "decode to one shape that bends from one digit into the other."
    )


@figure
def around(images: Mapping[float, ArrayLike], start: ArrayLike) -> Picture:
    """Show what codes around one code decode to, a row for each distance.

    Args:
        images: For each distance, in spreads of the codes, the decoded images ``(n, 784)``.
        start: The image whose code is in the middle, ``(784,)``.
    """
    grids = {far: _images(f"images at {far:g}", values) for far, values in images.items()}
    count = max(map(len, grids.values()))
    picture = sheet(8, 0.3 + len(grids) * 7.4 / (count + 1))
    panels = picture.subplots(len(grids), count + 1, squeeze=False)
    for number, (line, (far, grid)) in enumerate(zip(panels, grids.items(), strict=True)):
        if number == 0:
            show_image(line[0], np.asarray(start), "start")
        else:
            line[0].axis("off")
        _row(line[1:], f"± {far:g}", grid)
    return picture.describe(
        f"An image, and {count} decoded codes around its own for each distance "
        f"({', '.join(f'{far:g}' for far in grids)} spreads of the codes). Near by they are the "
        "same digit in another hand; far out they turn into other digits, or into none."
    )


@figure
def meter(errors: Mapping[str, ArrayLike], level: float) -> Picture:
    """Draw the errors of several kinds of image as dots, and the level of the alarm.

    Args:
        errors: For each kind of image its name and the errors, ``(n,)``, above 0.
        level: Errors above it raise the alarm.
    """
    picture = sheet(8, 0.9 + 0.42 * len(errors))
    panel = picture.subplots()
    rng = np.random.default_rng(0)
    told = []
    for row, (name, each) in enumerate(errors.items()):
        values = np.asarray(each, dtype=float)
        heights = row + rng.uniform(-0.22, 0.22, len(values))
        panel.plot(
            values,
            heights,
            linestyle="none",
            marker=MARKERS[row % len(MARKERS)],
            color=COLOURS[row % 7],
            alpha=0.6,
            markersize=4 if len(values) > 50 else 7,
        )
        told.append(f"{name}: median {np.median(values):.1f}, {(values > level).mean():.0%} above")
    panel.axvline(level, color=INK, linestyle="--")
    panel.annotate("alarm", (level, -0.62), xytext=(5, 0), textcoords="offset points", va="center")
    panel.set_yticks(range(len(errors)), list(errors))
    panel.set(xscale="log", xlabel="squared error of the copy", ylim=(len(errors) - 0.5, -0.85))
    panel.grid(visible=False, axis="y")
    return picture.describe(
        f"Errors of the copies on a logarithmic axis, a row for each kind of image, and a dashed "
        f"line at {level:.1f}: the alarm. {'; '.join(told)}."
    )


@figure
def splits(errors: Mapping[str, Mapping[str, float]]) -> Picture:
    """Draw the test errors of several methods for several ways to split, as groups of bars.

    Args:
        errors: For each way to split its name, and for each method its error.
    """
    ways = list(errors)
    methods = list(dict.fromkeys(name for row in errors.values() for name in row))
    picture = sheet(6.4, 3.2)
    panel = picture.subplots()
    width = 0.8 / len(ways)
    said = []
    for number, way in enumerate(ways):
        values = [float(errors[way][method]) for method in methods]
        bars = panel.bar(
            np.arange(len(methods)) + (number - (len(ways) - 1) / 2) * width,
            values,
            width=width * 0.92,
            color=COLOURS[number],
            hatch=("", "///", "..")[number % 3],
            edgecolor="white",
            label=way,
        )
        panel.bar_label(bars, [f"{value:.2f}" for value in values], padding=2, fontsize=9.5)
        told = ", ".join(f"{m} {v:.2f}" for m, v in zip(methods, values, strict=True))
        said.append(f"{way}: {told}")
    panel.set_xticks(range(len(methods)), methods)
    panel.grid(visible=False, axis="x")
    panel.margins(y=0.12)
    panel.set_ylabel("squared error, test faces")
    panel.legend(bbox_to_anchor=(1.0, 0.5), loc="center left", labelcolor=INK)
    return picture.describe(f"Test errors by the way the faces were split. {'; '.join(said)}.")


@figure
def probes(accuracy: Mapping[str, Sequence[float]], examples: Sequence[int]) -> Picture:
    """Draw how often a linear probe is right, over the number of labelled examples.

    Args:
        accuracy: For each kind of feature its name and the shares that are right, 0 to 1.
        examples: How many labelled examples the probe had.
    """
    picture = sheet(7, 3)
    panel = picture.subplots()
    said = []
    for number, (name, shares) in enumerate(accuracy.items()):
        dashes = ("-", "--", ":")[number % 3]
        style = {"color": COLOURS[number], "marker": MARKERS[number], "linestyle": dashes}
        panel.semilogx(examples, shares, label=name, **style)
        said.append(f"{name}: {shares[0]:.0%} with {examples[0]}, {shares[-1]:.0%} with the most")
    panel.set_xticks(list(examples), [f"{n:,}" for n in examples])
    panel.minorticks_off()
    panel.set(xlabel="labelled examples", ylabel="right on new ones", ylim=(0, 1.02))
    panel.yaxis.set_major_formatter(lambda share, _place: f"{share:.0%}")
    panel.legend(loc="lower right")
    return picture.describe(
        "Share of new examples that a linear probe gets right, over the number of labelled ones, "
        f"{examples[0]} to {examples[-1]}. {'; '.join(said)}."
    )


def _row(
    panels: Sequence[Axes], name: str, images: NDArray[np.float64], titles: Sequence[str] = ()
) -> None:
    """Show images side by side, their name before the first; panels left over stay empty."""
    for index, panel in enumerate(panels):
        if index < len(images):
            show_image(panel, images[index], titles[index] if titles else "")
        else:
            panel.axis("off")
    panels[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)


def _images(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != _PIXELS or len(array) == 0:
        raise ValueError(f"{name}: shape {array.shape}; images (n, {_PIXELS}) are right")
    return array
