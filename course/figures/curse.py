"""The figures of lesson 2: empty space, edges, overlap, distances, rates and costs.

Example:
    >>> sparsity(n=20, bins=3).alt[:44]
    'The same 20 random points in 1, 2 and 3 dime'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course import curse
from course.figures import style
from course.figures.style import figure, new_grid, new_picture, new_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course.figures.picture import Picture

_TICKS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
_DIMENSIONS: Final = np.unique(np.geomspace(1, 100, 60).round().astype(int))


@figure
def sparsity(n: int = 20, bins: int = 3, seed: int = 1) -> Picture:
    """Draw n points in 1, 2 and 3 dimensions, and the cells they occupy, with ``bins`` per side."""
    points = np.random.default_rng(seed).random((n, 3))
    picture = new_picture(8, 3.2)
    grid = picture.add_gridspec(1, 3, width_ratios=(1, 1, 1.15))
    line, square = (picture.add_subplot(grid[i]) for i in range(2))
    cube: Any = picture.add_subplot(grid[2], projection="3d")
    counts = [curse.count_occupied(points[:, :d], bins) for d in (1, 2, 3)]

    _shade(line, points[:, :1], bins)
    line.plot(points[:, 0], np.full(n, 0.5), "o", color=style.BLUE, alpha=0.8)
    _shade(square, points[:, :2], bins)
    square.plot(points[:, 0], points[:, 1], "o", color=style.BLUE, alpha=0.8)
    for axes in (line, square):
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=[0, 1], yticks=[0, 1])
        axes.grid(visible=False)
    line.set_yticks([])

    filled = np.zeros((bins, bins, bins), dtype=bool)
    filled[tuple(np.minimum((points * bins).astype(int), bins - 1).T)] = True
    edges = np.indices((bins + 1,) * 3) / bins
    fill = {"facecolors": style.SKY + "30", "edgecolors": style.SKY + "90"}
    cube.voxels(*edges, filled, linewidth=0.5, **fill)
    cube.scatter(*points.T, color=style.BLUE, s=28, depthshade=False)
    cube.set(xlim=(0, 1), ylim=(0, 1), zlim=(0, 1), xticks=[], yticks=[], zticks=[])
    cube.set_box_aspect((1, 1, 1), zoom=0.98)
    for axes, d, count in zip((line, square, cube), (1, 2, 3), counts, strict=True):
        axes.set_title(f"{d}-D: {count} of {bins**d} cells", loc="center", y=1.0)
    occupied = ", ".join(
        f"{count} of {bins**d} ({count / bins**d:.0%}) in {d}-D"
        for d, count in enumerate(counts, 1)
    )
    return picture.describe(
        f"The same {n} random points in 1, 2 and 3 dimensions, with {bins} bins along each side. "
        f"Cells with a point are shaded: {occupied}. The more dimensions, the emptier."
    )


def _shade(axes: Axes, points: ArrayLike, bins: int) -> None:
    from matplotlib.patches import Rectangle

    cells = np.unique(np.minimum((np.asarray(points) * bins).astype(int), bins - 1), axis=0)
    for cell in cells:
        low = (cell[0] / bins, cell[1] / bins if len(cell) > 1 else 0.0)
        height = 1 / bins if len(cell) > 1 else 1.0
        axes.add_patch(Rectangle(low, 1 / bins, height, facecolor=style.SKY, alpha=0.3))
    for edge in range(1, bins):
        axes.axvline(edge / bins, color=style.LIGHT_GRAY)
        if cells.shape[1] > 1:
            axes.axhline(edge / bins, color=style.LIGHT_GRAY)


@figure
def edges() -> Picture:
    """Draw how the volume of a cube moves to its border as dimensions are added."""
    picture, axes = new_plot(8, 3.4)
    for label, color, dashes, value in (
        ("volume within 0.05 of the border", style.VERMILLION, "-", curse.edge_share),
        ("side that holds 10% of the volume", style.BLUE, "--", partial(curse.edge_length, 0.1)),
        ("volume in the largest ball", style.GREEN, ":", curse.ball_share),
    ):
        heights = [value(int(d)) for d in _DIMENSIONS]
        axes.semilogx(_DIMENSIONS, heights, color=color, linestyle=dashes, label=label)
    axes.set(
        xlabel="dimensions", ylabel="volume or length, side = 1", ylim=(-0.02, 1.02), xlim=(1, 100)
    )
    axes.set_xticks([1, 2, 3, 5, 10, 20, 50, 100], ["1", "2", "3", "5", "10", "20", "50", "100"])
    axes.minorticks_off()
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.42))
    return picture.describe(
        "Three curves over 1 to 100 dimensions. The share of a cube's volume within 0.05 of its "
        f"border rises from 10% to {curse.edge_share(100):.1%}. The side of a cube that holds 10% "
        f"of the volume rises from 0.1 to {curse.edge_length(0.1, 100):.2f}. The share in the "
        f"largest ball inside falls from 1 to {curse.ball_share(10):.2%} at 10 dimensions."
    )


@figure
def overlap(n: int = 10, seed: int = 3) -> Picture:
    """Draw the tradeoff: with too few features classes overlap, too many can't be learned.

    The classifier on the right has ``n`` training examples.
    """
    picture, [(clouds, curve)] = new_grid(8, 3.5, 1, 2, width_ratios=(1, 1.25))
    generator = np.random.default_rng(seed)
    shapes = np.array([[1.0, 0.9], [0.9, 1.0]])
    for number, (name, shift) in enumerate((("class A", -0.7), ("class B", 0.7))):
        x = generator.multivariate_normal([shift, -shift], shapes, 60)
        look = style.class_style(number)
        clouds.scatter(x[:, 0], x[:, 1], s=22, alpha=0.75, label=name, **look)
        clouds.scatter(x[:, 0], np.full(60, -4.6 - 0.4 * number), s=14, alpha=0.45, **look)
    clouds.set(xlabel="first feature", ylabel="second feature", ylim=(-5.4, None))
    clouds.set_title("Separate in 2-D, not in 1-D")
    clouds.legend(loc="upper left", handletextpad=0.1)
    clouds.annotate("projected onto the first feature", (-2.6, -4.2), color=style.GRAY, fontsize=9)

    sizes = np.unique(np.geomspace(1, 3000, 28).round().astype(int))
    known = [curse.classifier_accuracy(int(d)) for d in sizes]
    learned = [curse.classifier_accuracy(int(d), n) for d in sizes]
    curve.semilogx(sizes, known, color=style.BLACK, linestyle="--", label="classes known")
    curve.semilogx(sizes, learned, color=style.BLUE, label=f"learned from {n} examples")
    best = int(np.argmax(learned))
    top = (sizes[best], learned[best])
    curve.plot(*top, "o", color=style.BLUE)
    below = {"xytext": (0, -34), "textcoords": "offset points", "ha": "center"}
    curve.annotate(f"best at about {sizes[best]}", top, **below)
    curve.set(xlabel="features", ylabel="accuracy", ylim=(0.6, 1.01))
    style.plain_log_ticks(curve.xaxis)
    curve.set_title("More features help, then harm")
    curve.legend(loc="lower left")
    return picture.describe(
        "Left: two clouds of points are separate in the plane, but overlap when projected onto one "
        "axis. Right: accuracy against 1 to 3,000 features, each useful. If the classes are known, "
        f"it only rises, to {known[-1]:.1%}. Learned from {n} examples, it rises to "
        f"{learned[best]:.1%} at about {sizes[best]} features and falls to {learned[-1]:.1%}."
    )


@figure
def concentration(dimensions: Sequence[int] = (2, 10, 100, 1000)) -> Picture:
    """Draw how the distances between random points become similar; at most four dimensions."""
    picture, axes = new_plot(8, 3.2)
    descriptions = []
    for number, d in enumerate(dimensions):
        sample = curse.pair_distances(d, pairs=40_000)
        relative = sample / sample.mean()
        spread = curse.coefficient_of_variation(sample)
        distances, density = _density(relative, d)
        label = f"d = {d:,}: spread {spread:.0%}"
        axes.plot(distances, density / density.max(), label=label, **style.line_style(number))
        descriptions.append(f"{spread:.0%} in {d}-D")
    axes.set(xlabel="distance between two random points, relative to the mean", ylabel="frequency")
    axes.set(xlim=(0, 2.4), yticks=[])
    axes.legend(loc="upper right")
    return picture.describe(
        "Distribution of the distance between two random points of a cube, relative to the mean "
        "distance, scaled to equal height. The more dimensions, the narrower the peak at 1. "
        f"Standard deviation relative to the mean: {', '.join(descriptions)}."
    )


def _density(
    sample: NDArray[np.float64], d: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points and a smooth estimate of the density of distances in d dimensions.

    It is a histogram that is fine compared with the spread, convolved with a Gaussian of 1.4 times
    Silverman's width. Below 0, the density continues: mirrored in 1-D, where it is largest at 0;
    mirrored and negative in more dimensions, where it is 0 there.
    """
    width = 1.5 * sample.std() * len(sample) ** -0.2
    edges = np.arange(0, sample.max() + 5 * width, width / 5)
    heights = np.histogram(sample, edges)[0].astype(float)
    sign = 1 if d == 1 else -1
    bell = np.exp(-0.5 * (np.arange(-25, 26) / 5) ** 2)
    both = np.concatenate([sign * heights[::-1], heights])
    smooth = np.convolve(both, bell, mode="same")[len(heights) :]
    return (edges[1:] + edges[:-1]) / 2, smooth


