"""The figures of lesson 4: networks, losses, gradients and RBMs.

Example:
    >>> network([625, 2000, 1000, 500, 30]).alt[:44]
    'An autoencoder drawn as bars, one per layer.'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from course.figures.picture import Picture
from course.figures.style import (
    BLACK,
    BLUE,
    GRAY,
    SKY,
    VERMILLION,
    class_style,
    figure,
    line_style,
    new_picture,
    show_image,
    show_row,
)


@figure
def network(encoder: Sequence[int], name: str = "") -> Picture:
    """Draw an autoencoder as bars whose height shows the number of units.

    Args:
        encoder: Units from the input to the code; the decoder is drawn as its mirror image.
        name: A title.
    """
    picture = new_picture(8, 2.9)
    axes = picture.subplots()
    widths = [*encoder, *reversed(encoder[:-1])]
    heights = np.sqrt(widths) / np.sqrt(max(widths))
    code = len(encoder) - 1
    for x, (width, height) in enumerate(zip(widths, heights, strict=True)):
        color = VERMILLION if x == code else BLUE
        axes.bar(x, height, width=0.3, bottom=-height / 2, color=color)
        axes.annotate(f"{width}", (x, -height / 2 - 0.03), ha="center", va="top")
        if x + 1 < len(widths):
            following = heights[x + 1]
            corners = [height / 2, following / 2, -following / 2, -height / 2]
            axes.fill([x + 0.15, x + 0.85, x + 0.85, x + 0.15], corners, color=SKY, alpha=0.25)
    labels = {0: "input", code: "code", len(widths) - 1: "output"}
    for x, label in labels.items():
        axes.annotate(label, (x, heights[x] / 2 + 0.03), ha="center", va="bottom", color=GRAY)
    middle = code / 2
    for center, label in ((middle, "encoder"), (2 * code - middle, "decoder")):
        axes.annotate(label, (center, 0.62), ha="center", fontsize=11)
    axes.set(xlim=(-0.5, 2 * code + 0.5), ylim=(-0.68, 0.75), title=name)
    axes.axis("off")
    return picture.describe(
        f"An autoencoder drawn as bars, one per layer. Units from input to output: "
        f"{', '.join(map(str, widths))}. The narrowest bar, in the middle, is the code with "
        f"{encoder[-1]} units. {name}"
    )


@figure
def rows(images: Mapping[str, ArrayLike], words: str, shape: tuple[int, int] = (28, 28)) -> Picture:
    """Show rows of images under each other, to compare them column by column.

    Args:
        images: Name and images of each row, in [0, 1], ``(n, height * width)``.
        words: What the comparison shows, for the alternative text.
        shape: Height and width of an image.
    """
    columns = max(len(np.asarray(row)) for row in images.values())
    picture = new_picture(8, 0.25 + 0.95 * len(images))
    panels = picture.subplots(len(images), columns, squeeze=False)
    for panel_row, (name, row) in zip(panels, images.items(), strict=True):
        show_row(panel_row, name, row, shape=shape)
    names = "; ".join(f"row {n}: {name}" for n, name in enumerate(images, 1))
    return picture.describe(f"{columns} images in each of {len(images)} rows. {names}. {words}")


@figure
def curves(named: Mapping[str, Sequence[float]], ylabel: str, xlabel: str = "epochs") -> Picture:
    """Draw learning curves: a value after each epoch, for several ways to train."""
    from matplotlib.ticker import MaxNLocator

    picture = new_picture(8, 3.3)
    axes = picture.subplots()
    descriptions = []
    for number, (name, values) in enumerate(named.items()):
        axes.plot(range(1, len(values) + 1), values, label=name, **line_style(number))
        descriptions.append(f"{name}: from {values[0]:.3g} to {values[-1]:.3g}")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return picture.describe(
        f"Learning curves: {ylabel} against {xlabel}. {'; '.join(descriptions)}."
    )


@figure
def cross_entropy_floor() -> Picture:
    """Draw the cross-entropy of a pixel against the network's output, for three pixels."""
    picture = new_picture(8, 3.2)
    axes = picture.subplots()
    output = np.linspace(0.005, 0.995, 400)
    minima = []
    for number, target in enumerate((0.0, 0.2, 0.5)):
        loss = -(target * np.log(output) + (1 - target) * np.log(1 - output))
        axes.plot(output, loss, label=f"pixel is {target:g}", **line_style(number))
        terms = [p * np.log(p) for p in (target, 1 - target) if p > 0]
        minimum = float(-sum(terms)) + 0.0
        axes.plot(target, minimum, markersize=8, clip_on=False, **class_style(number))
        minima.append(f"{minimum:.2f} for a pixel of {target:g}")
    axes.set(xlabel="network's output", ylabel="cross-entropy (nats)", ylim=(0, 2.5))
    axes.legend()
    return picture.describe(
        "Cross-entropy of one pixel against the network's output, for a black, a dark gray and a "
        "medium gray pixel. Each curve is lowest where the output equals the pixel, but the "
        f"minimum for gray isn't 0: {', '.join(minima)}."
    )


