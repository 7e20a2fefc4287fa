"""Pictures and their style, and the figures of lesson 1."""

from __future__ import annotations

import html
import io
import itertools
import re
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from course import assets
from course.figures import comparison, intro, style
from course.figures.picture import Picture
from tests.course.pictures import check_pictures

rng = np.random.default_rng(5)
IMAGES = rng.random((6, 784))


def blank() -> Picture:
    picture = style.new_picture(4, 2)
    picture.subplots()
    return picture


def test_every_format_of_a_picture_has_its_description() -> None:
    picture = blank().describe('A "level"\n  line <b>.')
    bundle, metadata = picture._repr_mimebundle_()
    (alt,) = re.findall(r'<img alt="([^"]*)"', bundle["text/html"])
    assert html.unescape(alt) == 'A "level" line <b>.'
    assert metadata["image/png"]["alt"] == picture.alt
    assert bundle["text/plain"].endswith(picture.alt)
    assert metadata["image/png"]["width"] == 4 * 96


def test_a_picture_displays_itself_with_its_description(capsys: pytest.CaptureFixture[str]) -> None:
    blank().describe("A blank frame.")._ipython_display_()
    assert "A blank frame." in capsys.readouterr().out


def test_a_picture_without_a_description_is_rejected() -> None:
    with pytest.raises(ValueError, match="describe"):
        blank()._repr_mimebundle_()
    with pytest.raises(ValueError, match="alt must not be empty"):
        blank().describe("  ")

    @style.figure
    def silent() -> Picture:
        return blank()

    with pytest.raises(ValueError, match=r"silent\(\) returned a picture without text"):
        silent()


def test_a_figure_restores_the_settings() -> None:
    before = dict(mpl.rcParams)
    intro.copies(IMAGES, {"copy": IMAGES})
    assert dict(mpl.rcParams) == before


def test_the_png_is_small_sharp_and_on_paper() -> None:
    png = intro.copies(IMAGES, {"copy": IMAGES}).png()
    image = Image.open(io.BytesIO(png))
    assert len(png) < 60_000
    assert image.size[0] == 8 * 96 * 2
    assert image.convert("RGB").getpixel((3, 3)) == (0xFB, 0xFA, 0xF7)


def linear_rgb(color: str) -> NDArray[np.float64]:
    """Return red, green and blue as linear light, 0 to 1."""
    srgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear: NDArray[np.float64] = np.where(
        srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4
    )
    return linear


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    dark, bright = sorted(
        float(linear_rgb(color) @ [0.2126, 0.7152, 0.0722]) for color in (first, second)
    )
    return (bright + 0.05) / (dark + 0.05)


