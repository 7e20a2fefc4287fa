"""The figures of lesson 6: a drawing on its way to 784 numbers, and what a model makes of it.

Example:
    >>> from course import drawing
    >>> found = drawing.preprocess(drawing.stored()["4"].rgba)
    >>> stages(found).alt[:50]
    'A drawing becomes 784 numbers in 8 steps. 0 canvas'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from course.figures.picture import Picture
from course.figures.style import (
    BLACK,
    BLUE,
    FAINT,
    VERMILLION,
    figure,
    sheet,
    show_image,
)

if TYPE_CHECKING:
    from course.drawing import Preprocessed, Stage


@figure
def stages(found: Preprocessed, title: str = "") -> Picture:
    """Show every step of a drawing's way as a small picture, with shape, type and range.

    The red box is drawn for illustration; it is no part of what is computed.

    Args:
        found: From ``course.drawing.preprocess``.
        title: Written above.
    """
    squares = [stage for stage in found.stages if stage.shape[0] > 1]
    rows = found.stages[len(squares) :]
    picture = sheet(8, 2.75 if title else 2.5)
    grid = picture.add_gridspec(1 + len(rows), len(squares), height_ratios=[9] + [1] * len(rows))
    for number, stage in enumerate(squares):
        axes = picture.add_subplot(grid[0, number])
        ink = _ink(stage)
        show_image(axes, ink, f"{number} {stage.name}", shape=ink.shape)
        axes.set_xlabel(_facts(stage, "\n"), fontsize=7.5, color=FAINT)
        if number == 0:
            _outline(axes, found)
    for number, stage in enumerate(rows, len(squares)):
        axes = picture.add_subplot(grid[number - len(squares) + 1, :])
        axes.imshow(stage.array, cmap="gray_r", aspect="auto", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(f"{number} {stage.name}", rotation=0, ha="right", va="center", fontsize=9)
        axes.set_xlabel(_facts(stage, ", "), fontsize=7.5, color=FAINT, labelpad=2)
        axes.grid(visible=False)
    if title:
        picture.suptitle(title, fontsize=11.5)
    said = "; ".join(
        f"{number} {stage.name}, {_facts(stage, ', ')}" for number, stage in enumerate(found.stages)
    )
    start = f"{title}. " if title else ""
    return picture.describe(
        f"{start}A drawing becomes 784 numbers in {len(found.stages) - 1} steps. {said}."
    )


@figure
def answers(pictures: Sequence[tuple[str, ArrayLike, str]]) -> Picture:
    """Show what a model got, and what it said.

    Args:
        pictures: For each a name, the 784 numbers, and the answer.
    """
    columns = min(6, len(pictures))
    lines = -(-len(pictures) // columns)
    picture = sheet(8, 1.85 * lines)
    panels = picture.subplots(lines, columns, squeeze=False)
    for axes in panels.flat[len(pictures) :]:
        axes.axis("off")
    for axes, (name, pixels, answer) in zip(panels.flat, pictures, strict=False):
        show_image(axes, pixels, name)
        axes.set_xlabel(answer, fontsize=9.5)
    said = "; ".join(f"{name}: {answer}" for name, _, answer in pictures)
    return picture.describe(f"Images of 28 by 28 pixels, and what a model said. {said}.")


@figure
def shares(right: Mapping[str, float], of: str = "") -> Picture:
    """Draw shares of right answers as bars.

    Args:
        right: A name and a share, 0 to 1, for each.
        of: What was asked, for the axis, such as ``"100 drawings"``.
    """
    picture = sheet(8, 0.9 + 0.42 * len(right))
    axes = picture.subplots()
    best = max(right.values())
    for place, share in enumerate(right.values()):
        axes.barh(place, share, color=BLUE if share == best else VERMILLION, height=0.62)
        inside = share > 0.85
        axes.annotate(
            f"{share:.0%}",
            (share, place),
            xytext=(-6 if inside else 6, 0),
            textcoords="offset points",
            ha="right" if inside else "left",
            va="center",
            color="white" if inside else BLACK,
        )
    axes.set(xlim=(0, 1), yticks=range(len(right)), yticklabels=list(right))
    axes.set_xlabel(f"right answers{f' of {of}' if of else ''}")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    said = ", ".join(f"{name} {share:.0%}" for name, share in right.items())
    return picture.describe(f"Shares of right answers{f' of {of}' if of else ''}: {said}.")


def _ink(stage: Stage) -> np.typing.NDArray[np.float64]:
    """Return the ink of a stage, 0 to 1."""
    array = stage.array[..., 3] if stage.array.ndim == 3 else stage.array
    return array / (255.0 if array.dtype == np.uint8 else 1.0)


def _facts(stage: Stage, between: str) -> str:
    shape = "×".join(map(str, stage.shape))
    return between.join((shape, stage.dtype, stage.range))


def _outline(axes: Any, found: Preprocessed) -> None:
    """Draw the bounding box in red."""
    from matplotlib.patches import Rectangle

    box = found.box
    corner = (box.left - 0.5, box.top - 0.5)
    axes.add_patch(
        Rectangle(corner, box.width, box.height, fill=False, edgecolor=VERMILLION, linewidth=1.8)
    )
