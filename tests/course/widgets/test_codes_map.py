"""The linked maps: what the page gets, and which arguments are rejected."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets

from course.figures.style import MARKERS
from course.widgets.codes_map import CodesMap
from course.widgets.frontend import FOLDER
from tests.course.imports import loaded

rng = np.random.default_rng(0)
N = 30
CODES = {"PCA": rng.normal(size=(N, 2)), "autoencoder": rng.normal(size=(N, 2))}
LABELS = np.arange(N) % 3
NAMES = ("wool", "coal", "rain")
IMAGES = {name: rng.random((N, 784)) for name in ("original", "PCA", "autoencoder")}


@pytest.fixture
def explorer() -> Iterator[CodesMap]:
    widget = CodesMap(CODES, LABELS, NAMES, pictures=IMAGES, thing="digit")
    yield widget
    widget.close()


def test_the_page_gets_the_codes_of_each_map(explorer: CodesMap) -> None:
    places = np.frombuffer(explorer.places, "<f4").reshape(2, N, 2)
    for sent, codes in zip(places, CODES.values(), strict=True):
        assert np.allclose(sent, codes, atol=1e-5)
    assert explorer.content["titles"] == list(CODES)
    assert explorer.content["labels"] == LABELS.tolist()
    assert explorer.content["names"] == list(NAMES)


def test_the_page_gets_the_pictures_and_their_errors(explorer: CodesMap) -> None:
    tiles = np.frombuffer(explorer.pictures, np.uint8).reshape(3, N, 784)
    for sent, images in zip(tiles, IMAGES.values(), strict=True):
        assert np.abs(sent / 255 - images).max() < 0.003
    errors = explorer.content["errors"]
    expected = ((IMAGES["original"] - IMAGES["autoencoder"]) ** 2).sum(axis=1)
    assert len(errors) == 2
    assert np.allclose(errors[1], expected, atol=0.006)


def test_pixels_out_of_range_are_clipped() -> None:
    images = np.full((N, 784), -0.5)
    images[1] = 1.7
    widget = CodesMap(CODES, LABELS, NAMES, pictures={"original": images})
    tiles = np.frombuffer(widget.pictures, np.uint8).reshape(N, 784)
    assert (tiles[0].max(), tiles[1].min()) == (0, 255)
    widget.close()


def test_words_replace_pictures() -> None:
    words = {"The story": [["oil", "price"]] * N, "LSA": [["bank"]] * N}
    widget = CodesMap(CODES, LABELS, NAMES, words=words)
    assert widget.content["words"]["The story"][4] == "oil, price"
    assert widget.pictures == b""
    widget.close()


def test_the_script_can_draw_every_marker() -> None:
    script = (FOLDER / "markers.js").read_text(encoding="utf-8")
    (table,) = re.findall(r"const MARKERS = \{(.*?)\n\};", script, re.DOTALL)
    drawn = set(re.findall(r'^  "?([^\s":]+)"?: ', table, re.MULTILINE))
    assert drawn == set(MARKERS)


def test_an_example_out_of_range_is_rejected(explorer: CodesMap) -> None:
    explorer.chosen = N - 1
    for index in (-1, N):
        with pytest.raises(traitlets.TraitError, match=f"chosen must be from 0 to {N - 1}"):
            explorer.chosen = index


def test_hidden_classes_are_sorted_and_checked(explorer: CodesMap) -> None:
    explorer.hidden = [2, 0, 2]
    assert explorer.hidden == [0, 2]
    for invalid in ([3], [-1, 1]):
        with pytest.raises(traitlets.TraitError, match="class numbers from 0 to 2"):
            explorer.hidden = invalid


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"codes": {"PCA": np.zeros((N, 3))}},
            r"codes of PCA must have shape \(30, 2\), got \(30, 3\)",
        ),
        ({"codes": {"PCA": np.full((N, 2), np.nan)}}, "codes of PCA must be finite"),
        ({"codes": {}}, "codes must have one or two maps, got 0"),
        ({"labels": LABELS + 0.5}, r"labels must be whole numbers .*got float64 of shape \(30,\)"),
        ({"labels": LABELS + 1}, "labels must be from 0 to 2, .*got 1 to 3"),
        ({"names": []}, "names must have 1 to 40 classes, got 0"),
        (
            {"pictures": {"original": np.zeros((N, 9))}},
            r"pictures of original must have shape \(30, 784\), got \(30, 9\)",
        ),
        ({"words": {"LSA": [["oil"]]}}, "words of LSA must be 30 lists, one per label; got 1"),
    ],
)
def test_an_invalid_argument_is_named(changes: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"codes": CODES, "labels": LABELS, "names": NAMES, **changes}
    with pytest.raises(ValueError, match=message):
        CodesMap(**arguments)


def test_the_fallback_text_without_widgets_is_short(explorer: CodesMap) -> None:
    assert len(repr(explorer)) < 110  # they cut it off


def test_the_widget_loads_neither_tensorflow_nor_matplotlib() -> None:
    program = (
        "from course.widgets.codes_map import CodesMap; "
        "CodesMap({'PCA': [[0, 1]]}, [0], ['a']).close()"
    )
    assert loaded(program) == []