@figure
def contrasts(groups: Mapping[str, ArrayLike]) -> Picture:
    """Draw the distances ``(n,)`` to one query, all above 0, for each kind of data."""
    picture, grid = new_grid(8, 0.7 + 1.05 * len(groups), len(groups), 1, sharex=True)
    descriptions = []
    for number, (axes, (name, values)) in enumerate(zip(grid.flat, groups.items(), strict=True)):
        relative = np.asarray(values, dtype=float)
        relative = relative / relative.min()
        contrast = relative.max() - 1
        axes.hist(relative, bins=60, color=style.COLORS[number % len(style.COLORS)])
        axes.axvline(1, color=style.BLACK, linewidth=1)
        axes.set_title(f"{name}: contrast {contrast:.2f}", fontsize=10)
        axes.set_yticks([])
        axes.grid(visible=False)
        descriptions.append(
            f"{name}: the farthest is {1 + contrast:.2f} times as far as the nearest"
        )
    grid[-1, 0].set_xlabel("distance to the query, relative to the nearest neighbor's")
    return picture.describe(f"Histograms of the distances to one query. {'; '.join(descriptions)}.")


@figure
def rates(sizes: Sequence[int], errors: Mapping[int, ArrayLike], p: float = 2) -> Picture:
    """Draw measured errors against numbers of examples, with a line of Stone's slope for each.

    Args:
        sizes: Numbers of examples.
        errors: The measured errors of each dimension, one per size.
        p: Smoothness, which determines the slope.
    """
    picture, axes = new_plot(8, 4)
    m = np.asarray(sizes, dtype=float)
    descriptions = []
    for number, (d, values) in enumerate(errors.items()):
        e = np.asarray(values, dtype=float)
        look = style.class_style(number)
        slope = -p / (2 * p + d)
        measured = float(np.polyfit(np.log(m), np.log(e), 1)[0])
        line = np.exp(np.log(e).mean() + slope * (np.log(m) - np.log(m).mean()))
        axes.loglog(m, line, color=look["color"], linewidth=1.4, alpha=0.7)
        label = f"d = {d}: slope {measured:.2f}, Stone {slope:.2f}"
        axes.loglog(m, e, linestyle="none", label=label, markersize=7, **look)
        descriptions.append(f"{d}-D: measured slope {measured:.2f}, Stone {slope:.2f}")
    axes.set(xlabel="examples m", ylabel="error")
    axes.set_xticks(m, [f"{size:,.0f}" for size in m])
    axes.set_yticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    axes.minorticks_off()
    low, high = axes.dataLim.intervaly
    axes.set_ylim(low * 0.8, high * 1.25)
    axes.legend(loc="lower left")
    return picture.describe(
        "Error of nearest-neighbor regression against the number of examples, on logarithmic axes. "
        f"Marks are measured, lines have Stone's slope. {'; '.join(descriptions)}."
    )


