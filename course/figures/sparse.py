"""The figures of lesson 8: superposition, dictionaries, and the features of a classifier.

Example:
    >>> import numpy as np
    >>> directions({"p = 1": np.eye(2)}).alt[:43]
    'Arrows: the directions of all features in t'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from course.figures import style
from course.figures.picture import Picture
from course.figures.style import figure, new_grid, new_picture, show_image, show_row
from course.superposition import ARRANGEMENTS

_LEAST: Final = 0.3  # a shorter direction is a feature that isn't stored
_SHADES: Final = ("#F4F1EA", style.SKY, style.ORANGE)  # in the order of ARRANGEMENTS
_LETTERS: Final = ("–", "1", "±")


@figure
def directions(models: Mapping[str, ArrayLike]) -> Picture:
    """Draw where models write their features ``(features, 2)``: an arrow for each."""
    picture, (panels,) = new_grid(8, 2.5, 1, len(models), sharex=True, sharey=True)
    descriptions = []
    for panel, (name, values) in zip(panels, models.items(), strict=True):
        rows = np.asarray(values, dtype=float)
        for number, (x, y) in enumerate(rows):
            color = style.class_style(number)["color"]
            panel.plot([0, x], [0, y], color=color, linewidth=2)
            panel.plot([x], [y], markeredgecolor=style.INK, **style.class_style(number))
        panel.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[], yticks=[])
        panel.set_aspect("equal")
        panel.set_title(name)
        lengths = np.sqrt((rows**2).sum(axis=1))
        angles = np.degrees(np.arctan2(rows[:, 1], rows[:, 0]))
        stored = np.flatnonzero(lengths > _LEAST)
        places = ", ".join(f"{number + 1} at {angles[number]:.0f}°" for number in stored)
        descriptions.append(f"{name}: {len(stored)} of {len(rows)} stored ({places})")
    return picture.describe(
        "Arrows: the directions of all features in the plane of two numbers. "
        f"{'; '.join(descriptions)}."
    )


@figure
def phases(
    maps: Mapping[str, ArrayLike], densities: Sequence[float], importances: Sequence[float]
) -> Picture:
    """Draw what becomes of the second of two features, ``(importances, densities)``, side by side.

    The entries of the maps are places in `course.superposition.ARRANGEMENTS`.
    """
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    picture, (panels,) = new_grid(8, 3.9, 1, len(maps), sharey=True)
    shares = []
    for panel, (name, values) in zip(panels, maps.items(), strict=True):
        grid = np.asarray(values, dtype=int)
        panel.imshow(
            grid, cmap=ListedColormap(_SHADES), vmin=0, vmax=2, origin="lower", aspect="auto"
        )
        for row, column in np.ndindex(grid.shape):
            panel.text(
                column, row, _LETTERS[grid[row, column]], ha="center", va="center", fontsize=8
            )
        ticks = range(0, len(densities), 2)
        panel.set_xticks(list(ticks), [f"{densities[i]:.2g}" for i in ticks])
        ticks = range(0, len(importances), 2)
        panel.set_yticks(list(ticks), [f"{importances[i]:.2g}" for i in ticks])
        panel.grid(visible=False)
        panel.set(xlabel="density: how often a feature isn't 0", title=name)
        counts = np.bincount(grid.ravel(), minlength=3) / grid.size
        parts = (
            f"{arrangement} {share:.0%}"
            for arrangement, share in zip(ARRANGEMENTS, counts, strict=True)
        )
        shares.append(f"{name}: {', '.join(parts)}")
    panels[0].set_ylabel("importance of feature 2")
    handles = [
        Patch(facecolor=shade, edgecolor=style.INK, label=f"{letter}  {arrangement}")
        for shade, letter, arrangement in zip(_SHADES, _LETTERS, ARRANGEMENTS, strict=True)
    ]
    picture.legend(handles=handles, loc="outside lower center", ncols=3)
    return picture.describe(
        "Maps of what becomes of the second of two features that share one number, by density and "
        f"importance. {'; '.join(shares)}. On the sparse side, to the left, the two share the "
        "number; on the dense side, the more important one has it alone."
    )


@figure
def strongest(rows: Mapping[str, ArrayLike]) -> Picture:
    """Show for each unit or feature a row of the images ``(n, 784)`` that turn it on the most."""
    count = max(len(np.asarray(images)) for images in rows.values())
    picture, panels = new_grid(8, 0.2 + 0.72 * len(rows), len(rows), count)
    for panel_row, (name, images) in zip(panels, rows.items(), strict=True):
        show_row(panel_row, name, np.asarray(images))
    return picture.describe(
        f"{len(rows)} rows of {count} digits that turn on one unit or feature the most: "
        f"{', '.join(rows)}."
    )


@figure
def fired(image: ArrayLike, strengths: ArrayLike, features: Sequence[int]) -> Picture:
    """Show a drawing ``(1, 784)`` and its features, with the digits that turn them on the most."""
    from course.assets import digit_features

    facts, tiles = digit_features.facts(), digit_features.pictures()
    strength = np.asarray(strengths, dtype=float)
    height = max(3, len(features))
    picture = new_picture(8, 0.72 * height)
    columns = 4 + facts.strongest
    grid = picture.add_gridspec(height, columns)
    show_image(picture.add_subplot(grid[:3, :3]), image, "the drawing")
    for row, feature in enumerate(features):
        panels = [picture.add_subplot(grid[row, 4 + i]) for i in range(facts.strongest)]
        show_row(panels, f"{facts.name(feature)}\n{strength[feature]:.1f}", tiles[feature])
    parts = ", ".join(f"{facts.name(feature)} {strength[feature]:.1f}" for feature in features)
    return picture.describe(
        "A drawn digit and the features of the classifier's hidden layer that fire for it, each "
        f"with the digits that turn it on the most: {parts}."
    )
