"""The figures of lesson 7: planes of codes, samples, used numbers, blur, and a family of models.

Example:
    >>> import numpy as np
    >>> used({"β = 1": np.array([3.0, 0.001])}).alt[:42]
    'Bars: the mean cost of each number of a co'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike

from course.figures import style
from course.figures.picture import Picture
from course.figures.style import figure, new_grid, new_picture, new_plot, show_image, show_row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN: Final = 12  # samples in a row
_LEAST: Final = 0.01  # nats; a number that costs less says nothing


@figure
def planes(
    maps: Mapping[str, ArrayLike],
    labels: ArrayLike,
    names: Sequence[str],
    circles: Sequence[str] = (),
) -> Picture:
    """Draw codes ``(n, 2)`` side by side, on those maps in ``circles`` with the prior's circles."""
    picture = new_picture(8, 4.1)
    panels = picture.subplots(1, len(maps), squeeze=False)[0]
    descriptions = []
    for panel, (name, values) in zip(panels, maps.items(), strict=True):
        points = np.asarray(values, dtype=float)
        style.scatter_classes(panel, points, labels, names, 14)
        if name in circles:
            _draw_circles(panel)
        panel.set_title(name)
        panel.set_aspect("equal", adjustable="datalim")
        low, high = points.min(axis=0), points.max(axis=0)
        descriptions.append(
            f"{name}: from {low[0]:.1f} to {high[0]:.1f} and from {low[1]:.1f} to {high[1]:.1f}"
        )
    handles, texts = panels[0].get_legend_handles_labels()
    picture.legend(handles, texts, loc="outside lower center", ncols=len(names))
    return picture.describe(
        f"Maps of the codes of {len(np.asarray(labels))} digits, color and shape by class. "
        f"{'; '.join(descriptions)}. Circles show one, two and three standard deviations of the "
        "standard normal distribution."
    )


def _draw_circles(panel: Axes) -> None:
    from matplotlib.patches import Circle

    for radius in (1, 2, 3):
        panel.add_patch(Circle((0, 0), radius, fill=False, color=style.INK, linewidth=1))


@figure
def samples(rows: Mapping[str, tuple[ArrayLike, ArrayLike]], level: float = 0.9) -> Picture:
    """Show decoded codes ``(n, 784)`` with what the classifier reads.

    Args:
        rows: For each row, images and the classifier's probabilities, ``(n, 10)``.
        level: The digit is shown above an image if its probability is higher, otherwise ``"?"``.
    """
    count = max(min(_SHOWN, len(np.asarray(images))) for images, _ in rows.values())
    picture, panels = new_grid(8, 0.2 + 0.82 * len(rows), len(rows), count)
    descriptions = []
    for panel_row, (name, (images, probabilities)) in zip(panels, rows.items(), strict=True):
        shares = np.asarray(probabilities, dtype=float)
        sure = shares.max(axis=1)
        titles = [
            str(digit) if top > level else "?"
            for digit, top in zip(shares.argmax(axis=1), sure, strict=True)
        ]
        show_row(panel_row, name, np.asarray(images)[:count], titles[:count])
        descriptions.append(f"{name}: {(sure > level).mean():.0%} of {len(sure):,}")
    return picture.describe(
        f"Decoded random codes, {count} per row; above each the digit that the classifier reads, "
        f"or a question mark if it is not more than {level:.0%} sure. Read with more confidence: "
        f"{'; '.join(descriptions)}."
    )


@figure
def used(costs: Mapping[str, ArrayLike]) -> Picture:
    """Draw what each number of a code costs on average, ``(k,)`` nats, the most used first."""
    picture, (panels,) = new_grid(8, 2.7, 1, len(costs), sharey=True)
    descriptions = []
    for number, (panel, (name, values)) in enumerate(zip(panels, costs.items(), strict=True)):
        heights = np.sort(np.asarray(values, dtype=float))[::-1]
        count = int((heights > _LEAST).sum())
        panel.bar(range(1, len(heights) + 1), heights, color=style.COLORS[number % 3])
        panel.set_title(f"{name}: {count} of {len(heights)}")
        panel.set(xlabel="number of the code")
        panel.grid(visible=False, axis="x")
        descriptions.append(
            f"{name}: {count} of {len(heights)} cost more than {_LEAST:g}, "
            f"{heights.sum():.1f} in all"
        )
    panels[0].set_ylabel("mean cost in nats")
    return picture.describe(
        f"Bars: the mean cost of each number of a code, in nats, in falling order. "
        f"{'; '.join(descriptions)}."
    )


