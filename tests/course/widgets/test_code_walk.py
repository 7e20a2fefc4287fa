"""The walk between codes shows what the network decodes, and checks its sliders."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import traitlets

from course import data
from course.autoencoder import frozen
from course.widgets.code_walk import CodeWalk
from course.widgets.traits import gray_bytes
from tests.course.imports import loaded

DIGITS = data.digits("bundled").x_test[:3]
NAMES = ["one", "two", "three"]


@pytest.fixture
def walk() -> Iterator[CodeWalk]:
    widget = CodeWalk(frozen.digits(), DIGITS, NAMES)
    yield widget
    widget.close()


def test_the_walk_starts_and_ends_at_the_copies(walk: CodeWalk) -> None:
    copies = frozen.digits().reconstruct(DIGITS)
    for way, end in ((0, 0), (100, 1)):
        walk.way = way
        shown = np.frombuffer(walk.shown[:784], np.uint8).astype(float) / 255
        assert np.abs(shown - copies[end]).max() < 0.02
        assert walk.shown[784:] == gray_bytes(DIGITS[end])


def test_half_way_codes_and_pixels_are_mixed(walk: CodeWalk) -> None:
    walk.set_trait("way", 50)
    walk.second = 2
    codes = frozen.digits().encode(DIGITS)
    assert np.allclose(walk.code, (codes[0] + codes[2]) / 2, atol=1e-5)
    pixels = np.frombuffer(walk.shown[784:], np.uint8) / 255
    assert np.abs(pixels - (DIGITS[0] + DIGITS[2]) / 2).max() < 0.01


def test_a_push_moves_one_number_by_its_standard_deviation() -> None:
    codes = np.vstack([np.arange(1.0, 31.0), -np.arange(1.0, 31.0)])
    walk = CodeWalk(frozen.digits(), DIGITS, NAMES, codes=codes, basis="numbers", number=4)
    code, shown = walk.code, walk.shown
    walk.push = -1.5
    assert np.allclose((walk.code - code)[0], np.where(np.arange(30) == 3, -6.0, 0.0))
    assert walk.shown != shown
    walk.close()


def test_a_push_moves_along_a_principal_direction_of_the_codes() -> None:
    codes = np.random.default_rng(0).normal(size=(400, 30)) * 0.1
    diagonal = np.ones(30) / np.sqrt(30)
    codes += np.linspace(-3, 3, 400)[:, None] * diagonal
    walk = CodeWalk(frozen.digits(), DIGITS, NAMES, codes=codes)
    code = walk.code
    walk.push = 2.0
    step = (walk.code - code)[0]
    deviation = (codes @ diagonal).std()
    assert np.allclose(step, 2 * deviation * diagonal, atol=0.1)
    walk.number = 30  # the codes hardly vary in the last direction
    assert np.linalg.norm(walk.code - code) < 0.1 * np.linalg.norm(step)
    walk.close()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("way", 101, "way must be from 0 to 100, got 101"),
        ("first", 3, "first must be from 0 to 2, got 3"),
        ("second", -1, "second must be from 0 to 2, got -1"),
        ("number", 0, "number must be from 1 to 30, got 0"),
        ("push", 3.5, "push must be from -3 to 3, got 3.5"),
        ("push", float("nan"), "push must be from -3 to 3, got nan"),
    ],
)
def test_a_slider_out_of_range_is_rejected(
    walk: CodeWalk, name: str, value: float, message: str
) -> None:
    with pytest.raises(traitlets.TraitError, match=message):
        walk.set_trait(name, value)


def test_arguments_that_do_not_match_are_rejected() -> None:
    net = frozen.digits()
    with pytest.raises(ValueError, match=r"images must be at least two, .*got shape \(1, 784\)"):
        CodeWalk(net, DIGITS[:1], ["one"])
    with pytest.raises(ValueError, match=r"names must have one entry per image \(3\), got 2"):
        CodeWalk(net, DIGITS, NAMES[:2])
    with pytest.raises(
        ValueError, match=r"codes must be finite, of shape \(m, 30\); got shape \(2, 3\)"
    ):
        CodeWalk(net, DIGITS, NAMES, codes=np.ones((2, 3)))


def test_the_fallback_text_without_widgets_is_short(walk: CodeWalk) -> None:
    assert len(repr(walk)) < 110  # they cut it off


def test_the_widget_loads_no_tensorflow() -> None:
    program = (
        "import numpy as np; from course.autoencoder import frozen; "
        "from course.widgets.code_walk import CodeWalk; "
        "CodeWalk(frozen.digits(), np.eye(2, 784), ['a', 'b']).close()"
    )
    assert loaded(program) == []
