"""The figures of lesson 1: inputs, codes and copies.

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
from course.figures.style import figure, new_grid, new_picture, new_plot, show_image, show_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from course.figures.picture import Picture

_MOUTH: Final = (17, 9, 7, 10)  # top, left, height and width of the region around the mouth
_MAX_STEPS: Final = 6


@figure
def numbers_of_a_face(pixels: ArrayLike, emotion: str) -> Picture:
    """Show a face, 784 numbers in [0, 1], 0 black, and the numbers around its mouth."""
    face = np.asarray(pixels, dtype=float).reshape(28, 28)
    top, left, height, width = _MOUTH
    region = face[top : top + height, left : left + width]
    picture, [(image, numbers, goal)] = new_grid(8, 3.1, 1, 3, width_ratios=[1.1, 1.7, 0.7])
    show_image(image, face, "28 × 28 = 784 numbers", ink=False)
    style.add_frame(image, (left, top, width, height), style.ORANGE)
    for axes in (image, numbers):
        axes.set_anchor("N")  # so that their titles are level
    numbers.imshow(region, cmap="gray", vmin=0, vmax=1)
    numbers.set_gid(style.PHOTOGRAPH)
    for (row, column), value in np.ndenumerate(region):
        look = {"color": style.INK if value > 0.5 else "white", "fontsize": 8}
        numbers.text(column, row, f"{value:.2f}"[-3:], ha="center", va="center", **look)
    numbers.set_title("what the computer sees in the frame", fontsize=9.5, loc="center", pad=4)
    goal.text(0, 0.5, f"→ {emotion}", fontsize=17, va="center", transform=goal.transAxes)
    goal.text(0.12, 0.64, "what we want", fontsize=9.5, transform=goal.transAxes)
    for axes in (numbers, goal):
        axes.axis("off")
    return picture.describe(
        f"Left, a drawn face of 28 by 28 pixels with a frame around the mouth. Middle, the framed "
        f"region enlarged, with the brightness of each pixel, 0 to 1, written into it. Right, the "
        f"one word we want from all that: {emotion}."
    )


@figure
def bottleneck(original: ArrayLike, code: ArrayLike, copy: ArrayLike) -> Picture:
    """Draw an autoencoder with a real image: encoder f, code z, decoder g.

    Args:
        original: One face, 784 numbers in [0, 1], 0 black.
        code: The numbers of its code.
        copy: The decoded code, 784 numbers.
    """
    from matplotlib.patches import Polygon

    z = np.asarray(code, dtype=float).ravel()
    picture, (axes,) = new_grid(8, 3.2, 1, 5, width_ratios=[1.25, 0.85, 0.5, 0.85, 1.25])
    show_image(axes[0], original, "x: 784 numbers", ink=False)
    show_image(axes[4], copy, "x′: 784 numbers", ink=False)
    for panel, wide, letter, role in (axes[1], 0, "f", "encoder"), (axes[3], 1, "g", "decoder"):
        corners = [(wide, 0), (wide, 1), (1 - wide, 0.7), (1 - wide, 0.3)]
        panel.add_patch(Polygon(corners, facecolor=style.SKY, edgecolor=style.BLUE, alpha=0.35))
        panel.text(0.5, 0.53, letter, ha="center", va="center", fontsize=22, style="italic")
        panel.text(0.5, 0.36, role, ha="center", va="center")
        panel.set(xlim=(-0.03, 1.03), ylim=(-0.02, 1.02))
    reach = max(float(np.abs(z).max()), 1e-9)
    colors = [style.BLUE if value > 0 else style.VERMILLION for value in z]
    axes[2].barh(np.arange(len(z)), z / reach, color=colors, height=0.8)
    axes[2].plot([0, 0], [-0.5, len(z) - 0.5], color=style.GRAY, linewidth=0.8)
    # As high as the narrow ends of encoder and decoder.
    axes[2].set(xlim=(-1.15, 1.15), ylim=(1.75 * len(z), -0.75 * len(z)))
    axes[2].text(0, -0.09 * len(z), f"z: {len(z)} numbers", fontsize=9.5, ha="center")
    for panel in axes[1:4]:
        panel.axis("off")
    return picture.describe(
        f"An image of {np.size(original)} numbers goes through an encoder f that narrows to a "
        f"code z of {len(z)} numbers, drawn as bars to the left and to the right; a decoder g "
        f"widens it to a copy of the image. The copy's squared error is "
        f"{_squared_error(original, copy):.1f}."
    )


@figure
def copies(originals: ArrayLike, made: Mapping[str, ArrayLike], *, ink: bool = True) -> Picture:
    """Draw originals ``(n, 784)`` and, in the rows below them, their copies ``(n, 784)``.

    In digits, 1 is ink; for faces, where 0 is dark, pass ``ink=False``.
    """
    x = np.asarray(originals)
    picture = _image_rows({"original": x, **made}, ink=ink)
    errors = [f"{name}, squared error {_squared_error(row, x):.1f}" for name, row in made.items()]
    return picture.describe(
        f"{len(x)} originals, and in the rows below them their copies: {'; '.join(errors)}."
    )


@figure
def code_sizes(name: str = "a 3", sizes: Sequence[int] = (1, 2, 5, 10, 30, 100)) -> Picture:
    """Draw the code-size explorer without interaction: codes, copies and errors.

    ``name`` and ``sizes`` must be among those of ``course.assets.code_size_facts()``.
    """
    from course import assets

    facts = assets.code_size_facts()
    image = facts.names.index(name)
    pictures = assets.code_size_pictures()[image]
    is_ink = name != "a face"
    shown = 1 - pictures if is_ink else pictures
    columns = [facts.sizes.index(size) for size in sizes]
    picture = new_picture(8, 6.6)
    top, bottom = picture.subfigures(2, 1, squeeze=False, height_ratios=[1.75, 1.5])[:, 0]
    grid = top.subplots(4, len(sizes) + 1, height_ratios=[0.45, 1, 0.45, 1])
    for row, (method, codes, color) in enumerate(
        (
            ("PCA", facts.pca_codes[image], style.VERMILLION),
            ("autoencoder", facts.autoencoder_codes[image], style.BLUE),
        )
    ):
        bars, copies = grid[2 * row : 2 * row + 2]
        show_image(copies[0], shown[row, 0], ink=is_ink)
        copies[0].set_ylabel(method)
        bars[0].text(1, 0.5, "code", ha="right", va="center", transform=bars[0].transAxes)
        bars[0].axis("off")
        for column, at in enumerate(columns, start=1):
            _show_code(
                bars[column], codes[at], facts.largest(method.lower(), sizes[column - 1]), color
            )
            show_image(copies[column], shown[row, at + 1], ink=is_ink)
            if row == 0:
                bars[column].set_title(_numbers(facts.sizes[at]), fontsize=9.5, loc="center", pad=4)
    grid[0, 0].set_title(f"original: {name}", fontsize=9.5, loc="center", pad=4)
    axes = bottom.subplots()
    axes.axhline(facts.mean_image, color=style.GRAY, linestyle=":", linewidth=1.5)
    for method, marker, dashes, color, errors in (
        ("PCA", "s", "--", style.VERMILLION, facts.pca),
        ("autoencoder", "o", "-", style.BLUE, facts.autoencoder),
    ):
        axes.plot(facts.sizes, errors, dashes, color=color)
        axes.plot(sizes, [errors[at] for at in columns], marker, color=color, label=method)
    axes.text(1.0, facts.mean_image * 1.06, "mean image", color=style.GRAY, fontsize=9)
    axes.set(xscale="log", yscale="log", xlabel="code size", ylabel="squared error, test digits")
    axes.set_ylim(3.5, 70)
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_yticks([5, 10, 20, 50], ["5", "10", "20", "50"])
    axes.minorticks_off()
    axes.legend(loc="lower left")
    first, last = (
        [_squared_error(pictures[row, 0], pictures[row, at + 1]) for row in (0, 1)]
        for at in (columns[0], columns[-1])
    )
    described = "; ".join(
        f"{_numbers(facts.sizes[at])}: {facts.pca[at]:.1f} and {facts.autoencoder[at]:.1f}"
        for at in columns
    )
    return picture.describe(
        f"Top: {name} copied through codes of growing size; above each copy its code, a bar for "
        f"each number. The squared error of the copies goes "
        f"from {first[0]:.1f} to {last[0]:.1f} by PCA, from {first[1]:.1f} to {last[1]:.1f} by an "
        f"autoencoder. Bottom: the squared error over all test digits against the code size. PCA "
        f"and autoencoder with {described}. The mean image: {facts.mean_image:.1f}."
    )


def _show_code(axes: Axes, code: Sequence[float], largest: float, color: str) -> None:
    """Show the numbers of a code as bars; ``largest`` is the value that reaches the edge."""
    places = np.arange(len(code))
    axes.bar(places, code, width=0.8, color=color)
    axes.axhline(0, color=style.GRAY, linewidth=0.8)
    axes.set(xlim=(-0.6, max(len(code), 10) - 0.4), ylim=(-largest, largest), xticks=[], yticks=[])
    axes.grid(visible=False)
    for edge in axes.spines.values():
        edge.set(visible=True, color=style.LIGHT_GRAY)


@figure
def emotion_scores(
    scores: Mapping[str, Sequence[float | Sequence[float]]],
    labeled: Sequence[int],
    chance: float = 0.2,
) -> Picture:
    """Draw how often a linear probe names the right emotion, for each kind of input.

    Args:
        scores: For each input and each of ``labeled``, the shares of right answers, 0 to 1, one
            for each draw of labeled faces. A bar shows their mean, a line their range.
        labeled: Numbers of labeled faces that the probe learned from.
        chance: Share of right answers by guessing.
    """
    looks: tuple[dict[str, Any], ...] = (
        {"color": style.BLUE},
        {"facecolor": style.SKY, "hatch": "//", "edgecolor": style.BLUE},
    )
    thickness = 0.76 / len(labeled)
    picture, axes = new_plot(8, 0.9 + 0.42 * len(scores) * len(labeled))
    for number, count in enumerate(labeled):
        draws = [np.atleast_1d(row[number]) for row in scores.values()]
        shares = [np.mean(each) for each in draws]
        centers = np.arange(len(scores)) + (number + 0.5) * thickness - 0.38
        label = f"{count:,} labeled faces"
        axes.barh(centers, shares, height=thickness, label=label, **looks[number % 2])
        lows, highs = ([end(each) for each in draws] for end in (np.min, np.max))
        axes.hlines(centers, lows, highs, color=style.INK, linewidth=1.5)
        for center, share, high in zip(centers, shares, highs, strict=True):
            axes.text(high + 0.01, center, f"{share:.0%}", fontsize=9.5, va="center")
    axes.axvline(chance, color=style.INK, linestyle="--", linewidth=1.2)
    axes.text(chance + 0.01, -0.58, "guessing", fontsize=9, va="center")
    axes.set(xlim=(0, 1.06), ylim=(len(scores) - 0.5, -0.78))
    axes.set_yticks(range(len(scores)), list(scores))
    axes.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0%", "20%", "40%", "60%", "80%", "100%"])
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    picture.legend(loc="outside upper center", ncols=len(labeled))
    described = "; ".join(
        f"{name}: {', '.join(_share(draws) for draws in row)}" for name, row in scores.items()
    )
    return picture.describe(
        f"Bars: how often a linear probe names the emotion of a new face, after "
        f"{' and '.join(f'{count:,}' for count in labeled)} labeled faces. {described}. "
        f"Guessing would be right {chance:.0%} of the time."
    )


def _share(draws: float | Sequence[float]) -> str:
    low, mean, high = (f"{end(draws):.0%}" for end in (np.min, np.mean, np.max))
    return mean if low == high else f"{mean} ({low.removesuffix('%')} to {high})"


@figure
def between(pixels: ArrayLike, decoded: ArrayLike) -> Picture:
    """Draw steps ``(n, 784)`` from one face to another, mixed as pixels and as codes.

    At most six are shown, with the mouth of each enlarged: a double exposure is seen there.
    """
    rows = [np.asarray(row, dtype=float).reshape(-1, 784) for row in (pixels, decoded)]
    shown = np.unique(np.linspace(0, len(rows[0]) - 1, _MAX_STEPS).round().astype(int))
    picture, grid = new_grid(8, 4.1, 4, len(shown), height_ratios=[1, 0.7, 1, 0.7])
    picture.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03)
    top, left, height, width = _MOUTH
    for number, (name, row) in enumerate(zip(("mix pixels", "mix codes"), rows, strict=True)):
        mouths = row.reshape(-1, 28, 28)[shown, top : top + height, left : left + width]
        show_row(grid[2 * number], name, row[shown], ink=False)
        show_row(grid[2 * number + 1], "mouth", mouths, shape=(height, width), ink=False)
    bends = [_bend(row) for row in rows]
    ends = [_squared_error(row[0], row[-1]) for row in rows]
    return picture.describe(
        f"One face turns into another in {len(rows[0])} steps, in two ways. The largest difference "
        f"between a step and a double exposure of the two ends, in squared error: {bends[0]:.1f} "
        f"if the pixels are mixed, {bends[1]:.1f} if the codes are. The ends differ by "
        f"{ends[0]:.1f} and {ends[1]:.1f}."
    )


@figure
def smiles(rows: Mapping[str, ArrayLike]) -> Picture:
    """Draw faces ``(n, 784)``, row by row with more of one direction added to their codes.

    The originals come first.
    """
    picture = _image_rows(rows, ink=False)
    names, faces = list(rows), [np.asarray(row, dtype=float) for row in rows.values()]
    descriptions = [
        f"{name} differs from {above} by a squared error of {_squared_error(x, y):.1f} per face, "
        f"{_share_at_the_mouth(x, y):.0%} of it at the mouth"
        for above, name, x, y in zip(names, names[1:], faces, faces[1:], strict=False)
    ]
    return picture.describe(
        f"{len(faces[0])} faces, each in {len(rows)} versions, one under the other: "
        f"{', '.join(names)}. {'; '.join(descriptions)}. (The mouth takes up 9% of a picture.)"
    )


@figure
def invented(rows: Mapping[str, ArrayLike]) -> Picture:
    """Draw decoded codes ``(n, 784)`` that don't come from any image; a row's name says how."""
    picture = _image_rows(rows, ink=False)
    descriptions = []
    for name, row in rows.items():
        faces = np.asarray(row, dtype=float).reshape(-1, 784)
        roughness = np.abs(np.diff(faces.reshape(-1, 28, 28), axis=2)).mean()
        widest = ((faces[:, None] - faces[None]) ** 2).sum(axis=2).max()
        descriptions.append(
            f"{name}: adjacent pixels differ by {roughness:.3f} on average, and the two most "
            f"different faces by a squared error of {widest:.0f}"
        )
    return picture.describe(
        f"Decoded random codes, {len(np.asarray(next(iter(rows.values()))))} faces in each row. "
        f"{'; '.join(descriptions)}."
    )


@figure
def code_map(codes: ArrayLike, labels: ArrayLike, names: Sequence[str]) -> Picture:
    """Draw a map of images, each at its code ``(n, 2)``; labels ``(n,)`` are indices of names."""
    points, classes = np.asarray(codes), np.asarray(labels)
    centers = [np.median(points[classes == number], axis=0) for number in range(len(names))]
    picture, axes = new_plot(8, 4.6)
    style.scatter_classes(axes, points, classes, names, 26)
    gap = 0.06 * np.ptp(points, axis=0)
    positions: list[tuple[float, float]] = []
    for name, (x, y) in zip(names, centers, strict=True):
        while any(abs(x - left) < gap[0] and abs(y - low) < gap[1] for left, low in positions):
            x += gap[0] / 2  # noqa: PLW2901  (so names don't overlap)
        positions.append((x, y))
        circle = {"boxstyle": "circle,pad=0.25", "facecolor": style.PAPER, "edgecolor": style.INK}
        axes.text(x, y, name, weight="bold", ha="center", va="center", bbox=circle)
    axes.set(xlabel="first number of the code", ylabel="second number of the code")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="label")
    described = ", ".join(
        f"{name} at ({x:.1f}, {y:.1f})" for name, (x, y) in zip(names, centers, strict=True)
    )
    return picture.describe(
        f"Scatter plot of {len(points)} images, each a point whose coordinates are its code of two "
        f"numbers; color and shape show the label. The centers of the classes: {described}."
    )


def _numbers(size: int) -> str:
    return "1 number" if size == 1 else f"{size} numbers"


def _squared_error(x: ArrayLike, y: ArrayLike) -> float:
    """Return the squared error, summed over the pixels of an image and averaged over images."""
    squares = (np.asarray(x, dtype=float) - np.asarray(y, dtype=float)) ** 2
    return float(squares.reshape(-1, 784).sum(axis=1).mean())


def _bend(steps: NDArray[np.float64]) -> float:
    """Return the largest squared error between a step and the mixture of first and last."""
    share = np.linspace(0, 1, len(steps))[:, None]
    straight = (1 - share) * steps[0] + share * steps[-1]
    return float(((steps - straight) ** 2).sum(axis=1).max())


def _share_at_the_mouth(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    top, left, height, width = _MOUTH
    squares = ((x - y) ** 2).reshape(-1, 28, 28)
    mouth = squares[:, top : top + height, left : left + width].sum()
    return float(mouth / max(float(squares.sum()), 1e-12))


def _image_rows(rows: Mapping[str, ArrayLike], *, ink: bool) -> Picture:
    """Draw rows of the same number of images, with their names on the left."""
    images = {name: np.asarray(row, dtype=float).reshape(-1, 784) for name, row in rows.items()}
    lengths = {len(row) for row in images.values()}
    if len(lengths) != 1:
        raise ValueError(f"rows must have the same number of images, got {sorted(lengths)}")
    columns = lengths.pop()
    picture, grid = new_grid(8, 0.3 + len(images) * 6.9 / columns, len(images), columns)
    picture.set_layout_engine("constrained", w_pad=0.04, h_pad=0.04)
    for panels, (name, row) in zip(grid, images.items(), strict=True):
        show_row(panels, name, row, ink=ink)
    return picture