@figure
def blur(original: ArrayLike, near: ArrayLike, mean: ArrayLike, decoded: ArrayLike) -> Picture:
    """Show a digit, digits with nearly the same code ``(n, 784)``, their mean, and the copy."""
    neighbors = np.asarray(near, dtype=float)[:8]
    picture, (panels,) = new_grid(8, 1.15, 1, len(neighbors) + 3)
    show_image(panels[0], original, "original")
    for panel, image in zip(panels[1:], neighbors, strict=False):
        show_image(panel, image)
    panels[1].set_title("codes nearby", fontsize=9.5, loc="left", pad=4)
    show_image(panels[-2], mean, "mean")
    show_image(panels[-1], decoded, "copy")
    apart = float(((np.asarray(mean) - np.asarray(decoded)) ** 2).sum())
    far = float(((np.asarray(original) - np.asarray(decoded)) ** 2).sum())
    return picture.describe(
        f"A digit, {len(neighbors)} digits whose codes lie nearby, the mean of all such digits, "
        f"and the copy. The copy differs from the mean by a squared error of {apart:.1f}, from the "
        f"original by {far:.1f}."
    )


@figure
def plane(beta: float) -> Picture:
    """Draw the code-plane explorer without interaction."""
    from course.assets import code_plane

    facts, pictures = code_plane.facts(), code_plane.pictures()
    network, side = facts.betas.index(beta), facts.side
    picture = new_picture(8, 5.3)
    top, bottom = picture.subfigures(2, 1, squeeze=False, height_ratios=[4, 1.3])[:, 0]
    left, right = top.subplots(1, 2)
    style.scatter_classes(
        left, facts.codes[network], facts.labels, [str(digit) for digit in range(10)], 10
    )
    _draw_circles(left)
    left.set(xlim=(-facts.extent, facts.extent), ylim=(-facts.extent, facts.extent))
    left.set_aspect("equal")
    left.set_title(f"β = {beta:g}: where real codes lie")
    show_image(right, 1 - pictures.planes[network], shape=(side * 28, side * 28))
    right.set_title("what is decoded there", fontsize=11.5, loc="left")
    for place in facts.holes[network]:
        x, y = 28 * (place % side) - 0.5, 28 * (place // side) - 0.5
        right.plot([x + 3, x + 25], [y + 25, y + 3], color=style.VERMILLION, linewidth=1.5)
    rows = bottom.subplots(2, len(facts.examples))
    show_row(rows[0], "originals", 1 - pictures.originals)
    show_row(rows[1], "copies", 1 - pictures.copies[network])
    return picture.describe(
        f"Codes of {len(facts.labels)} test digits for β = {beta:g}, and the plane decoded in "
        f"{side} by {side} places; {len(facts.holes[network])} of them, crossed out, are holes. Of "
        f"random codes, {facts.hole_shares[network]:.0%} fall into holes, and the classifier is "
        f"more than {facts.level:.0%} sure of {facts.sure_shares[network]:.0%}. Below: ten digits "
        f"and their copies; the squared error of copies is {facts.errors[network]:.1f}."
    )


_FAMILY: Final[dict[str, tuple[float, float]]] = {
    "autoencoder": (0.0, 1.0),
    "denoising\nautoencoder": (1.15, 2.0),
    "score\nmatching": (2.3, 2.0),
    "diffusion": (3.45, 2.0),
    "variational\nautoencoder": (1.15, 1.0),
    "VQ-VAE": (2.3, 1.0),
    "latent\ndiffusion": (3.45, 1.0),
    "masked\nautoencoder": (2.3, 2.95),
}
_DESCENT: Final = (
    ("autoencoder", "denoising\nautoencoder"),
    ("denoising\nautoencoder", "score\nmatching"),
    ("score\nmatching", "diffusion"),
    ("autoencoder", "variational\nautoencoder"),
    ("variational\nautoencoder", "VQ-VAE"),
    ("VQ-VAE", "latent\ndiffusion"),
    ("diffusion", "latent\ndiffusion"),
    ("denoising\nautoencoder", "masked\nautoencoder"),
)


@figure
def family() -> Picture:
    """Draw which models grew out of which."""
    picture, panel = new_plot(8, 3.2)
    for start, end in _DESCENT:
        arrow: dict[str, Any] = {
            "arrowstyle": "->",
            "color": style.GRAY,
            "linewidth": 1.6,
            "shrinkA": 26,
            "shrinkB": 46 if _FAMILY[end][0] > _FAMILY[start][0] else 24,
        }
        panel.annotate("", _FAMILY[end], _FAMILY[start], arrowprops=arrow)
    for name, (x, y) in _FAMILY.items():
        box = {"boxstyle": "round,pad=0.4", "facecolor": style.PAPER, "edgecolor": style.INK}
        weight = "bold" if name.startswith("variational") else "normal"
        panel.text(x, y, name, ha="center", va="center", bbox=box, weight=weight)
    panel.set(xlim=(-0.5, 3.95), ylim=(0.6, 3.35))
    panel.axis("off")
    links = "; ".join(f"{a} to {b}" for a, b in _DESCENT).replace("\n", " ")
    return picture.describe(f"A map of models. Arrows lead from an idea to its successor: {links}.")
