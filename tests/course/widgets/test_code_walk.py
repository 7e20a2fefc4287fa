"""The walk between codes: true to the network, within its bounds, and without TensorFlow."""

from __future__ import annotations

import doctest
from collections.abc import Iterator

import numpy as np
import pytest
import traitlets

from course import data
from course.autoencoder import frozen
from course.widgets import code_walk
from course.widgets.code_walk import CodeWalk
from tests.course.imports import loaded

DIGITS = data.digits("bundled").x_test[:3]
NAMES = ["one", "two", "three"]


@pytest.fixture
def walk() -> Iterator[CodeWalk]:
    widget = CodeWalk(frozen.digits(), DIGITS, NAMES)
    yield widget
    widget.close()


def shades(image: np.ndarray) -> bytes:
    return bytes(np.round(255 * np.clip(image, 0, 1)).astype(np.uint8).tobytes())


def test_the_docstrings_hold() -> None:
    assert doctest.testmod(code_walk).failed == 0


def test_at_the_ends_it_shows_the_copies(walk: CodeWalk) -> None:
    copies = frozen.digits().reconstruct(DIGITS)
    for way, end in ((0, 0), (100, 1)):
        walk.way = way
        shown = np.frombuffer(walk.shown[:784], np.uint8).astype(float) / 255
        assert np.abs(shown - copies[end]).max() < 0.02
        assert walk.shown[784:] == shades(DIGITS[end])


def test_half_way_it_mixes_codes_and_pixels(walk: CodeWalk) -> None:
    walk.set_trait("way", 50)
    walk.second = 2
    codes = frozen.digits().encode(DIGITS)
    assert np.allclose(walk.code, (codes[0] + codes[2]) / 2, atol=1e-5)
    pixels = np.frombuffer(walk.shown[784:], np.uint8) / 255
    assert np.abs(pixels - (DIGITS[0] + DIGITS[2]) / 2).max() < 0.01


def test_a_push_moves_one_number_by_its_spread() -> None:
    spread = np.arange(1.0, 31.0)
    walk = CodeWalk(frozen.digits(), DIGITS, NAMES, spread=spread, number=4)
    before, seen = walk.code, walk.shown
    walk.push = -1.5
    assert np.allclose((walk.code - before)[0], np.where(np.arange(30) == 3, -6.0, 0.0))
    assert walk.shown != seen
    walk.close()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("way", 101, "way=101: from 0 to 100"),
        ("first", 3, "first=3: from 0 to 2"),
        ("second", -1, "second=-1: from 0 to 2"),
        ("number", 0, "number=0: from 1 to 30"),
        ("push", 3.5, "push=3.5: from -3 to 3"),
        ("push", float("nan"), "push=nan: from -3 to 3"),
    ],
)
def test_nobody_walks_out_of_the_map(walk: CodeWalk, name: str, value: float, words: str) -> None:
    with pytest.raises(traitlets.TraitError, match=words):
        walk.set_trait(name, value)


def test_what_does_not_fit_together_is_refused() -> None:
    net = frozen.digits()
    with pytest.raises(ValueError, match=r"images: shape \(1, 784\); two or more"):
        CodeWalk(net, DIGITS[:1], ["one"])
    with pytest.raises(ValueError, match="names: 2 for 3 images"):
        CodeWalk(net, DIGITS, NAMES[:2])
    with pytest.raises(ValueError, match=r"spread: shape \(3,\); 30 finite numbers"):
        CodeWalk(net, DIGITS, NAMES, spread=[1, 2, 3])


def test_the_words_for_pages_without_widgets_are_short(walk: CodeWalk) -> None:
    assert len(repr(walk)) < 110


def test_the_walk_loads_no_tensorflow() -> None:
    program = (
        "import numpy as np; from course.autoencoder import frozen; "
        "from course.widgets.code_walk import CodeWalk; "
        "CodeWalk(frozen.digits(), np.eye(2, 784), ['a', 'b']).close()"
    )
    assert loaded(program) == []
