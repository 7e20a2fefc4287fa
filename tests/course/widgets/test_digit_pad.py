"""The digit pad preprocesses as `course.drawing` does, and sends one message per stroke."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import traitlets

from course import drawing
from course.widgets.digit_pad import DigitPad
from tests.course.imports import HEAVY, loaded


def always_seven(x: Any) -> Any:
    assert x.shape == (1, 784)
    return np.eye(10)[7][None]


def test_the_pad_has_the_same_results_as_the_pipeline() -> None:
    sample = drawing.stored()["7"]
    pad = DigitPad(strokes=sample.strokes, pen=sample.pen)
    expected = drawing.preprocess(sample.rgba)
    assert (pad.rgba == sample.rgba).all()
    assert (pad.vector == expected.vector).all()
    assert pad.payload == expected.payload("model")
    pad.deployment = "function"
    assert pad.payload == expected.payload("function")
    pad.way = "lecture"
    assert (pad.vector == drawing.preprocess(sample.rgba, "lecture").vector).all()


def test_the_page_gets_one_update_per_stroke() -> None:
    pad = DigitPad(always_seven)
    updates: list[dict[str, Any]] = []
    pad.observe(lambda change: updates.append(change["new"]), names=["found"])
    pad.strokes = list(drawing.stored()["7"].strokes)
    (update,) = updates
    assert update["digit"] == 7
    assert update["words"].startswith("Read as 7 with a probability of 100%.")
    assert update["probabilities"][7] == 1
    assert json.loads(update["payload"]) == {
        "values": [[round(float(value), 5) for value in pad.vector[0]]]
    }


def test_an_unreadable_drawing_is_explained() -> None:
    pad = DigitPad(always_seven)
    assert pad.found == {"words": "Draw a digit, 0 to 9."}
    pad.strokes = [[[10, 10]]]
    assert pad.found == {
        "words": "That is a dot, not a digit. Draw larger, or with a thinner pen.",
        "trouble": True,
    }
    with pytest.raises(drawing.DrawingError, match="dot"):
        _ = pad.vector
    pad.strokes = [[[float("nan"), 1]]]  # from a broken page: shown, not raised
    assert "finite" in pad.found["words"]
    pad.strokes = []
    assert pad.found == {"words": "Draw a digit, 0 to 9."}


def test_ink_at_the_edge_is_reported() -> None:
    pad = DigitPad(strokes=[[[2, 40], [60, 50], [30, 200]]])
    assert pad.found["trouble"] is True
    assert "left edge" in pad.found["words"]


def test_invalid_settings_are_rejected() -> None:
    with pytest.raises(traitlets.TraitError):
        DigitPad(way="mine")
    with pytest.raises(traitlets.TraitError):
        DigitPad(pen=0)


def test_the_fallback_text_without_widgets_counts_strokes() -> None:
    assert repr(DigitPad()) == "Pad for drawing a digit; 0 strokes so far."
    assert repr(DigitPad(strokes=[[[1, 1]]])) == "Pad for drawing a digit; 1 stroke so far."


def test_the_widget_loads_no_heavy_library() -> None:
    program = (
        "from course.widgets.digit_pad import DigitPad; from course import drawing; "
        "DigitPad(strokes=drawing.stored()['3'].strokes).close()"
    )
    assert loaded(program, *HEAVY, "sklearn") == []
