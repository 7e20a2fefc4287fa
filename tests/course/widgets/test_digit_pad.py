"""The pad computes what course.drawing computes, and tells the page in small pieces."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import traitlets

from course import drawing
from course.widgets.digit_pad import DigitPad
from tests.course.imports import HEAVY, loaded


def seven(x: Any) -> Any:
    assert x.shape == (1, 784)
    return np.eye(10)[7][None]


def test_it_holds_what_the_drawing_becomes() -> None:
    one = drawing.stored()["7"]
    pad = DigitPad(strokes=one.strokes, pen=one.pen)
    found = drawing.preprocess(one.rgba)
    assert (pad.rgba == one.rgba).all()
    assert (pad.vector == found.vector).all()
    assert pad.payload == found.payload("model")
    pad.deployment = "function"
    assert pad.payload == found.payload("function")
    pad.way = "lecture"
    assert (pad.vector == drawing.preprocess(one.rgba, "lecture").vector).all()


def test_the_page_is_told_once_a_stroke() -> None:
    pad = DigitPad(seven)
    told: list[dict[str, Any]] = []
    pad.observe(lambda change: told.append(change["new"]), names=["found"])
    pad.strokes = list(drawing.stored()["7"].strokes)
    assert len(told) == 1
    assert told[0]["digit"] == 7
    assert told[0]["words"].startswith("Read as 7, with a probability of 100 %.")
    assert told[0]["probabilities"][7] == 1
    assert json.loads(told[0]["payload"]) == {
        "values": [[round(float(value), 5) for value in pad.vector[0]]]
    }


def test_what_is_no_digit_is_said_kindly() -> None:
    pad = DigitPad(seven)
    assert pad.found == {"words": "Draw a digit, 0 to 9."}
    pad.strokes = [[[10, 10]]]
    assert pad.found == {
        "words": "That is a dot, no line. Draw a digit, larger or thinner.",
        "trouble": True,
    }
    with pytest.raises(drawing.DrawingError, match="dot"):
        _ = pad.vector
    pad.strokes = [[[float("nan"), 1]]]  # from a page gone wrong: told, not raised
    assert "finite" in pad.found["words"]
    pad.strokes = []
    assert pad.found == {"words": "Draw a digit, 0 to 9."}


def test_ink_at_the_edge_is_told() -> None:
    pad = DigitPad(strokes=[[[2, 40], [60, 50], [30, 200]]])
    assert pad.found["trouble"] is True
    assert "left edge" in pad.found["words"]


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(traitlets.TraitError):
        DigitPad(way="mine")
    with pytest.raises(traitlets.TraitError):
        DigitPad(pen=0)


def test_without_widgets_a_page_shows_words() -> None:
    assert repr(DigitPad()) == "Pad for drawing a digit; 0 strokes so far."
    assert repr(DigitPad(strokes=[[[1, 1]]])) == "Pad for drawing a digit; 1 stroke so far."


def test_it_loads_nothing_heavy() -> None:
    program = (
        "from course.widgets.digit_pad import DigitPad; from course import drawing; "
        "DigitPad(strokes=drawing.stored()['3'].strokes).close()"
    )
    assert loaded(program, *HEAVY, "sklearn") == []
