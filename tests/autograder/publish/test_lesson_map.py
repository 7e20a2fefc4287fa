"""The map of the course is written from the lessons' headers, so a new lesson needs no code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.publish import lesson_map
from autograder.publish.cell_roles import AuthoringError

COURSE = Path(__file__).resolve().parents[3]
HEADER = "---\nlesson:\n  needs: Lesson 1\n  gives: count to ten\n---\n\n"
BODY = "# Counting\n\nReading and solving\ntake 20 to 30 minutes.\n"


def test_the_map_is_current() -> None:
    before = (COURSE / lesson_map.MAP).read_bytes()
    assert lesson_map.write(COURSE) == [], "run `make build`"
    assert (COURSE / lesson_map.MAP).read_bytes() == before


def test_a_new_lesson_appears_on_the_map(tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    for name, text in {"01-count": HEADER + BODY, "02-other": BODY}.items():
        path = tmp_path / "source" / name / "text.md"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    assert lesson_map.write(tmp_path) == [tmp_path / lesson_map.MAP]
    entry = {"name": "01-count", "title": "Counting", "minutes": [20, 30]}
    entry |= {"needs": "Lesson 1", "gives": "count to ten"}
    assert json.loads((tmp_path / lesson_map.MAP).read_text(encoding="utf-8")) == [entry]
    assert lesson_map.write(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            HEADER.replace("gives", "give") + BODY,
            r"`lesson` in the header must hold needs and gives",
        ),
        (HEADER + BODY.replace("# C", "C"), r"the map needs a heading"),
        (HEADER + BODY.replace("minutes", "hours"), r"a sentence such as 'Reading"),
    ],
)
def test_an_incomplete_header_names_what_is_missing(text: str, message: str) -> None:
    with pytest.raises(AuthoringError, match=message):
        lesson_map.read(text, "count.md")
