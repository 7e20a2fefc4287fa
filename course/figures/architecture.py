"""The figures of lesson 4: networks, losses, gradients, and a machine that tosses coins.

Example:
    >>> network([625, 2000, 1000, 500, 30]).alt[:40]
    'An autoencoder drawn as bars, one a laye'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from course.figures.picture import Picture
from course.figures.style import (
    BLACK,
    BLUE,
    COLOURS,
    FAINT,
    MARKERS,
    SKY,
    VERMILLION,
    figure,
    sheet,
    show_image,
)

_DASHES: Final = ("-", "--", "-.", ":")


@figure
def network(encoder: Sequence[int], name: str = "") -> Picture:
    """Draw an autoencoder as bars whose height shows the number of units.

    Args:
        encoder: Units from the input to the code; the decoder is drawn as its mirror image.
        name: A title.
    """
    picture = sheet(8, 2.9)
    axes = picture.subplots()
    widths = [*encoder, *reversed(encoder[:-1])]
    heights = np.sqrt(widths) / np.sqrt(max(widths))
    code = len(encoder) - 1
    for x, (width, height) in enumerate(zip(widths, heights, strict=True)):
        colour = VERMILLION if x == code else BLUE
        axes.bar(x, height, width=0.3, bottom=-height / 2, color=colour)
        axes.annotate(f"{width}", (x, -height / 2 - 0.03), ha="center", va="top")
        if x + 1 < len(widths):
            following = heights[x + 1]
            corners = [height / 2, following / 2, -following / 2, -height / 2]
            axes.fill([x + 0.15, x + 0.85, x + 0.85, x + 0.15], corners, color=SKY, alpha=0.25)
    labels = {0: "input", code: "code", len(widths) - 1: "output"}
    for x, label in labels.items():
        axes.annotate(label, (x, heights[x] / 2 + 0.03), ha="center", va="bottom", color=FAINT)
    middle = code / 2
    for place, label in ((middle, "encoder"), (2 * code - middle, "decoder")):
        axes.annotate(label, (place, 0.62), ha="center", fontsize=11)
    axes.set(xlim=(-0.5, 2 * code + 0.5), ylim=(-0.68, 0.75), title=name)
    axes.axis("off")
    return picture.describe(
        f"An autoencoder drawn as bars, one a layer. Units from input to output: "
        f"{', '.join(map(str, widths))}. The narrowest bar, in the middle, is the code with "
        f"{encoder[-1]}. {name}"
    )


@figure
def rows(images: Mapping[str, ArrayLike], words: str, shape: tuple[int, int] = (28, 28)) -> Picture:
    """Show rows of images under each other, to compare them column by column.

    Args:
        images: For each row its name and the images in [0, 1], ``(n, height * width)``.
        words: What there is to see when one compares them, for those who can't.
        shape: Height and width of an image.
    """
    grids = {name: np.asarray(values, dtype=np.float64) for name, values in images.items()}
    columns = max(len(values) for values in grids.values())
    picture = sheet(8, 0.25 + 0.95 * len(grids))
    panels = picture.subplots(len(grids), columns, squeeze=False)
    for line, (name, values) in zip(panels, grids.items(), strict=True):
        for axes, pixels in zip(line, values, strict=False):
            show_image(axes, pixels, shape=shape)
        for axes in line[len(values) :]:
            axes.axis("off")
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)
    names = "; ".join(f"row {n}: {name}" for n, name in enumerate(grids, 1))
    return picture.describe(f"{columns} images in each of {len(grids)} rows. {names}. {words}")


@figure
def curves(named: Mapping[str, Sequence[float]], ylabel: str, xlabel: str = "epochs") -> Picture:
    """Draw learning curves: a value after each epoch, for several ways to train."""
    from matplotlib.ticker import MaxNLocator

    picture = sheet(8, 3.3)
    axes = picture.subplots()
    said = []
    for number, (name, values) in enumerate(named.items()):
        style = _DASHES[number % 4]
        times = range(1, len(values) + 1)
        axes.plot(times, values, style, color=COLOURS[number % len(COLOURS)], label=name)
        said.append(f"{name}: from {values[0]:.3g} to {values[-1]:.3g}")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return picture.describe(f"Learning curves, {ylabel} over {xlabel}. {'; '.join(said)}.")


@figure
def cross_entropy_floor() -> Picture:
    """Draw the cross-entropy of a pixel over what the network says, for three pixels."""
    picture = sheet(8, 3.2)
    axes = picture.subplots()
    output = np.linspace(0.005, 0.995, 400)
    said = []
    for number, target in enumerate((0.0, 0.2, 0.5)):
        loss = -(target * np.log(output) + (1 - target) * np.log(1 - output))
        colour = COLOURS[number]
        label = f"pixel is {target:g}"
        axes.plot(output, loss, _DASHES[number], color=colour, label=label)
        parts = [p * np.log(p) for p in (target, 1 - target) if p > 0]
        floor = float(-sum(parts)) + 0.0
        axes.plot(target, floor, MARKERS[number], color=colour, markersize=8, clip_on=False)
        said.append(f"{floor:.2f} for a pixel of {target:g}")
    axes.set(xlabel="what the network says", ylabel="cross-entropy (nats)", ylim=(0, 2.5))
    axes.legend()
    return picture.describe(
        "Cross-entropy of one pixel over the network's output, for a black, a dark grey and a "
        "middle grey pixel. Each is lowest where the output equals the pixel, but the lowest "
        f"value is not 0 for grey: {', '.join(said)}."
    )


@figure
def nudges(steps: Sequence[float], errors: Sequence[float]) -> Picture:
    """Draw how well a numerical gradient agrees, over the size of the nudge."""
    picture = sheet(8, 3.2)
    axes = picture.subplots()
    axes.loglog(steps, errors, "o-", color=BLUE)
    axes.axhline(1e-7, color=VERMILLION, linestyle="--")
    axes.annotate("1e-7: agreement below", (1e-5, 1.5e-7), color=VERMILLION, ha="center")
    axes.set(xlabel="size of the nudge", ylabel="relative difference")
    at = int(np.argmin(errors))
    inside = min(steps) < steps[at] < max(steps)
    return picture.describe(
        "Relative difference between the gradient by hand and by nudging, over the size of the "
        f"nudge, from {min(steps):.0e} to {max(steps):.0e}, both axes logarithmic. It is smallest, "
        f"{min(errors):.0e}, for a nudge of {steps[at]:.0e}{', and larger on both sides' * inside}."
    )


@figure
def twice(codes: ArrayLike, hidden: ArrayLike) -> Picture:
    """Show what two machines say each time they are given the same image.

    Args:
        codes: The autoencoder's codes, one row a pass.
        hidden: The RBM's hidden units, zeros and ones, one row a pass.
    """
    first, second = np.atleast_2d(np.asarray(codes)), np.atleast_2d(np.asarray(hidden))
    passes = len(first)
    picture = sheet(8, 3.6)
    panels = picture.subplots(2, passes, squeeze=False)
    for number in range(passes):
        axes = panels[0, number]
        axes.bar(range(first.shape[1]), first[number], color=BLUE, width=0.9)
        axes.set(xticks=[], yticks=[], title=f"pass {number + 1}")
        axes.axhline(0, color=BLACK, linewidth=0.8)
        side = int(np.ceil(np.sqrt(second.shape[1])))
        cells = np.zeros(side * side)
        cells[: second.shape[1]] = second[number]
        show_image(panels[1, number], cells, shape=(side, side))
        new = np.flatnonzero(second[number] != second[0])
        frames = {"marker": "s", "s": 90, "facecolor": "none", "edgecolor": VERMILLION}
        panels[1, number].scatter(new % side, new // side, linewidth=2, **frames)
    panels[0, 0].set_ylabel("autoencoder:\ncode", rotation=0, ha="right", va="center")
    panels[1, 0].set_ylabel("RBM:\nhidden units", rotation=0, ha="right", va="center")
    changed = int((second != second[0]).any(axis=0).sum())
    return picture.describe(
        f"The same image is given {passes} times to an autoencoder and to an RBM. The "
        f"autoencoder's {first.shape[1]} code values differ by at most "
        f"{float(np.ptp(first, axis=0).max()):.1g} between passes. Of the RBM's "
        f"{second.shape[1]} hidden units {changed} are not the same every time; a square frame "
        "marks those that differ from the first pass."
    )


@figure
def approach(ks: Sequence[int], lengths: Sequence[float], angles: Sequence[float]) -> Picture:
    """Draw how the average CD-k update comes nearer to the exact gradient.

    Args:
        ks: Numbers of Gibbs steps.
        lengths: Length of the difference, in parts of the exact gradient's length.
        angles: Angle between the two, in degrees.
    """
    picture = sheet(8, 3.2)
    left, right = picture.subplots(1, 2)
    left.loglog(ks, lengths, "o-", color=BLUE)
    left.set(xlabel="Gibbs steps k", ylabel="difference, relative")
    right.semilogx(ks, angles, "s-", color=VERMILLION)
    right.set(xlabel="Gibbs steps k", ylabel="angle (degrees)", ylim=(0, None))
    for axes in (left, right):
        axes.set_xticks(ks, [str(k) for k in ks])
        axes.minorticks_off()
    return picture.describe(
        "How far the average update of contrastive divergence lies from the exact gradient, over "
        f"the number of Gibbs steps. With {ks[0]} step the difference is {lengths[0]:.0%} of the "
        f"gradient's length and the angle {angles[0]:.0f} degrees; with {ks[-1]} steps it is "
        f"{lengths[-1]:.1%} and {angles[-1]:.1f} degrees."
    )


@figure
def trade(points: Mapping[str, Sequence[tuple[int, float]]]) -> Picture:
    """Draw the error of networks over their number of parameters, one mark a network.

    Args:
        points: For each kind of network pairs of parameters and test error.
    """
    picture = sheet(8, 3.5)
    axes = picture.subplots()
    said = []
    for number, (name, pairs) in enumerate(points.items()):
        x, y = zip(*sorted(pairs), strict=True)
        style = {"color": COLOURS[number], "marker": MARKERS[number], "linestyle": ":"}
        axes.semilogx(x, y, label=name, markersize=8, **style)
        said.append(f"{name}: best {min(y):.2f} with {x[int(np.argmin(y))]:,} parameters")
    axes.set(xlabel="parameters", ylabel="test error, summed over pixels")
    axes.legend()
    return picture.describe(
        f"Test error over the number of parameters, on a logarithmic axis. {'; '.join(said)}."
    )
