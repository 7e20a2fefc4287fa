"""The collection keeps drawings that show a digit, each with the digit that was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from course import drawing
from course.widgets.digit_collection import DigitCollection


def draw(collection: DigitCollection, name: str) -> None:
    """Send a stored drawing as the next one, as the page does."""
    sample = drawing.stored()[name]
    digit = collection.asked[len(collection.drawings)]
    number = collection.candidate.get("number", 0) + 1
    collection.candidate = {
        "digit": digit,
        "strokes": sample.strokes,
        "pen": sample.pen,
        "number": number,
    }


def test_each_digit_is_asked_for_equally_often_and_not_in_order() -> None:
    collection = DigitCollection()
    assert sorted(collection.asked) == sorted("00112233445566778899")
    assert collection.asked != sorted(collection.asked)
    assert collection.asked == DigitCollection().asked  # also after a restart
    assert collection.asked != DigitCollection(seed=1).asked


def test_drawings_are_kept_until_all_are_there() -> None:
    collection = DigitCollection(per_digit=1)
    for name in collection.asked:
        draw(collection, name)
    assert [digit for digit, _ in collection.kept] == [int(name) for name in collection.asked]
    for digit, canvas in collection.kept:
        assert (canvas == drawing.stored()[str(digit)].rgba).all()
    collection.candidate = {**collection.candidate, "number": 99}
    assert len(collection.kept) == 10
    assert repr(collection) == "Pad that collects digits; 10 of 10 kept so far."


def test_a_drawing_that_is_no_digit_is_explained_and_not_kept() -> None:
    collection = DigitCollection()
    draw(collection, "dot")
    assert "That is a dot" in collection.message
    draw(collection, collection.asked[0])
    draw(collection, collection.asked[0])  # the same drawing again, for another digit
    assert (collection.message, len(collection.kept)) == ("", 2)


def test_the_picture_shows_the_stored_digits_and_then_ones_own() -> None:
    collection = DigitCollection()
    assert "Asked for: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9." in collection.picture().alt
    draw(collection, collection.asked[0])
    assert f"Asked for: {collection.asked[0]}." in collection.picture().alt


@pytest.mark.parametrize("count", [0, 11, -1])
def test_a_wrong_count_is_rejected(count: int) -> None:
    with pytest.raises(ValueError, match=f"per_digit must be from 1 to 10, got {count}"):
        DigitCollection(per_digit=count)


def test_the_lesson_reads_what_was_kept_both_ways() -> None:
    """Prepared in the lecture's way, more of ten drawings are misread."""
    from course import classifier

    net = classifier.load()
    collection = DigitCollection(per_digit=1)
    for name in collection.asked:
        draw(collection, name)
    digits = np.array([digit for digit, _ in collection.kept])
    right = [
        (
            net.probabilities(
                np.concatenate([drawing.preprocess(c, way).vector for _, c in collection.kept])
            ).argmax(axis=1)
            == digits
        ).mean()
        for way in ("mnist", "lecture")
    ]
    assert right[0] == 1 > right[1]
