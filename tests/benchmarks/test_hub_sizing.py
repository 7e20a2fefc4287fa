"""The page on what a student costs a hub covers every lesson."""

from __future__ import annotations

from benchmarks import hub_sizing_page
from benchmarks.hub_sizing import lesson_names


def test_every_lesson_is_on_the_page() -> None:
    assert list(hub_sizing_page.read().lessons) == ["none", *lesson_names()]


def test_a_page_that_was_read_is_written_again_unchanged() -> None:
    text = hub_sizing_page.TABLE.read_text(encoding="utf-8")
    again = hub_sizing_page.page(hub_sizing_page.read())
    assert again.partition("| | |")[2].partition("| class |")[0] in text
