"""The figures of lesson 1: what goes in, what the code holds, what comes out.

Example:
    >>> from course import assets, data
    >>> faces = data.faces("drawn")
    >>> coder = assets.face_autoencoder()
    >>> codes = coder.encode(faces.x_test[:1])
    >>> bottleneck(faces.x_test[0], codes[0], coder.decode(codes)[0]).alt[:36]
    'An image of 784 numbers goes through'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course.figures import style
from course.figures.style import figure, sheet, show_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from course.figures.picture import Picture

_PATCH: Final = (17, 9, 7, 10)  # top, left, height, width: where the mouth is in most faces


@figure
def numbers_of_a_face(pixels: ArrayLike, emotion: str) -> Picture:
    """A face, and what a computer gets of it: the numbers of the patch around the mouth.

    Args:
        pixels: One face, 784 numbers in [0, 1], 0 black.
        emotion: What a person reads in it.
    """
    face = np.asarray(pixels, dtype=float).reshape(28, 28)
    top, left, height, width = _PATCH
    patch = face[top : top + height, left : left + width]
    picture = sheet(8, 3.1)
    image, numbers, wish = picture.subplots(1, 3, width_ratios=[1.1, 1.7, 0.7])
    show_image(image, 1 - face, "28 × 28 = 784 numbers")
    _frame(image, (left - 0.5, top - 0.5), width, height)
    numbers.imshow(patch, cmap="gray", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(patch):
        shade = style.INK if value > 0.5 else "white"
        numbers.text(
            column, row, f"{value:.2f}"[-3:], ha="center", va="center", color=shade, fontsize=8
        )
    numbers.set_title("what the computer gets, in the frame", fontsize=9.5, loc="center", pad=4)
    _bare(numbers)
    _bare(wish)
    wish.text(0, 0.5, f"→ {emotion}", fontsize=17, va="center", transform=wish.transAxes)
    wish.text(0.12, 0.64, "what we want", fontsize=9.5, transform=wish.transAxes)
    return picture.describe(
        f"Left, a drawn face of 28 by 28 pixels, its mouth framed. Middle, the framed patch "
        f"enlarged, a brightness between 0 and 1 written into each pixel. Right, the one word "
        f"we want from all that: {emotion}."
    )


@figure
def bottleneck(original: ArrayLike, code: ArrayLike, copy: ArrayLike) -> Picture:
    """An autoencoder as a drawing: encoder f, code z, decoder g, with a real image in it.

    Args:
        original: One face, 784 numbers in [0, 1], 0 black.
        code: Its code, some numbers.
        copy: What the decoder made of the code, 784 numbers.
    """
    from matplotlib.patches import Polygon

    z = np.asarray(code, dtype=float).ravel()
    picture = sheet(8, 3.2)
    axes = picture.subplots(1, 5, width_ratios=[1.25, 0.85, 0.5, 0.85, 1.25])
    show_image(axes[0], 1 - np.asarray(original), "x: 784 numbers")
    show_image(axes[4], 1 - np.asarray(copy), "x′: 784 numbers")
    wide, narrow = (0, 1), (0.3, 0.7)
    for panel, ends, letter, role in (
        (axes[1], (wide, narrow), "f", "encoder"),
        (axes[3], (narrow, wide), "g", "decoder"),
    ):
        (low, high), (low_end, high_end) = ends
        corners = [(0, low), (0, high), (1, high_end), (1, low_end)]
        panel.add_patch(Polygon(corners, facecolor=style.SKY, edgecolor=style.BLUE, alpha=0.35))
        panel.text(0.5, 0.53, letter, ha="center", va="center", fontsize=22, style="italic")
        panel.text(0.5, 0.36, role, ha="center", va="center")
        panel.set(xlim=(-0.03, 1.03), ylim=(-0.02, 1.02))
        _bare(panel)
    reach = max(float(np.abs(z).max()), 1e-9)
    colours = [style.BLUE if value > 0 else style.VERMILLION for value in z]
    axes[2].barh(np.arange(len(z)), z / reach, color=colours, height=0.8)
    axes[2].plot([0, 0], [-0.5, len(z) - 0.5], color=style.FAINT, linewidth=0.8)
    # As high as the narrow ends of encoder and decoder.
    axes[2].set(xlim=(-1.15, 1.15), ylim=(1.75 * len(z), -0.75 * len(z)))
    axes[2].text(0, -0.09 * len(z), f"z: {len(z)} numbers", fontsize=9.5, ha="center")
    _bare(axes[2])
    error = float(((np.asarray(original) - np.asarray(copy)) ** 2).sum())
    return picture.describe(
        f"An image of {np.size(original)} numbers goes through an encoder f that narrows to a "
        f"code z of {len(z)} numbers, drawn as bars to the left and to the right; a decoder g "
        f"widens it to a copy of the image. The copy's squared error is {error:.1f}."
    )


@figure
def copies(originals: ArrayLike, made: Mapping[str, ArrayLike], *, ink: bool = True) -> Picture:
    """Rows of images: the originals, and below them what became of each.

    Args:
        originals: Some images, ``(n, 784)``.
        made: For each further row its name and its images, ``(n, 784)``.
        ink: Whether the images are ink on paper, as digits are; False for faces.
    """
    x = np.asarray(originals)
    picture = _rows({"original": x, **made}, ink=ink)
    errors = [
        f"{name}, squared error {float(((np.asarray(row) - x) ** 2).sum(axis=1).mean()):.1f}"
        for name, row in made.items()
    ]
    return picture.describe(
        f"{len(x)} originals, and in the rows below them their copies: {'; '.join(errors)}."
    )


@figure
def code_sizes(name: str = "a 3", sizes: Sequence[int] = (1, 2, 5, 10, 30, 100)) -> Picture:
    """The code-size explorer, standing still: copies at some sizes, and the error at all.

    Args:
        name: Which image to show, see ``course.assets.code_size_facts().names``.
        sizes: Code sizes to show; those that were measured.
    """
    from course import assets

    facts = assets.code_size_facts()
    pictures = assets.code_size_pictures()[facts.names.index(name)]
    columns = [facts.sizes.index(size) for size in sizes]
    picture = sheet(8, 5.4)
    above, below = picture.subfigures(2, 1, squeeze=False, height_ratios=[1.15, 1.5])[:, 0]
    grid = above.subplots(2, len(sizes) + 1)
    for row, method in enumerate(("PCA", "autoencoder")):
        title = f"original: {name}" if row == 0 else ""
        show_image(grid[row, 0], 1 - pictures[row, 0], title)
        grid[row, 0].set_ylabel(method)
        for column, at in enumerate(columns, start=1):
            title = _numbers(facts.sizes[at]) if row == 0 else ""
            show_image(grid[row, column], 1 - pictures[row, at + 1], title)
    axes = below.subplots()
    axes.plot(facts.sizes, facts.pca, "--", color=style.VERMILLION)
    axes.plot(facts.sizes, facts.autoencoder, color=style.BLUE)
    axes.axhline(facts.mean_image, color=style.FAINT, linestyle=":", linewidth=1.5)
    for method, marker, colour, errors in (
        ("PCA", "s", style.VERMILLION, facts.pca),
        ("autoencoder", "o", style.BLUE, facts.autoencoder),
    ):
        axes.plot(sizes, [errors[at] for at in columns], marker, color=colour, label=method)
    axes.text(1.0, facts.mean_image * 1.06, "mean image", color=style.FAINT, fontsize=9)
    axes.set(xscale="log", yscale="log", xlabel="code size", ylabel="squared error, test digits")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_yticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
    axes.minorticks_off()
    axes.legend(loc="lower left")
    first, last = (
        [_apart(pictures[row, 0], pictures[row, at + 1]) for row in (0, 1)]
        for at in (columns[0], columns[-1])
    )
    told = "; ".join(
        f"{_numbers(facts.sizes[at])}: {facts.pca[at]:.1f} and {facts.autoencoder[at]:.1f}"
        for at in columns
    )
    return picture.describe(
        f"Above, {name} copied through codes of growing size. The squared error of the copies goes "
        f"from {first[0]:.1f} to {last[0]:.1f} by PCA, from {first[1]:.1f} to {last[1]:.1f} by an "
        f"autoencoder. Below, the squared error over all test digits against the code's size. PCA "
        f"and autoencoder with {told}. The mean image alone: {facts.mean_image:.1f}."
    )


@figure
def emotion_scores(
    scores: Mapping[str, Sequence[float]], labelled: Sequence[int], chance: float = 0.2
) -> Picture:
    """How often a linear probe names the emotion right, for each kind of input.

    Args:
        scores: Name of the input, and for each number of labelled faces the share of right
            answers, 0 to 1.
        labelled: From how many labelled faces the probe learnt.
        chance: Share of right answers by guessing.
    """
    looks: tuple[dict[str, Any], ...] = (
        {"color": style.BLUE},
        {"facecolor": style.SKY, "hatch": "//", "edgecolor": style.BLUE},
    )
    thick = 0.76 / len(labelled)
    picture = sheet(8, 0.9 + 0.42 * len(scores) * len(labelled))
    axes = picture.subplots()
    for turn, faces in enumerate(labelled):
        shares = [row[turn] for row in scores.values()]
        places = np.arange(len(scores)) + (turn + 0.5) * thick - 0.38
        axes.barh(
            places, shares, height=thick, label=f"{faces:,} labelled faces", **looks[turn % 2]
        )
        for place, share in zip(places, shares, strict=True):
            axes.text(share + 0.01, float(place), f"{share:.0%}", va="center", fontsize=9.5)
    axes.axvline(chance, color=style.INK, linestyle="--", linewidth=1.2)
    axes.text(chance + 0.01, -0.58, "guessing", fontsize=9, va="center")
    axes.set(xlim=(0, 1.06), ylim=(len(scores) - 0.5, -0.78))
    axes.set_yticks(range(len(scores)), list(scores))
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0%", "20%", "40%", "60%", "80%", "100%"])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    picture.legend(loc="outside upper center", ncols=len(labelled))
    told = "; ".join(
        f"{name}: {', '.join(f'{share:.0%}' for share in row)}" for name, row in scores.items()
    )
    return picture.describe(
        f"Bars: how often a linear probe names the emotion of a face it has never seen, after "
        f"{' and '.join(f'{faces:,}' for faces in labelled)} labelled faces. {told}. "
        f"Guessing would be right {chance:.0%} of the time."
    )


@figure
def between(pixels: ArrayLike, decoded: ArrayLike) -> Picture:
    """From one face to another in small steps: mixed as pixels, and mixed as codes.

    Args:
        pixels: The mixtures of the pixels, ``(n, 784)``, the two faces first and last.
        decoded: The decoded mixtures of the codes, ``(n, 784)``.
    """
    picture = _rows({"mix pixels": pixels, "mix codes": decoded}, ink=False)
    ways = [np.asarray(row, dtype=float) for row in (pixels, decoded)]
    bends, ends = [_bend(steps) for steps in ways], [_apart(steps[0], steps[-1]) for steps in ways]
    return picture.describe(
        f"One face turns into another in {len(ways[0])} steps, in two ways. How far the steps come "
        f"from a double exposure of the two ends, in squared error: {bends[0]:.1f} at most where "
        f"the pixels are mixed, {bends[1]:.1f} where the codes are. The ends are {ends[0]:.1f} and "
        f"{ends[1]:.1f} apart."
    )


@figure
def smiles(rows: Mapping[str, ArrayLike]) -> Picture:
    """The same faces, decoded after more and more of one direction was added to their codes.

    Args:
        rows: Name of the row and its faces, ``(n, 784)``; the untouched ones first.
    """
    picture = _rows(rows, ink=False)
    names, faces = list(rows), [np.asarray(row, dtype=float) for row in rows.values()]
    told = [
        f"{name} differs from {above} by a squared error of {_apart(one, other):.1f} a face, "
        f"{_share_at_the_mouth(one, other):.0%} of it at the mouth"
        for above, name, one, other in zip(names, names[1:], faces, faces[1:], strict=False)
    ]
    return picture.describe(
        f"{len(faces[0])} faces, each in {len(rows)} versions, one under the other: "
        f"{', '.join(names)}. {'; '.join(told)}. (The mouth takes an eighth of a picture.)"
    )


@figure
def invented(rows: Mapping[str, ArrayLike]) -> Picture:
    """What the decoder makes of codes that no image had.

    Args:
        rows: How the codes were drawn, and the decoded faces, ``(n, 784)``.
    """
    picture = _rows(rows, ink=False)
    told = []
    for name, row in rows.items():
        faces = np.asarray(row, dtype=float).reshape(-1, 784)
        rough = np.abs(np.diff(faces.reshape(-1, 28, 28), axis=2)).mean()
        widest = ((faces[:, None] - faces[None]) ** 2).sum(axis=2).max()
        told.append(
            f"{name}: pixels side by side differ by {rough:.3f} on average, and the two most "
            f"different faces by a squared error of {widest:.0f}"
        )
    return picture.describe(
        f"Decoded random codes, {len(np.asarray(next(iter(rows.values()))))} faces in each row. "
        f"{'; '.join(told)}."
    )


@figure
def code_map(codes: ArrayLike, labels: ArrayLike, names: Sequence[str]) -> Picture:
    """A map of images whose codes are two numbers: where each image lies.

    Args:
        codes: ``(n, 2)``.
        labels: ``(n,)`` class numbers from 0.
        names: What the classes are called.
    """
    points, classes = np.asarray(codes), np.asarray(labels)
    picture = sheet(8, 4.6)
    axes = picture.subplots()
    gap = 0.06 * np.ptp(points, axis=0)
    named: list[tuple[float, float]] = []
    for number, name in enumerate(names):
        own = points[classes == number]
        axes.scatter(
            own[:, 0],
            own[:, 1],
            s=26,
            alpha=0.8,
            edgecolors=style.INK,  # else yellow fades on paper
            linewidths=0.4,
            label=name,
            **style.class_style(number),
        )
        x, y = np.median(own, axis=0)
        while any(abs(x - left) < gap[0] and abs(y - low) < gap[1] for left, low in named):
            x += gap[0] / 2  # so that no name hides another
        named.append((x, y))
        halo = {"boxstyle": "circle,pad=0.25", "facecolor": style.PAPER, "edgecolor": style.INK}
        axes.text(x, y, name, weight="bold", ha="center", va="center", bbox=halo)
    axes.set(xlabel="first number of the code", ylabel="second number of the code")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="label")
    spread = ", ".join(
        f"{name} at ({middle[0]:.1f}, {middle[1]:.1f})"
        for number, name in enumerate(names)
        for middle in [np.median(points[classes == number], axis=0)]
    )
    return picture.describe(
        f"Scatter plot of {len(points)} images, each a point whose coordinates are its code of two "
        f"numbers; colour and shape tell the label. "
        f"The middles of the classes: {spread}."
    )


def _numbers(size: int) -> str:
    return "1 number" if size == 1 else f"{size} numbers"


def _apart(one: ArrayLike, other: ArrayLike) -> float:
    """Return the squared error: summed over the pixels of an image, averaged over images."""
    squared = (np.asarray(one, dtype=float) - np.asarray(other, dtype=float)) ** 2
    return float(squared.reshape(-1, 784).sum(axis=1).mean())


def _bend(steps: NDArray[np.float64]) -> float:
    """Return how far the farthest step is from the straight mixture of the first and the last."""
    way = np.linspace(0, 1, len(steps))[:, None]
    straight = (1 - way) * steps[0] + way * steps[-1]
    return float(((steps - straight) ** 2).sum(axis=1).max())


def _share_at_the_mouth(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    top, left, height, width = _PATCH
    squared = ((one - other) ** 2).reshape(-1, 28, 28)
    mouth = squared[:, top : top + height, left : left + width].sum()
    return float(mouth / max(float(squared.sum()), 1e-12))


def _rows(rows: Mapping[str, ArrayLike], *, ink: bool) -> Picture:
    """Images in rows, each with its name on the left; all rows equally long."""
    images = {name: np.asarray(row, dtype=float).reshape(-1, 784) for name, row in rows.items()}
    lengths = {len(row) for row in images.values()}
    if len(lengths) != 1:
        raise ValueError(f"rows: {sorted(lengths)} images; all rows need as many")
    columns = lengths.pop()
    picture = sheet(8, 0.3 + len(images) * 6.9 / columns)
    picture.set_layout_engine("constrained", w_pad=0.04, h_pad=0.04)
    grid = picture.subplots(len(images), columns, squeeze=False)
    for axes_row, (name, row) in zip(grid, images.items(), strict=True):
        for axes, pixels in zip(axes_row, row, strict=True):
            show_image(axes, pixels if ink else 1 - pixels)
        label = axes_row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9.5)
        label.set_in_layout(True)
    return picture


def _bare(axes: Axes) -> None:
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.set_yticks([])
    for edge in axes.spines.values():
        edge.set_visible(False)


def _frame(axes: Axes, corner: tuple[float, float], width: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    frame = Rectangle(corner, width, height, fill=False, edgecolor=style.ORANGE, linewidth=2.5)
    axes.add_patch(frame)
