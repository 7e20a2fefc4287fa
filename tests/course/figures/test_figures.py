"""A figure describes itself wherever it is shown, and the figures of lesson 1 tell the truth."""

from __future__ import annotations

import doctest
import html
import io
import itertools
import re

import matplotlib as mpl
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from course import assets
from course.figures import comparison, intro, style
from course.figures.picture import Picture

rng = np.random.default_rng(5)
IMAGES = rng.random((6, 784))


def blank() -> Picture:
    picture = style.sheet(4, 2)
    picture.subplots()
    return picture


def test_the_docstrings_hold() -> None:
    names = {"figure": style.figure, "sheet": style.sheet, "Picture": Picture}
    for module in (style, intro):
        assert doctest.testmod(module, extraglobs=names).failed == 0


def test_a_picture_hands_its_words_to_every_kind_of_page() -> None:
    picture = blank().describe('A "level"\n  line <b>.')
    bundle, metadata = picture._repr_mimebundle_()
    (alt,) = re.findall(r'<img alt="([^"]*)"', bundle["text/html"])
    assert html.unescape(alt) == 'A "level" line <b>.'
    assert metadata["image/png"]["alt"] == picture.alt
    assert bundle["text/plain"].endswith(picture.alt)
    assert metadata["image/png"]["width"] == 4 * 96


def test_it_shows_itself_in_a_notebook_with_words(capsys: pytest.CaptureFixture[str]) -> None:
    blank().describe("A blank frame.")._ipython_display_()
    assert "A blank frame." in capsys.readouterr().out


def test_a_picture_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="describe"):
        blank()._repr_mimebundle_()
    with pytest.raises(ValueError, match="say in words"):
        blank().describe("  ")

    @style.figure
    def silent() -> Picture:
        return blank()

    with pytest.raises(ValueError, match=r"silent\(\) drew a picture without words"):
        silent()


def test_the_look_ends_with_the_figure() -> None:
    before = dict(mpl.rcParams)
    intro.copies(IMAGES, {"copy": IMAGES})
    assert dict(mpl.rcParams) == before


def test_the_png_is_small_sharp_and_on_paper() -> None:
    packed = intro.copies(IMAGES, {"copy": IMAGES}).png()
    image = Image.open(io.BytesIO(packed))
    assert len(packed) < 60_000
    assert image.size[0] == 8 * 96 * 2
    assert image.convert("RGB").getpixel((3, 3)) == (0xFB, 0xFA, 0xF7)


def linear(colour: str) -> NDArray[np.float64]:
    """Red, green and blue as amounts of light, 0 to 1."""
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    light: NDArray[np.float64] = np.where(
        parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4
    )
    return light


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    bright, dark = sorted(
        (float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other)), reverse=True
    )
    return (bright + 0.05) / (dark + 0.05)


