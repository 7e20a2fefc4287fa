"""The figures of lesson 5: errors by method, copies, walks between codes, and probes.

Example:
    >>> ladder({"mean image": 34.05, "PCA": 3.87}, {"mean image": 52.90, "PCA": 13.87}).alt[:28]
    'Squared error per test image'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.figures import style
from course.figures.picture import Picture
from course.figures.style import figure, new_grid, new_plot, show_image, show_row

_PIXELS: Final = 784


@figure
def ladder(here: Mapping[str, float], mnist: Mapping[str, float]) -> Picture:
    """Draw errors by method, those on the data in use next to published ones on MNIST.

    Either side may lack a method.
    """
    names = list(dict.fromkeys([*here, *mnist]))
    picture, panel = new_plot(8, 0.9 + 0.5 * len(names))
    descriptions = []
    for number, (label, errors) in enumerate((("the data in use", here), ("MNIST", mnist))):
        rows = [names.index(name) + 0.4 * number - 0.2 for name in errors]
        bars = panel.barh(rows, list(errors.values()), 0.36, label=label, **_bar_style(number))
        panel.bar_label(bars, fmt="{:.2f}", padding=4)
        described = ", ".join(f"{name} {errors[name]:.2f}" for name in names if name in errors)
        descriptions.append(f"{label}: {described or 'nothing'}")
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    panel.grid(visible=False, axis="y")
    largest = max(1.0, *here.values(), *mnist.values())
    label = "squared error per test image, summed over its pixels"
    panel.set(xlabel=label, xlim=(0, 1.12 * largest))
    panel.legend(loc="lower right")
    return picture.describe(
        f"Squared error per test image, one bar per method. {'; '.join(descriptions)}."
    )


@figure
def faces(images: ArrayLike, names: Sequence[str]) -> Picture:
    """Show faces ``(n, 784)`` in [0, 1] with their names; 0 is dark, as in a photograph."""
    values = _images("images", images)
    if len(values) != len(names):
        raise ValueError(f"names must have one entry per image ({len(values)}), got {len(names)}")
    picture, (panels,) = new_grid(8, 8 / max(len(values), 5) + 0.45, 1, len(values))
    for panel, pixels, name in zip(panels, values, names, strict=True):
        show_image(panel, pixels, name, ink=False)
    return picture.describe(f"A row of {len(values)} faces: {', '.join(names)}.")


@figure
def copies(rows: Mapping[str, ArrayLike], *, photographs: bool = False) -> Picture:
    """Show originals ``(n, 784)`` in the first row; below, their copies with the error of each.

    In digits, 1 is ink; for faces, where 0 is dark, pass ``photographs=True``.
    """
    grids = {name: _images(name, values) for name, values in rows.items()}
    first, originals = next(iter(grids.items()))
    if any(grid.shape != originals.shape for grid in grids.values()):
        raise ValueError("rows must have the same length: one copy for each original")
    count = len(originals)
    picture, panels = new_grid(8, 0.3 + 1.08 * len(grids) * 7.2 / count, len(grids), count)
    descriptions = []
    for number, (panel_row, (name, grid)) in enumerate(zip(panels, grids.items(), strict=True)):
        errors = ((grid - originals) ** 2).sum(axis=1)
        titles = [f"{error:.1f}" for error in errors] if number else []
        show_row(panel_row, name, grid, titles, ink=not photographs)
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
    """Show walks ``(n, 784)`` from left to right between two images, named by ``ends``."""
    grids = {name: _images(name, values) for name, values in rows.items()}
    count = max(map(len, grids.values()))
    picture, panels = new_grid(8, 0.25 + len(grids) * 7.0 / count, len(grids), count)
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
        images: Decoded images ``(n, 784)`` for each distance, in standard deviations of the codes.
        start: The image whose code is in the center, ``(784,)``.
    """
    grids = {step: _images(f"images at {step:g}", values) for step, values in images.items()}
    count = max(map(len, grids.values()))
    picture, panels = new_grid(8, 0.3 + len(grids) * 7.4 / (count + 1), len(grids), count + 1)
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
    """Draw errors ``(n,)``, above 0, of several kinds of images, and the level of the alarm."""
    picture, panel = new_plot(8, 0.9 + 0.42 * len(errors))
    rng = np.random.default_rng(0)
    descriptions = []
    for row, (name, kind) in enumerate(errors.items()):
        values = np.asarray(kind, dtype=float)
        heights = row + rng.uniform(-0.22, 0.22, len(values))
        look = {"markersize": 4 if len(values) > 50 else 7, **style.class_style(row)}
        panel.plot(values, heights, linestyle="none", alpha=0.6, **look)
        above = f"{(values > level).mean():.0%} above"
        descriptions.append(f"{name}: median {np.median(values):.1f}, {above}")
    panel.axvline(level, color=style.INK, linestyle="--")
    panel.annotate("alarm", (level, -0.62), xytext=(5, 0), textcoords="offset points", va="center")
    panel.set_yticks(range(len(errors)), list(errors))
    panel.set(xscale="log", xlabel="squared error of the copy", ylim=(len(errors) - 0.5, -0.85))
    style.plain_log_ticks(panel.xaxis)
    panel.grid(visible=False, axis="y")
    return picture.describe(
        f"Errors of the copies on a logarithmic axis, one row per kind of image, and a dashed "
        f"line at {level:.1f}: the alarm. {'; '.join(descriptions)}."
    )


