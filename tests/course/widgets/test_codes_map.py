"""The linked maps: what the page gets, what is refused, and what nobody needs to load."""

from __future__ import annotations

import doctest
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import traitlets

from course.figures.style import MARKERS
from course.widgets import codes_map
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


def test_the_docstrings_hold() -> None:
    assert doctest.testmod(codes_map, extraglobs={"np": np}).failed == 0


def test_the_page_gets_the_codes_map_by_map(explorer: CodesMap) -> None:
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
    true = ((IMAGES["original"] - IMAGES["autoencoder"]) ** 2).sum(axis=1)
    assert len(errors) == 2
    assert np.allclose(errors[1], true, atol=0.006)


def test_pictures_outside_of_black_and_white_are_cut_off() -> None:
    images = np.full((N, 784), -0.5)
    images[1] = 1.7
    widget = CodesMap(CODES, LABELS, NAMES, pictures={"original": images})
    tiles = np.frombuffer(widget.pictures, np.uint8).reshape(N, 784)
    assert (tiles[0].max(), tiles[1].min()) == (0, 255)
    widget.close()


def test_words_are_told_in_place_of_pictures() -> None:
    words = {"The story": [["oil", "price"]] * N, "LSA": [["bank"]] * N}
    widget = CodesMap(CODES, LABELS, NAMES, words=words)
    assert widget.content["words"]["The story"][4] == "oil, price"
    assert widget.pictures == b""
    widget.close()


def test_each_class_has_a_shape_that_the_script_can_draw() -> None:
    script = (FOLDER / "codes_map.js").read_text(encoding="utf-8")
    (table,) = re.findall(r"const MARKERS = \{(.*?)\n\};", script, re.DOTALL)
    drawn = set(re.findall(r'^  "?([^\s":]+)"?: ', table, re.MULTILINE))
    assert drawn == set(MARKERS)


def test_only_an_example_that_is_there_can_be_chosen(explorer: CodesMap) -> None:
    explorer.chosen = N - 1
    for wrong in (-1, N):
        with pytest.raises(traitlets.TraitError, match=f"chosen={wrong}: from 0 to {N - 1}"):
            explorer.chosen = wrong


def test_only_classes_that_are_there_can_be_hidden(explorer: CodesMap) -> None:
    explorer.hidden = [2, 0, 2]
    assert explorer.hidden == [0, 2]
    for wrong in ([3], [-1, 1]):
        with pytest.raises(traitlets.TraitError, match="class numbers from 0 to 2"):
            explorer.hidden = wrong


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"codes": {"PCA": np.zeros((N, 3))}}, r"codes of PCA: shape \(30, 3\); \(30, 2\)"),
        ({"codes": {"PCA": np.full((N, 2), np.nan)}}, "codes of PCA: NaN or infinity"),
        ({"codes": {}}, "codes: 0 maps; one or two are right"),
        ({"labels": LABELS + 0.5}, r"labels: shape \(30,\); whole numbers"),
        ({"labels": LABELS + 1}, "labels: from 1 to 3; with 3 names they run from 0 to 2"),
        ({"names": []}, "names: 0 classes"),
        ({"pictures": {"original": np.zeros((N, 9))}}, r"pictures of original: shape \(30, 9\)"),
        ({"words": {"LSA": [["oil"]]}}, "words of LSA: 1 lists; one for each of 30"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changed: dict[str, Any], words: str) -> None:
    whole: dict[str, Any] = {"codes": CODES, "labels": LABELS, "names": NAMES, **changed}
    with pytest.raises(ValueError, match=words):
        CodesMap(**whole)


def test_a_page_without_widgets_gets_words(explorer: CodesMap) -> None:
    assert len(repr(explorer)) < 110  # longer is cut off where no widget can be shown


def test_it_loads_neither_tensorflow_nor_matplotlib() -> None:
    program = (
        "from course.widgets.codes_map import CodesMap; "
        "CodesMap({'PCA': [[0, 1]]}, [0], ['a']).close()"
    )
    assert loaded(program) == []