# What is left of red, green and blue light: Machado, Oliveira and Fernandes 2009, "A
# physiologically-based model for simulation of color vision deficiency", for severity 1.
EYES = {
    "all cones": np.eye(3),
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
LIGHT_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def seen(colour: str, eye: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colour in CIELAB, where about 2 is the smallest difference that can be seen."""
    xyz = LIGHT_TO_XYZ @ np.clip(eye @ linear(colour), 0, 1) / LIGHT_TO_XYZ.sum(axis=1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
def test_colours_stay_apart_for_every_eye(eye: str) -> None:
    places = [seen(colour, EYES[eye]) for colour in style.COLOURS]
    for (i, one), (j, other) in itertools.combinations(enumerate(places), 2):
        least = 30 if j < 4 else 15  # lines have their colour and dashes, marks a shape as well
        assert np.linalg.norm(one - other) > least, (style.COLOURS[i], style.COLOURS[j])


def test_lines_stand_out_on_paper_and_paler_marks_have_a_dark_edge() -> None:
    assert all(contrast(colour, style.PAPER) > 3 for colour in style.COLOURS[:4])
    codes = rng.normal(size=(80, 2))
    drawn = [
        intro.code_map(codes, np.arange(80) % 8, "abcdefgh"),
        comparison.maps({"map": codes}, np.arange(80) % 8, list("abcdefgh")),
    ]
    for picture in drawn:
        marks = picture.axes[0].collections
        assert len(marks) == 8
        for mark in marks:
            edge = mpl.colors.to_hex(np.asarray(mark.get_edgecolor())[0])
            assert contrast(edge, style.PAPER) > 3


def test_text_can_be_read_on_paper() -> None:
    assert contrast(style.INK, style.PAPER) > 12
    assert contrast(style.FAINT, style.PAPER) > 4.5


def test_classes_differ_in_shape_before_colours_repeat() -> None:
    looks = [tuple(style.class_style(number).values()) for number in range(40)]
    assert len(set(looks)) == 40
    assert len({marker for _, marker in looks[:10]}) == 10
    with pytest.raises(ValueError, match="counted from 0"):
        style.class_style(-1)


def test_every_figure_of_lesson_1_speaks_and_makes_a_png() -> None:
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
    for picture in pictures:
        assert 80 < len(picture.alt) < 700
        assert picture.png().startswith(b"\x89PNG")
    assert len({picture.alt for picture in pictures}) == len(pictures)


def test_the_words_hold_the_numbers() -> None:
    half = intro.copies(IMAGES, {"half": IMAGES * 0.5})
    error = ((IMAGES * 0.5) ** 2).sum(axis=1).mean()
    assert f"half, squared error {error:.1f}" in half.alt
    copied = intro.bottleneck(IMAGES[0], np.ones(7), IMAGES[0] + 0.1)
    assert "code z of 7 numbers" in copied.alt
    assert f"is {784 * 0.01:.1f}." in copied.alt
    scores = intro.emotion_scores({"pixels": [0.51, 0.92]}, [10, 1000])
    assert "after 10 and 1,000 labelled faces. pixels: 51%, 92%" in scores.alt


def test_code_sizes_tells_the_measured_errors() -> None:
    facts = assets.code_size_facts()
    at = facts.sizes.index(10)
    told = f"10 numbers: {facts.pca[at]:.1f} and {facts.autoencoder[at]:.1f}"
    assert told in intro.code_sizes("a 3").alt


def test_a_face_between_two_is_told_by_how_far_it_bends() -> None:
    way = np.linspace(0, 1, 5)[:, None]
    straight = (1 - way) * IMAGES[0] + way * IMAGES[1]
    bent = straight + 0.1 * np.array([0, 1, 2, 1, 0])[:, None]
    ends = ((IMAGES[0] - IMAGES[1]) ** 2).sum()
    alt = intro.between(straight, bent).alt
    assert f"0.0 at most where the pixels are mixed, {784 * 0.04:.1f} where the codes are" in alt
    assert f"The ends are {ends:.1f} and {ends:.1f} apart." in alt


def test_smiles_tells_what_changed_and_where() -> None:
    mouth = np.zeros((28, 28))
    mouth[20, 12] = 0.5  # in the mouth's frame
    alt = intro.smiles({"as is": IMAGES, "wry": IMAGES + mouth.ravel(), "dark": IMAGES * 0}).alt
    assert "wry differs from as is by a squared error of 0.2 a face, 100% of it at the mouth" in alt
    assert "dark differs from wry" in alt
    assert "sad" not in alt


def test_invented_faces_are_told_by_how_rough_and_how_different_they_are() -> None:
    flat, stripes = np.zeros((2, 784)), np.tile([0.0, 1.0], 392)[None].repeat(2, axis=0)
    stripes[1] = 0
    alt = intro.invented({"flat": flat, "stripes": stripes}).alt
    assert "flat: pixels side by side differ by 0.000 on average" in alt
    assert (
        "stripes: pixels side by side differ by 0.500 on average, and the two most different" in alt
    )
    assert "by a squared error of 392." in alt


def test_code_sizes_tells_of_the_image_that_is_shown() -> None:
    digit, star = (
        re.findall(r"goes from ([\d.]+) to ([\d.]+) by PCA", intro.code_sizes(name).alt)[0]
        for name in ("a 3", "a star")
    )
    assert float(digit[1]) < 2 < float(star[1])  # a star does not come back


def test_no_name_on_the_map_hides_another() -> None:
    codes = np.repeat([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]], 4, axis=0)
    picture = intro.code_map(codes, np.repeat([0, 1, 2], 4), ["a", "b", "c"])
    names = [text for text in picture.axes[0].texts if text.get_text() in "abc"]
    assert len({text.get_position() for text in names}) == 3


def test_uneven_rows_are_named() -> None:
    with pytest.raises(ValueError, match=r"\[2, 6\] images; all rows need as many"):
        intro.smiles({"six": IMAGES, "two": IMAGES[:2]})
