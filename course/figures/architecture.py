"""The figures of lesson 4: networks, losses, gradients and RBMs.

Example:
    >>> network([625, 2000, 1000, 500, 30]).alt[:44]
    'An autoencoder drawn as bars, one per layer.'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from course.figures import style
from course.figures.picture import Picture
from course.figures.style import figure, new_grid, new_plot, show_image, show_row


@figure
def network(encoder: Sequence[int], name: str = "") -> Picture:
    """Draw an autoencoder as bars whose height shows the number of units.

    ``encoder`` lists the units from the input to the code; the decoder is its mirror image.
    """
    picture, axes = new_plot(8, 2.9)
    widths = [*encoder, *reversed(encoder[:-1])]
    heights = np.sqrt(widths) / np.sqrt(max(widths))
    code = len(encoder) - 1
    for x, (width, height) in enumerate(zip(widths, heights, strict=True)):
        color = style.VERMILLION if x == code else style.BLUE
        axes.bar(x, height, width=0.3, bottom=-height / 2, color=color)
        axes.annotate(f"{width}", (x, -height / 2 - 0.03), ha="center", va="top")
        if x + 1 < len(widths):
            following = heights[x + 1]
            corners = [height / 2, following / 2, -following / 2, -height / 2]
            left, right = x + 0.15, x + 0.85
            axes.fill([left, right, right, left], corners, color=style.SKY, alpha=0.25)
    for x, label in (0, "input"), (code, "code"), (2 * code, "output"):
        axes.annotate(label, (x, heights[x] / 2 + 0.03), ha="center", va="bottom", color=style.GRAY)
    for center, label in (code / 2, "encoder"), (1.5 * code, "decoder"):
        axes.annotate(label, (center, 0.62), ha="center", fontsize=11)
    axes.set(xlim=(-0.5, 2 * code + 0.5), ylim=(-0.68, 0.75), title=name)
    axes.axis("off")
    return picture.describe(
        f"An autoencoder drawn as bars, one per layer. Units from input to output: "
        f"{', '.join(map(str, widths))}. The narrowest bar, in the middle, is the code with "
        f"{encoder[-1]} units. {name}"
    )


@figure
def convolutions(shapes: Sequence[tuple[int, int, int]], code: int, kernel: int) -> Picture:
    """Draw a convolutional encoder as stacks of channels, with one patch between two stacks.

    ``shapes`` lists height, width and channels from the input on; a dense layer leads to the code.
    """
    from matplotlib.patches import Rectangle

    picture, axes = new_plot(8, 3.4)
    largest, x, lines = max(shapes[0][:2]), 0.0, []
    for number, (height, width, channels) in enumerate(shapes):
        drawn = min(channels, 8)
        shift = 0.9
        for channel in reversed(range(drawn)):
            corner = (x + shift * channel, -height / 2 + shift * channel)
            axes.add_patch(
                Rectangle(
                    corner, width, height, facecolor=style.SKY, edgecolor=style.BLUE, linewidth=0.8
                )
            )
        label = f"{height} × {width}\n{channels} channel{'s' if channels > 1 else ''}"
        axes.annotate(label, (x + width / 2, -largest / 2 - 1.5), ha="center", va="top")
        right = x + width + shift * drawn
        following = shapes[number + 1] if number + 1 < len(shapes) else None
        patch = (x + width * 0.55, -height * 0.3)
        if following:
            axes.add_patch(
                Rectangle(
                    patch, kernel, kernel, fill=False, edgecolor=style.VERMILLION, linewidth=2
                )
            )
            target = (right + 6 + following[1] * 0.6, following[0] * 0.15)
            for edge in (patch[1], patch[1] + kernel):
                axes.plot([patch[0] + kernel, target[0]], [edge, target[1]], color=style.VERMILLION)
            axes.plot(*target, marker="s", markersize=5, color=style.VERMILLION)
        x = right + 6
        lines.append(f"{height} by {width} with {channels} channel{'s' if channels > 1 else ''}")
    axes.annotate("dense", (x - 0.8, 0), ha="right", va="bottom", color=style.GRAY)
    axes.annotate("", (x - 0.5, -0.6), (x - 4.5, -0.6), arrowprops={"arrowstyle": "->"})
    axes.add_patch(
        Rectangle((x, -largest / 2), 1.6, largest, facecolor=style.VERMILLION, edgecolor="none")
    )
    axes.annotate(f"code\n{code}", (x + 0.8, -largest / 2 - 1.5), ha="center", va="top")
    axes.set(xlim=(-1, x + 3), ylim=(-largest / 2 - 9, largest / 2 + 2), aspect="equal")
    axes.axis("off")
    return picture.describe(
        f"A convolutional encoder drawn as stacks of images: {', then '.join(lines)}, then a code "
        f"of {code} numbers. A patch of {kernel} by {kernel} pixels in each stack leads to one "
        "pixel of the next."
    )


@figure
def rows(
    images: Mapping[str, ArrayLike],
    words: str,
    shape: tuple[int, int] = (28, 28),
    titles: Sequence[str] = (),
) -> Picture:
    """Show rows of images ``(n, height * width)`` in [0, 1], to compare them column by column.

    ``words`` say in the alternative text what the comparison shows; ``titles`` name the columns.
    """
    columns = max(len(np.asarray(row)) for row in images.values())
    height = min(1.1, 6.9 / columns)
    picture, panels = new_grid(8, 0.3 + height * len(images), len(images), columns)
    picture.set_layout_engine("constrained", w_pad=0.04, h_pad=0.04)
    for number, (panel_row, (name, row)) in enumerate(zip(panels, images.items(), strict=True)):
        show_row(panel_row, name, row, titles if number == 0 else (), shape=shape)
    names = "; ".join(f"row {n}: {name}" for n, name in enumerate(images, 1))
    return picture.describe(f"{columns} images in each of {len(images)} rows. {names}. {words}")


@figure
def curves(named: Mapping[str, Sequence[float]], ylabel: str, xlabel: str = "epochs") -> Picture:
    """Draw learning curves: a value after each epoch, for several ways to train."""
    from matplotlib.ticker import MaxNLocator

    picture, axes = new_plot(8, 3.3)
    descriptions = []
    for number, (name, values) in enumerate(named.items()):
        axes.plot(range(1, len(values) + 1), values, label=name, **style.line_style(number))
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
    picture, axes = new_plot(8, 3.2)
    output = np.linspace(0.005, 0.995, 400)
    minima = []
    for number, target in enumerate((0.0, 0.2, 0.5)):
        loss = -(target * np.log(output) + (1 - target) * np.log(1 - output))
        axes.plot(output, loss, label=f"pixel is {target:g}", **style.line_style(number))
        minimum = sum(-p * np.log(p) for p in (target, 1 - target) if 0 < p < 1)
        axes.plot(target, minimum, markersize=8, clip_on=False, **style.class_style(number))
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
    picture, axes = new_plot(8, 3.2)
    axes.loglog(steps, errors, "o-", color=style.BLUE)
    axes.axhline(1e-7, color=style.VERMILLION, linestyle="--")
    axes.annotate("below 1e-7 they agree", (1e-5, 1.5e-7), color=style.VERMILLION, ha="center")
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
    """Show the answers of two models that get the same image several times, one row per pass.

    ``codes`` are the autoencoder's, ``hidden`` the RBM's hidden units, zeros and ones.
    """
    z, h = np.atleast_2d(np.asarray(codes)), np.atleast_2d(np.asarray(hidden))
    passes, units = h.shape
    side = int(np.ceil(np.sqrt(units)))
    picture, panels = new_grid(8, 3.6, 2, passes)
    for number, (bars, grid) in enumerate(panels.T):
        bars.bar(range(z.shape[1]), z[number], color=style.BLUE, width=0.9)
        bars.set(xticks=[], yticks=[], title=f"pass {number + 1}")
        bars.axhline(0, color=style.BLACK, linewidth=0.8)
        cells = np.zeros(side * side)
        cells[:units] = h[number]
        show_image(grid, cells, shape=(side, side))
        changed = np.flatnonzero(h[number] != h[0])
        frame = {"marker": "s", "s": 90, "facecolor": "none", "edgecolor": style.VERMILLION}
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
    """Draw how the average CD-k update approaches the exact gradient, over Gibbs steps ``ks``.

    ``lengths`` are those of the difference, relative to the exact gradient; ``angles`` in degrees.
    """
    picture, [(left, right)] = new_grid(8, 3.2, 1, 2)
    left.loglog(ks, lengths, "o-", color=style.BLUE)
    left.set(xlabel="Gibbs steps k", ylabel="relative difference")
    right.semilogx(ks, angles, "s-", color=style.VERMILLION)
    right.set(xlabel="Gibbs steps k", ylabel="angle (degrees)", ylim=(0, None))
    for axes in (left, right):
        axes.set_xticks(ks, [str(k) for k in ks])
        axes.minorticks_off()
    style.plain_log_ticks(left.yaxis)
    return picture.describe(
        "Difference between the average update of contrastive divergence and the exact gradient, "
        f"against the number of Gibbs steps. With {ks[0]} step, the difference is {lengths[0]:.0%} "
        f"of the gradient's length and the angle {angles[0]:.0f} degrees; with {ks[-1]} steps, "
        f"{lengths[-1]:.1%} and {angles[-1]:.1f} degrees."
    )


@figure
def trade(points: Mapping[str, Sequence[tuple[int, float]]]) -> Picture:
    """Draw pairs (parameters, test error) of networks, for each kind of network."""
    picture, axes = new_plot(8, 3.5)
    descriptions = []
    for number, (name, pairs) in enumerate(points.items()):
        x, y = zip(*sorted(pairs), strict=True)
        axes.semilogx(x, y, ":", label=name, markersize=8, **style.class_style(number))
        descriptions.append(f"{name}: best {min(y):.2f} with {x[int(np.argmin(y))]:,} parameters")
    axes.set(xlabel="parameters", ylabel="test error, summed over pixels")
    style.plain_log_ticks(axes.xaxis)
    axes.legend()
    return picture.describe(
        f"Test error against the number of parameters, on a logarithmic axis. "
        f"{'; '.join(descriptions)}."
    )