# Transformations of linear RGB, for severity 1: Machado, Oliveira and Fernandes 2009, "A
# physiologically-based model for simulation of color vision deficiency".
VISION = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}
RGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def lab(color: str, vision: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the color in CIELAB, where the smallest visible difference is about 2."""
    xyz = RGB_TO_XYZ @ np.clip(vision @ linear_rgb(color), 0, 1) / RGB_TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_colors_differ_with_every_kind_of_vision(vision: str) -> None:
    colors = [lab(color, VISION[vision]) for color in style.COLORS]
    for (i, first), (j, second) in itertools.combinations(enumerate(colors), 2):
        min_distance = 30 if j < 4 else 15  # lines only have dashes besides, marks have a shape
        assert np.linalg.norm(first - second) > min_distance, (style.COLORS[i], style.COLORS[j])


# The filter of a dark page on sRGB, https://www.w3.org/TR/filter-effects-1/#feColorMatrixElement:
# hue-rotate(180deg) is the matrix for a cosine of -1 and a sine of 0.
LUMA = np.array([0.213, 0.715, 0.072])
HUE_ROTATION = 2 * np.tile(LUMA, (3, 1)) - np.eye(3)


def on_light(color: str) -> str:
    return color


def on_dark(color: str) -> str:
    """Return the color that a dark page shows."""
    srgb = HUE_ROTATION @ [1 - int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = np.clip(srgb, 0, 1).tolist()
    return str(mpl.colors.to_hex((red, green, blue)))


PAGES = pytest.mark.parametrize("page", [on_light, on_dark])


@PAGES
def test_text_lines_and_edges_contrast_with_light_and_dark_paper(
    page: Callable[[str], str],
) -> None:
    paper = page(style.PAPER)
    assert contrast(page(style.INK), paper) > 12
    assert contrast(page(style.GRAY), paper) > 4.5
    assert all(contrast(page(color), paper) > 3 for color in style.COLORS[:4])


def test_a_dark_page_shows_dark_paper_and_keeps_the_hues() -> None:
    assert contrast(on_dark(style.PAPER), "#111111") < 1.2  # JupyterLab's dark page
    for color in (style.BLUE, style.VERMILLION, style.GREEN, style.PURPLE):
        before, after = (lab(shown, VISION["normal"])[1:] for shown in (color, on_dark(color)))
        cosine = before @ after / np.linalg.norm(before) / np.linalg.norm(after)
        assert cosine > 0.85, color
    assert style.DARK_FILTER == "invert(1) hue-rotate(180deg)"  # what `on_dark` computes


@pytest.mark.parametrize(
    "path",
    [
        "course/labextension/static/style.css",
        "course/widgets/explorer.css",
        "autograder/feedback/style.css",
    ],
)
def test_style_sheets_filter_as_the_figures_expect(path: str) -> None:
    sheet = (Path(style.__file__).parents[2] / path).read_text(encoding="utf-8")
    filters = re.findall(r"filter: (.*);", sheet)
    assert len(filters) == 2
    assert set(filters) == {style.DARK_FILTER}


def test_only_photographs_keep_their_colors_on_a_dark_page() -> None:
    boxes = r'class="course-photograph" style="position: absolute; left: ([\d.]+)%; top: ([\d.]+)%'
    digits, faces = (
        re.findall(
            boxes, intro.copies(IMAGES, {"c": IMAGES}, ink=ink)._repr_mimebundle_()[0]["text/html"]
        )
        for ink in (True, False)
    )
    assert not digits
    assert len(faces) == 12
    metadata = intro.copies(IMAGES, {"c": IMAGES}, ink=False)._repr_mimebundle_()[1]["image/png"]
    places = [[f"{100 * side:.2f}" for side in box[:2]] for box in metadata["photographs"]]
    assert places == [list(place) for place in faces]
    assert float(faces[0][0]) < float(faces[1][0])  # from left to right
    assert float(faces[0][1]) < float(faces[6][1])  # from top to bottom


def test_pale_marks_have_a_dark_edge() -> None:
    codes = rng.normal(size=(80, 2))
    pictures = [
        intro.code_map(codes, np.arange(80) % 8, "abcdefgh"),
        comparison.maps({"map": codes}, np.arange(80) % 8, list("abcdefgh")),
    ]
    for picture in pictures:
        marks = picture.axes[0].collections
        assert len(marks) == 8
        for mark in marks:
            edge = mpl.colors.to_hex(np.asarray(mark.get_edgecolor())[0])
            assert contrast(edge, style.PAPER) > 3


def test_classes_differ_in_shape_before_colors_repeat() -> None:
    styles = [tuple(style.class_style(number).values()) for number in range(40)]
    assert len(set(styles)) == 40
    assert len({marker for _, marker in styles[:10]}) == 10
    with pytest.raises(ValueError, match="number must be at least 0, got -1"):
        style.class_style(-1)


def test_every_figure_of_lesson_1_has_a_description_and_a_png() -> None:
    codes = rng.normal(size=(30, 2))
    pictures = [
        intro.numbers_of_a_face(IMAGES[0], "sad"),
        intro.bottleneck(IMAGES[:1], np.zeros((1, 30)), IMAGES[1:2]),
        intro.copies(IMAGES, {"PCA": IMAGES, "mean": IMAGES * 0}, ink=False),
        intro.code_sizes("a face"),
        intro.emotion_scores({"pixels": [0.5, 0.9], "code": [0.6, 0.8]}, [10, 1000]),
        intro.between(IMAGES, IMAGES),
        intro.smiles({"original": IMAGES, "+ 1": IMAGES}),
        intro.invented({"one": IMAGES, "two": IMAGES}),
        intro.code_map(codes, np.arange(30) % 3, "abc"),
    ]
    check_pictures(pictures, min_chars=80)


def test_the_descriptions_have_the_numbers() -> None:
    half = intro.copies(IMAGES, {"half": IMAGES * 0.5})
    error = ((IMAGES * 0.5) ** 2).sum(axis=1).mean()
    assert f"half, squared error {error:.1f}" in half.alt
    bottleneck = intro.bottleneck(IMAGES[0], np.ones(7), IMAGES[0] + 0.1)
    assert "code z of 7 numbers" in bottleneck.alt
    assert f"is {784 * 0.01:.1f}." in bottleneck.alt
    scores = intro.emotion_scores({"pixels": [0.51, 0.92]}, [10, 1000])
    assert "after 10 and 1,000 labeled faces. pixels: 51%, 92%" in scores.alt
    draws = intro.emotion_scores({"pixels": [[0.4, 0.5, 0.6], 0.92]}, [10, 1000])
    assert "pixels: 50% (40 to 60%), 92%." in draws.alt


def test_code_sizes_describes_the_measured_errors() -> None:
    facts = assets.code_size_facts()
    at = facts.sizes.index(10)
    errors = f"10 numbers: {facts.pca[at]:.1f} and {facts.autoencoder[at]:.1f}"
    assert errors in intro.code_sizes("a 3").alt


def test_code_sizes_draws_the_code_above_each_copy() -> None:
    facts = assets.code_size_facts()
    bars = [axes for axes in intro.code_sizes("a 3").axes if axes.patches]
    assert [len(axes.patches) for axes in bars] == 2 * [1, 2, 5, 10, 30, 100]
    two = facts.sizes.index(2)
    for axes, codes in ((bars[1], facts.pca_codes), (bars[7], facts.autoencoder_codes)):
        heights = [patch.get_height() for patch in axes.patches]  # type: ignore[attr-defined]
        assert heights == list(codes[3][two])


def test_between_describes_how_far_the_steps_bend() -> None:
    share = np.linspace(0, 1, 5)[:, None]
    straight = (1 - share) * IMAGES[0] + share * IMAGES[1]
    bent = straight + 0.1 * np.array([0, 1, 2, 1, 0])[:, None]
    ends = ((IMAGES[0] - IMAGES[1]) ** 2).sum()
    alt = intro.between(straight, bent).alt
    assert f"0.0 if the pixels are mixed, {784 * 0.04:.1f} if the codes are" in alt
    assert f"The ends differ by {ends:.1f} and {ends:.1f}." in alt


def test_smiles_describes_what_changed_and_where() -> None:
    mouth = np.zeros((28, 28))
    mouth[20, 12] = 0.5  # in the region of the mouth
    alt = intro.smiles({"as is": IMAGES, "wry": IMAGES + mouth.ravel(), "dark": IMAGES * 0}).alt
    assert (
        "wry differs from as is by a squared error of 0.2 per face, 100% of it at the mouth" in alt
    )
    assert "dark differs from wry" in alt
    assert "sad" not in alt


def test_invented_describes_roughness_and_variety_of_faces() -> None:
    flat, stripes = np.zeros((2, 784)), np.tile([0.0, 1.0], 392)[None].repeat(2, axis=0)
    stripes[1] = 0
    alt = intro.invented({"flat": flat, "stripes": stripes}).alt
    assert "flat: adjacent pixels differ by 0.000 on average" in alt
    assert "stripes: adjacent pixels differ by 0.500 on average, and the two most different" in alt
    assert "by a squared error of 392." in alt


def test_code_sizes_describes_the_chosen_image() -> None:
    digit, star = (
        re.findall(r"from ([\d.]+) to ([\d.]+) by an auto", intro.code_sizes(name).alt)[0]
        for name in ("a 3", "a star")
    )
    assert float(digit[1]) < 5 < float(star[1])  # a star is not copied well


def test_names_on_the_map_do_not_overlap() -> None:
    codes = np.repeat([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]], 4, axis=0)
    picture = intro.code_map(codes, np.repeat([0, 1, 2], 4), ["a", "b", "c"])
    names = [text for text in picture.axes[0].texts if text.get_text() in "abc"]
    assert len({text.get_position() for text in names}) == 3


def test_rows_of_different_lengths_are_named() -> None:
    with pytest.raises(ValueError, match=r"rows must have the same number of images, got \[2, 6\]"):
        intro.smiles({"six": IMAGES, "two": IMAGES[:2]})


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (5.3, 5.9, ["5.4", "5.6", "5.8"]),
        (18, 95, ["20", "50"]),
        (0.009, 0.6, ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]),
        (4, 2e6, ["10", "100", "1,000", "10,000", "100,000", "1,000,000"]),
    ],
)
def test_logarithmic_axes_have_plain_numbers(low: float, high: float, labels: list[str]) -> None:
    picture, axes = style.new_plot(6, 3)
    axes.plot([0, 1], [low, high])
    axes.set(yscale="log", ylim=(low, high))
    style.plain_log_ticks(axes.yaxis)
    picture.draw_without_rendering()
    low_view, high_view = axes.get_ylim()
    ticks = zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
    shown = [label.get_text() for tick, label in ticks if low_view <= tick <= high_view]
    assert shown == labels
    assert not axes.yaxis.get_minorticklocs().size


def test_titles_of_a_face_and_its_numbers_are_level() -> None:
    picture = intro.numbers_of_a_face(IMAGES[0], "sad")
    picture.draw_without_rendering()
    image, numbers = (axes.title.get_window_extent() for axes in picture.axes[:2])
    assert abs(image.y0 - numbers.y0) < 2


def test_between_shows_few_large_steps_and_the_mouths() -> None:
    picture = intro.between(np.repeat(IMAGES, 2, axis=0), np.repeat(IMAGES, 2, axis=0))
    shapes = [np.asarray(axes.images[0].get_array()).shape for axes in picture.axes]
    assert shapes == 2 * (6 * [(28, 28)] + 6 * [(7, 10)])
