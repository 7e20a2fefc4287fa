"""The figures of lesson 2: emptiness, edges, overlap, distances, rates and costs.

Example:
    >>> sparsity(n=20, bins=3).alt[:44]
    'The same 20 random points in 1, 2 and 3 dime'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike

from course import curse
from course.figures.style import (
    BLACK,
    BLUE,
    COLOURS,
    FAINT,
    GREEN,
    MARKERS,
    RULE,
    SKY,
    VERMILLION,
    figure,
    sheet,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course.figures.picture import Picture

_TICKS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_DIMENSIONS: Final = np.unique(np.geomspace(1, 100, 60).round().astype(int))


@figure
def sparsity(n: int = 20, bins: int = 3, seed: int = 1) -> Picture:
    """Draw the same points with one, two and three of their coordinates, and the cells they hit.

    Args:
        n: Number of points.
        bins: Into how many parts each side is cut.
        seed: For the draw of the points.
    """
    points = np.random.default_rng(seed).random((n, 3))
    picture = sheet(8, 3.2)
    grid = picture.add_gridspec(1, 3, width_ratios=(1, 1, 1.15))
    line, square = (picture.add_subplot(grid[i]) for i in range(2))
    cube: Any = picture.add_subplot(grid[2], projection="3d")
    counts = [curse.count_occupied(points[:, :d], bins) for d in (1, 2, 3)]

    _shade(line, points[:, :1], bins)
    line.plot(points[:, 0], np.full(n, 0.5), "o", color=BLUE, alpha=0.8)
    _shade(square, points[:, :2], bins)
    square.plot(points[:, 0], points[:, 1], "o", color=BLUE, alpha=0.8)
    for axes in (line, square):
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 1], yticks=[0, 1])
        axes.grid(visible=False)
    line.set_yticks([])

    filled = np.zeros((bins, bins, bins), dtype=bool)
    filled[tuple(np.minimum((points * bins).astype(int), bins - 1).T)] = True
    edges = np.indices((bins + 1,) * 3) / bins
    cube.voxels(*edges, filled, facecolors=SKY + "30", edgecolors=SKY + "90", linewidth=0.5)
    cube.scatter(*points.T, color=BLUE, s=28, depthshade=False)
    cube.set(xlim=(0, 1), ylim=(0, 1), zlim=(0, 1), xticks=[], yticks=[], zticks=[])
    cube.set_box_aspect((1, 1, 1), zoom=0.98)
    for axes, d, count in zip((line, square, cube), (1, 2, 3), counts, strict=True):
        axes.set_title(f"{d}-D: {count} of {bins**d} cells", loc="center", y=1.0)
    hit = ", ".join(
        f"{count} of {bins**d} ({count / bins**d:.0%}) in {d}-D"
        for d, count in enumerate(counts, 1)
    )
    return picture.describe(
        f"The same {n} random points in 1, 2 and 3 dimensions, each side cut into {bins} parts. "
        f"Cells that hold a point are shaded: {hit}. The more dimensions, the emptier."
    )


def _shade(axes: Axes, points: ArrayLike, bins: int) -> None:
    from matplotlib.patches import Rectangle

    cells = np.unique(np.minimum((np.asarray(points) * bins).astype(int), bins - 1), axis=0)
    for cell in cells:
        low = (cell[0] / bins, cell[1] / bins if len(cell) > 1 else 0.0)
        height = 1 / bins if len(cell) > 1 else 1.0
        axes.add_patch(Rectangle(low, 1 / bins, height, facecolor=SKY, alpha=0.3))
    for edge in range(1, bins):
        axes.axvline(edge / bins, color=RULE)
        if cells.shape[1] > 1:
            axes.axhline(edge / bins, color=RULE)


@figure
def edges() -> Picture:
    """Draw how edge, corners and the side of a small share grow with the dimension."""
    picture = sheet(8, 3.4)
    axes = picture.subplots()
    for label, colour, style, value in (
        ("volume within 0.05 of the border", VERMILLION, "-", curse.edge_share),
        ("side that holds 10 % of the volume", BLUE, "--", lambda d: curse.edge_length(0.1, d)),
        ("volume in the largest ball", GREEN, ":", curse.ball_share),
    ):
        heights = [value(int(d)) for d in _DIMENSIONS]
        axes.semilogx(_DIMENSIONS, heights, color=colour, linestyle=style, label=label)
    axes.set(xlabel="dimensions", ylabel="part of 1", ylim=(-0.02, 1.02), xlim=(1, 100))
    axes.set_xticks([1, 2, 3, 5, 10, 20, 50, 100], ["1", "2", "3", "5", "10", "20", "50", "100"])
    axes.minorticks_off()
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.42))
    return picture.describe(
        "Three curves over 1 to 100 dimensions. The share of a cube's volume within 0.05 of its "
        f"border climbs from 10 % to {curse.edge_share(100):.1%}. The side of a cube that holds "
        f"10 % of the volume climbs from 0.1 to {curse.edge_length(0.1, 100):.2f}. The share in "
        f"the largest ball inside falls from 1 to {curse.ball_share(10):.2%} at 10 dimensions."
    )


@figure
def overlap(n: int = 10, seed: int = 3) -> Picture:
    """Draw both sides of the bargain: too few features overlap, too many can't be learned.

    Args:
        n: Examples from which the classifier on the right learns.
        seed: For the clouds on the left.
    """
    picture = sheet(8, 3.5)
    clouds, curve = picture.subplots(1, 2, width_ratios=(1, 1.25))
    rng = np.random.default_rng(seed)
    shapes = np.array([[1.0, 0.9], [0.9, 1.0]])
    for number, (name, shift) in enumerate((("class A", -0.7), ("class B", 0.7))):
        x = rng.multivariate_normal([shift, -shift], shapes, 60)
        style = {"color": COLOURS[number], "marker": MARKERS[number]}
        clouds.scatter(x[:, 0], x[:, 1], s=22, alpha=0.75, label=name, **style)
        clouds.scatter(x[:, 0], np.full(60, -4.6 - 0.4 * number), s=14, alpha=0.45, **style)
    clouds.set(xlabel="first feature", ylabel="second feature", ylim=(-5.4, 3.6))
    clouds.set_title("One feature overlaps, two do not")
    clouds.legend(loc="upper left", handletextpad=0.1)
    clouds.annotate("their shadows on one axis", (-2.6, -4.2), color=FAINT, fontsize=9)

    sizes = np.unique(np.geomspace(1, 3000, 28).round().astype(int))
    known = [curse.classifier_accuracy(int(d)) for d in sizes]
    learned = [curse.classifier_accuracy(int(d), n) for d in sizes]
    curve.semilogx(sizes, known, color=BLACK, linestyle="--", label="classes known")
    curve.semilogx(sizes, learned, color=BLUE, label=f"learned from {n} examples")
    best = int(np.argmax(learned))
    curve.plot(sizes[best], learned[best], "o", color=BLUE)
    curve.annotate(
        f"best at about {sizes[best]}",
        (sizes[best], learned[best]),
        xytext=(0, -34),
        textcoords="offset points",
        ha="center",
    )
    curve.set(xlabel="features", ylabel="share told apart", ylim=(0.6, 1.01))
    curve.set_title("More features: help, then harm")
    curve.legend(loc="lower left")
    return picture.describe(
        "Left: two clouds of points lie apart in the plane, but their shadows on one axis overlap. "
        "Right: share told apart over 1 to 3000 features, each useful. With the classes known it "
        f"only rises, to {known[-1]:.1%}. Learned from {n} examples it rises to "
        f"{learned[best]:.1%} at about {sizes[best]} features and falls to {learned[-1]:.1%}."
    )


@figure
def concentration(dimensions: Sequence[int] = (2, 10, 100, 1000)) -> Picture:
    """Draw how the distances of random pairs of points grow alike; at most four dimensions."""
    picture = sheet(8, 3.2)
    axes = picture.subplots()
    said = []
    for number, d in enumerate(dimensions):
        sample = curse.pair_distances(d, pairs=40_000)
        relative = sample / sample.mean()
        spread = curse.coefficient_of_variation(sample)
        heights, borders = np.histogram(relative, bins=60, range=(0, 2.4), density=True)
        middle = (borders[1:] + borders[:-1]) / 2
        style = ("-", "--", "-.", ":")[number % 4]
        label = f"d = {d}: spread {spread:.0%}"
        axes.plot(middle, heights / heights.max(), style, color=COLOURS[number], label=label)
        said.append(f"{spread:.0%} in {d}-D")
    axes.set(xlabel="distance of two random points, in units of the mean", ylabel="how often")
    axes.set(xlim=(0, 2.4), yticks=[])
    axes.legend(loc="upper right")
    return picture.describe(
        "How often which distance occurs between two random points of a cube, in units of the "
        "mean distance, drawn to equal height. The more dimensions, the narrower the peak at 1. "
        f"Standard deviation in parts of the mean: {', '.join(said)}."
    )


@figure
def contrasts(groups: Mapping[str, ArrayLike]) -> Picture:
    """Draw, for each kind of data, the distances of its points to one query.

    Args:
        groups: For each name the distances ``(n,)`` to one query, all above 0.
    """
    picture = sheet(8, 0.7 + 1.05 * len(groups))
    panels = picture.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    said = []
    for number, (axes, (name, values)) in enumerate(zip(panels, groups.items(), strict=True)):
        relative = np.asarray(values, dtype=float)
        relative = relative / relative.min()
        contrast = relative.max() - 1
        axes.hist(relative, bins=60, color=COLOURS[number % len(COLOURS)])
        axes.axvline(1, color=BLACK, linewidth=1)
        axes.set_title(f"{name}: contrast {contrast:.2f}", fontsize=10)
        axes.set_yticks([])
        axes.grid(visible=False)
        said.append(f"{name}: the farthest is {contrast + 1:.2f} times as far as the nearest")
    panels[-1].set_xlabel("distance to the query, in units of the nearest neighbour's")
    return picture.describe(f"Histograms of the distances to one query. {'; '.join(said)}.")


@figure
def rates(sizes: Sequence[int], errors: Mapping[int, ArrayLike], p: float = 2) -> Picture:
    """Draw measured errors over the number of examples, and Stone's slope through each.

    Args:
        sizes: Numbers of examples.
        errors: For each dimension the measured errors, one for each size.
        p: Smoothness for the slope.
    """
    picture = sheet(8, 4)
    axes = picture.subplots()
    m = np.asarray(sizes, dtype=float)
    said = []
    for number, (d, values) in enumerate(errors.items()):
        e = np.asarray(values, dtype=float)
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        slope = -p / (2 * p + d)
        measured = float(np.polyfit(np.log(m), np.log(e), 1)[0])
        line = np.exp(np.log(e).mean() + slope * (np.log(m) - np.log(m).mean()))
        axes.loglog(m, line, color=colour, linewidth=1.4, alpha=0.7)
        label = f"d = {d}: slope {measured:.2f}, Stone {slope:.2f}"
        axes.loglog(m, e, marker, color=colour, label=label, markersize=7)
        said.append(f"{d}-D: measured slope {measured:.2f}, Stone {slope:.2f}")
    axes.set(xlabel="examples m", ylabel="error")
    axes.set_xticks(m, [f"{size:,.0f}" for size in m])
    axes.set_yticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    axes.minorticks_off()
    low, high = axes.dataLim.intervaly
    axes.set_ylim(low * 0.8, high * 1.25)
    axes.legend(loc="lower left")
    return picture.describe(
        "Error of nearest-neighbour regression over the number of examples, both axes "
        "logarithmic; marks are measured, lines have Stone's slope. " + "; ".join(said) + "."
    )


@figure
def costs(widths: Sequence[int], seconds: Sequence[float], p: float = 2) -> Picture:
    """Draw the two costs of a dimension: time for one pass, and examples for one error.

    Args:
        widths: Numbers of inputs.
        seconds: Measured time of one layer's forward pass for each.
        p: Smoothness for the examples that half the error would cost.
    """
    picture = sheet(8, 3.5)
    time, samples = picture.subplots(1, 2)
    d, s = np.asarray(widths, dtype=float), np.asarray(seconds, dtype=float)
    slope = float(np.polyfit(np.log(d), np.log(s), 1)[0])
    time.loglog(d, s * 1000, "o", color=BLUE, label=f"measured: slope {slope:.2f}")
    through = np.exp(np.mean(np.log(s / d)))
    time.loglog(d, through * d * 1000, color=BLUE, alpha=0.6, linewidth=1.4, label="slope 1")
    time.set(xlabel="inputs d", ylabel="milliseconds")
    time.set_xticks(d, [f"{width:.0f}" for width in d], rotation=30)
    time.minorticks_off()
    time.set_yticks(s[[0, -1]] * 1000, [f"{tick:.2g}" for tick in s[[0, -1]] * 1000])
    time.set_title("Time of one pass: linear")
    time.legend()
    dims = np.arange(1, 41)
    factors = [curse.cost_of_halving(p, int(k)) for k in dims]
    samples.semilogy(dims, factors, color=VERMILLION)
    samples.set(xlabel="inputs d", ylabel="times the examples")
    samples.set_title("Examples, error halved: exponential")
    return picture.describe(
        f"Left: time of a layer's forward pass from {widths[0]} to {widths[-1]} inputs, both axes "
        f"logarithmic; the slope is {slope:.2f}, so the time is about linear. Right: how many "
        "times the examples it takes to halve the error, from "
        f"{factors[0]:.1f} in 1-D to {factors[-1]:,.0f} in 40-D, a straight line on a logarithmic "
        "axis, so exponential."
    )