@figure
def sheets(n: int = 700, seed: int = 2) -> Picture:
    """Draw points that need fewer numbers than they have: on a curve, and on a rolled-up sheet."""
    generator = np.random.default_rng(seed)
    picture = new_picture(8, 3.4)
    grid = picture.add_gridspec(1, 3)
    curve, roll = (picture.add_subplot(grid[i], projection="3d") for i in range(2))
    flat = picture.add_subplot(grid[2])
    colors = "cividis"

    along = np.sort(generator.random(n // 4))
    turns = 4 * np.pi * along
    curve.scatter(np.cos(turns), np.sin(turns), along, c=along, cmap=colors, s=16, depthshade=False)
    turns, across = 1.5 * np.pi * (1 + 2 * generator.random(n)), generator.random(n)
    x, z = turns * np.cos(turns), turns * np.sin(turns)
    roll.scatter(x, across, z, c=turns, cmap=colors, s=10, depthshade=False)
    roll.view_init(elev=12, azim=-72)
    # The length of the spiral up to each point: how far along the sheet it lies.
    length = (turns * np.sqrt(1 + turns**2) + np.arcsinh(turns)) / 2
    flat.scatter(length - length.min(), across, c=turns, cmap=colors, s=10)

    for axes in (curve, roll):
        axes.set(xticklabels=[], yticklabels=[], zticklabels=[])
    flat.set(xticks=[], yticks=[], xlabel="along the sheet", ylabel="across")
    flat.grid(visible=False)
    titles = ("a curve in 3-D: 1 number", "a sheet in 3-D: 2 numbers", "the sheet, unrolled")
    for axes, title in zip((curve, roll, flat), titles, strict=True):
        axes.set_title(title, loc="center", y=1.0)
    return picture.describe(
        "Three panels; the color of a point shows how far along the curve or sheet it lies. Left: "
        "points on a spiral curve in three dimensions, which one number describes. Middle: points "
        "on a sheet that is rolled up in three dimensions; layers of different color lie close to "
        "each other. Right: the same sheet unrolled, flat, with two coordinates, along and across."
    )


@figure
def costs(widths: Sequence[int], seconds: Sequence[float], p: float = 2) -> Picture:
    """Draw two costs of dimensions: time per pass, and examples needed for a given error.

    Args:
        widths: Numbers of inputs.
        seconds: Measured time of a layer's forward pass for each.
        p: Smoothness, which determines how many examples halve the error.
    """
    picture, [(time, samples)] = new_grid(8, 3.5, 1, 2)
    d, s = np.asarray(widths, dtype=float), np.asarray(seconds, dtype=float)
    slope = float(np.polyfit(np.log(d), np.log(s), 1)[0])
    time.loglog(d, s * 1000, "o", color=style.BLUE, label=f"measured: slope {slope:.2f}")
    through = np.exp(np.mean(np.log(s / d)))
    time.loglog(d, through * d * 1000, color=style.BLUE, alpha=0.6, linewidth=1.4, label="slope 1")
    time.set(xlabel="inputs d", ylabel="milliseconds")
    time.set_xticks(d, [f"{width:.0f}" for width in d], rotation=30)
    time.minorticks_off()
    style.plain_log_ticks(time.yaxis)
    time.set_title("Time per pass: linear")
    time.legend()
    dims = np.arange(1, 41)
    factors = [curse.cost_of_halving(p, int(k)) for k in dims]
    samples.semilogy(dims, factors, color=style.VERMILLION)
    samples.set(xlabel="inputs d", ylabel="factor to halve the error")
    style.plain_log_ticks(samples.yaxis)
    samples.set_title("Examples needed: exponential")
    return picture.describe(
        f"Left: time of a layer's forward pass from {widths[0]} to {widths[-1]} inputs, on "
        f"logarithmic axes; the slope is {slope:.2f}, so the time is about linear. Right: factor "
        f"of examples needed to halve the error, from {factors[0]:.1f} in 1-D to "
        f"{factors[-1]:,.0f} in 40-D, a straight line on a logarithmic axis, so exponential."
    )