@figure
def nudges(steps: Sequence[float], errors: Sequence[float]) -> Picture:
    """Draw the error of a numerical gradient against the size of the nudge."""
    picture = new_picture(8, 3.2)
    axes = picture.subplots()
    axes.loglog(steps, errors, "o-", color=BLUE)
    axes.axhline(1e-7, color=VERMILLION, linestyle="--")
    axes.annotate("below 1e-7 they agree", (1e-5, 1.5e-7), color=VERMILLION, ha="center")
    axes.set(xlabel="size of the nudge", ylabel="relative difference")
    best = int(np.argmin(errors))
    inside = min(steps) < steps[best] < max(steps)
    return picture.describe(
        "Relative difference between the gradient by hand and the gradient by nudging, against the "
        f"size of the nudge, from {min(steps):.0e} to {max(steps):.0e}, on logarithmic axes. It is "
        f"smallest, {min(errors):.0e}, for a nudge of {steps[best]:.0e}"
        f"{', and larger on both sides' * inside}."
    )


@figure
def twice(codes: ArrayLike, hidden: ArrayLike) -> Picture:
    """Show the answers of two models that get the same image several times.

    Args:
        codes: The autoencoder's codes, one row per pass.
        hidden: The RBM's hidden units, zeros and ones, one row per pass.
    """
    z, h = np.atleast_2d(np.asarray(codes)), np.atleast_2d(np.asarray(hidden))
    passes, units = h.shape
    side = int(np.ceil(np.sqrt(units)))
    picture = new_picture(8, 3.6)
    panels = picture.subplots(2, passes, squeeze=False)
    for number, (bars, grid) in enumerate(panels.T):
        bars.bar(range(z.shape[1]), z[number], color=BLUE, width=0.9)
        bars.set(xticks=[], yticks=[], title=f"pass {number + 1}")
        bars.axhline(0, color=BLACK, linewidth=0.8)
        cells = np.zeros(side * side)
        cells[:units] = h[number]
        show_image(grid, cells, shape=(side, side))
        changed = np.flatnonzero(h[number] != h[0])
        frame = {"marker": "s", "s": 90, "facecolor": "none", "edgecolor": VERMILLION}
        grid.scatter(changed % side, changed // side, linewidth=2, **frame)
    panels[0, 0].set_ylabel("autoencoder:\ncode", rotation=0, ha="right", va="center")
    panels[1, 0].set_ylabel("RBM:\nhidden units", rotation=0, ha="right", va="center")
    return picture.describe(
        f"The same image is given {passes} times to an autoencoder and to an RBM. The "
        f"autoencoder's {z.shape[1]} code values differ by at most "
        f"{float(np.ptp(z, axis=0).max()):.1g} between passes. Of the RBM's {units} hidden units, "
        f"{int((h != h[0]).any(axis=0).sum())} change between passes; squares mark those that "
        "differ from the first pass."
    )


@figure
def approach(ks: Sequence[int], lengths: Sequence[float], angles: Sequence[float]) -> Picture:
    """Draw how the average CD-k update approaches the exact gradient.

    Args:
        ks: Numbers of Gibbs steps.
        lengths: Length of the difference, relative to the length of the exact gradient.
        angles: Angle between the two, in degrees.
    """
    picture = new_picture(8, 3.2)
    left, right = picture.subplots(1, 2)
    left.loglog(ks, lengths, "o-", color=BLUE)
    left.set(xlabel="Gibbs steps k", ylabel="relative difference")
    right.semilogx(ks, angles, "s-", color=VERMILLION)
    right.set(xlabel="Gibbs steps k", ylabel="angle (degrees)", ylim=(0, None))
    for axes in (left, right):
        axes.set_xticks(ks, [str(k) for k in ks])
        axes.minorticks_off()
    return picture.describe(
        "Difference between the average update of contrastive divergence and the exact gradient, "
        f"against the number of Gibbs steps. With {ks[0]} step, the difference is {lengths[0]:.0%} "
        f"of the gradient's length and the angle {angles[0]:.0f} degrees; with {ks[-1]} steps, "
        f"{lengths[-1]:.1%} and {angles[-1]:.1f} degrees."
    )


@figure
def trade(points: Mapping[str, Sequence[tuple[int, float]]]) -> Picture:
    """Draw the error of networks against their number of parameters.

    Args:
        points: For each kind of network, pairs of parameters and test error.
    """
    picture = new_picture(8, 3.5)
    axes = picture.subplots()
    descriptions = []
    for number, (name, pairs) in enumerate(points.items()):
        x, y = zip(*sorted(pairs), strict=True)
        axes.semilogx(x, y, ":", label=name, markersize=8, **class_style(number))
        descriptions.append(f"{name}: best {min(y):.2f} with {x[int(np.argmin(y))]:,} parameters")
    axes.set(xlabel="parameters", ylabel="test error, summed over pixels")
    axes.legend()
    return picture.describe(
        f"Test error against the number of parameters, on a logarithmic axis. "
        f"{'; '.join(descriptions)}."
    )
