"""The figures of lesson 6: the steps from a drawing to 784 numbers, and a model's answers.

Example:
    >>> from course import drawing
    >>> preprocessed = drawing.preprocess(drawing.stored()["4"].rgba)
    >>> stages(preprocessed).alt[:50]
    'A drawing becomes 784 numbers in 8 steps. 0 canvas'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from course.figures import style
from course.figures.picture import Picture
from course.figures.style import figure, new_grid, new_picture, new_plot, show_image

if TYPE_CHECKING:
    from course.drawing import Preprocessed, Stage


@figure
def stages(preprocessed: Preprocessed, title: str = "") -> Picture:
    """Show every step of ``course.drawing.preprocess`` as a small picture, with shape and range.

    The red box marks the ink for illustration; it isn't part of the data.
    """
    squares = [stage for stage in preprocessed.stages if stage.shape[0] > 1]
    rows = preprocessed.stages[len(squares) :]
    picture = new_picture(8, 2.75 if title else 2.5)
    grid = picture.add_gridspec(1 + len(rows), len(squares), height_ratios=[9] + [1] * len(rows))
    for number, stage in enumerate(squares):
        axes = picture.add_subplot(grid[0, number])
        ink = _ink(stage)
        show_image(axes, ink, f"{number} {stage.name}", shape=ink.shape)
        axes.set_xlabel(_describe(stage, "\n"), fontsize=7.5, color=style.GRAY)
        if number == 0:
            box = preprocessed.box
            frame = (box.left, box.top, box.width, box.height)
            style.add_frame(axes, frame, style.VERMILLION)
    for number, stage in enumerate(rows, len(squares)):
        axes = picture.add_subplot(grid[number - len(squares) + 1, :])
        axes.imshow(stage.array, cmap="gray_r", aspect="auto", interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(f"{number} {stage.name}", rotation=0, ha="right", va="center", fontsize=9)
        axes.set_xlabel(_describe(stage, ", "), fontsize=7.5, color=style.GRAY, labelpad=2)
        axes.grid(visible=False)
    if title:
        picture.suptitle(title, fontsize=11.5)
    steps = "; ".join(
        f"{number} {stage.name}, {_describe(stage, ', ')}"
        for number, stage in enumerate(preprocessed.stages)
    )
    start = f"{title}. " if title else ""
    return picture.describe(
        f"{start}A drawing becomes 784 numbers in {len(preprocessed.stages) - 1} steps. {steps}."
    )


@figure
def answers(pictures: Sequence[tuple[str, ArrayLike, str]]) -> Picture:
    """Show images and a model's answers, given as triples (name, 784 numbers, answer)."""
    lines = -(-len(pictures) // 7)
    columns = -(-len(pictures) // lines)  # as equal as possible
    picture, panels = new_grid(8, 1.85 * lines, lines, columns)
    for axes in panels.flat[len(pictures) :]:
        axes.axis("off")
    for axes, (name, pixels, answer) in zip(panels.flat, pictures, strict=False):
        show_image(axes, pixels, name)
        # In narrow panels, neighboring answers would touch.
        axes.set_xlabel(answer.replace(" (", "\n(") if columns > 6 else answer, fontsize=9.5)
    described = "; ".join(f"{name}: {answer}" for name, _, answer in pictures)
    return picture.describe(f"Images of 28 by 28 pixels and a model's answers. {described}.")


@figure
def collected(pictures: Sequence[tuple[str, ArrayLike]]) -> Picture:
    """Show drawn digits as the 784 numbers they became, given as pairs (digit, 784 numbers)."""
    lines = -(-len(pictures) // 10)
    picture, panels = new_grid(8, 1.1 * lines, lines, min(10, len(pictures)))
    for axes in panels.flat[len(pictures) :]:
        axes.axis("off")
    for axes, (digit, pixels) in zip(panels.flat, pictures, strict=False):
        show_image(axes, pixels, digit)
    digits = ", ".join(digit for digit, _ in pictures)
    return picture.describe(f"Drawn digits as images of 28 by 28 pixels. Asked for: {digits}.")


@figure
def shares(right: Mapping[str, float], of: str = "") -> Picture:
    """Draw shares of right answers, 0 to 1, as bars; ``of`` may name, say, ``"100 drawings"``."""
    picture, axes = new_plot(8, 0.9 + 0.42 * len(right))
    best = max(right.values())
    for row, share in enumerate(right.values()):
        axes.barh(row, share, color=style.BLUE if share == best else style.VERMILLION, height=0.62)
        side, ink, offset = ("right", "white", -6) if share > 0.85 else ("left", style.BLACK, 6)
        look: dict[str, Any] = {"color": ink, "ha": side, "va": "center"}
        look |= {"xytext": (offset, 0), "textcoords": "offset points"}
        axes.annotate(f"{share:.0%}", (share, row), **look)
    axes.set(xlim=(0, 1), yticks=range(len(right)), yticklabels=list(right))
    title = f"right answers{f' for {of}' if of else ''}"
    axes.set_xlabel(title)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    described = ", ".join(f"{name} {share:.0%}" for name, share in right.items())
    return picture.describe(f"Share of {title}: {described}.")


def _ink(stage: Stage) -> np.typing.NDArray[np.float64]:
    """Return the ink of a stage, 0 to 1."""
    array = stage.array[..., 3] if stage.array.ndim == 3 else stage.array
    return array / (255.0 if array.dtype == np.uint8 else 1.0)


def _describe(stage: Stage, separator: str) -> str:
    shape = "×".join(map(str, stage.shape))
    return separator.join((shape, stage.dtype, stage.range))