@figure
def roc(errors: ArrayLike, is_anomaly: ArrayLike, alarms: Mapping[str, float]) -> Picture:
    """Draw the ROC curve of errors ``(n,)`` as a detector, and some alarms on it.

    An alarm catches the anomalies and stops the normal cases whose errors are above it.
    """
    from sklearn.metrics import roc_auc_score, roc_curve

    values, anomaly = np.asarray(errors, dtype=float), np.asarray(is_anomaly, dtype=bool)
    stopped, caught, _ = roc_curve(anomaly, values)
    area = roc_auc_score(anomaly, values)
    picture, panel = new_plot(5.6, 4.4)
    panel.plot([0, 1], [0, 1], linestyle=":", color=style.INK, linewidth=1)
    panel.plot(stopped, caught, color=style.INK)
    described = []
    for number, (name, alarm) in enumerate(alarms.items()):
        point = (values[~anomaly] > alarm).mean(), (values[anomaly] > alarm).mean()
        look = {"markersize": 9, **style.class_style(number)}
        panel.plot(*[[share] for share in point], linestyle="none", label=name, **look)
        described.append(f"{name}: {point[1]:.0%} caught, {point[0]:.0%} of the normal stopped")
    panel.set(xlabel="normal cases that are stopped", ylabel="anomalies that are caught")
    panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    panel.legend(loc="lower right", title=f"area under the curve: {area:.2f}")
    return picture.describe(
        f"ROC curve with an area of {area:.2f}: the share of anomalies caught against the share of "
        f"normal cases stopped. {'; '.join(described)}."
    )


@figure
def splits(errors: Mapping[str, Mapping[str, float]]) -> Picture:
    """Draw bars of the test error of each method, for each way to split."""
    methods = list(dict.fromkeys(name for row in errors.values() for name in row))
    picture, panel = new_plot(6.4, 3.2)
    width = 0.8 / len(errors)
    descriptions = []
    for number, (way, by_method) in enumerate(errors.items()):
        values = [by_method[method] for method in methods]
        centers = np.arange(len(methods)) + (number - (len(errors) - 1) / 2) * width
        bars = panel.bar(centers, values, width * 0.92, label=way, **_bar_style(number))
        panel.bar_label(bars, fmt="{:.2f}", padding=2, fontsize=9.5)
        described = ", ".join(f"{m} {v:.2f}" for m, v in zip(methods, values, strict=True))
        descriptions.append(f"{way}: {described}")
    panel.set_xticks(range(len(methods)), methods)
    panel.grid(visible=False, axis="x")
    panel.margins(y=0.12)
    panel.set_ylabel("squared error, test faces")
    panel.legend(bbox_to_anchor=(1.0, 0.5), loc="center left", labelcolor=style.INK)
    return picture.describe(
        f"Test errors by the way the faces were split. {'; '.join(descriptions)}."
    )


@figure
def probes(accuracy: Mapping[str, Sequence[float]], examples: Sequence[int]) -> Picture:
    """Draw the accuracy, 0 to 1, of a linear probe against the number of labeled examples."""
    picture, panel = new_plot(7, 3)
    descriptions = []
    for number, (name, shares) in enumerate(accuracy.items()):
        look = style.class_style(number) | style.line_style(number)
        panel.semilogx(examples, shares, label=name, **look)
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


def _bar_style(number: int) -> dict[str, Any]:
    hatch = ("", "///", "..")[number % 3]
    return {"color": style.COLORS[number], "hatch": hatch, "edgecolor": "white"}


def _images(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != _PIXELS or len(array) == 0:
        raise ValueError(f"{name} must be images of shape (n, {_PIXELS}), got {array.shape}")
    return array
