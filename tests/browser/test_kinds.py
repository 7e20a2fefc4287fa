"""Questions with fields in JupyterLab: a number, words, blanks, an order, a match."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from course.quiz import fields, kinds
from tests.browser import lab as labs
from tests.browser.lab import Lab, question
from tests.browser.servers import Server
from tests.kinds import KEYS, WRONG

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WriteLesson = Callable[..., Path]
ANSWERS = {
    "number": ["26,1"],
    "text": ["Logistic"],
    "blanks": ["784", "30", "decoder"],
    "order": ["2", "1", "3"],
    "match": ["B", "A", "A"],
}


@pytest.fixture
def field_keys(server: Server) -> Iterator[None]:
    source = server.root / "source"
    cells = [question(name, key, kind=name) for name, key in KEYS.items()]
    labs.write(labs.lesson(*cells), source / "01-fields" / "lesson.ipynb")
    yield
    shutil.rmtree(source)


def write_fields(write_lesson: WriteLesson) -> Path:
    return write_lesson(
        *(question(name, kinds.named(name).bare(key), kind=name) for name, key in KEYS.items())
    )


@pytest.mark.usefixtures("field_keys")
def test_each_kind_is_filled_in_with_the_keyboard_saved_and_checked(
    lab: Lab, write_lesson: WriteLesson
) -> None:
    path = write_fields(write_lesson)
    with lab.open(path) as lesson:
        for name, values in ANSWERS.items():
            node = lesson.scroll_to(name)
            controls = node.locator(".course-field")
            expect(controls).to_have_count(len(values))
            for index, value in enumerate(values):
                control = controls.nth(index)
                control.focus()
                if name in {"order", "match"}:
                    control.select_option(value)
                else:
                    lesson.page.keyboard.type(f"{value} ", delay=1)  # and stays in the field
                    expect(control).to_be_focused()
            lesson.wait_until_saved(name)
            node.get_by_role("button", name="Check").press("Enter")
            expect(node.locator(".course-message")).to_have_text("Correct.")
        expect(lesson.page.locator(".course-count:visible")).to_have_text("5 of 5 answered")
        for name, values in ANSWERS.items():
            found = [field.value for field in fields.parse(lesson.sources()[name])]
            assert found == values
        lesson.scroll_to("order").locator(".course-field").nth(2).select_option("2")
        lesson.wait_until_saved("order")
        found = [field.value for field in fields.parse(lesson.sources()["order"])]
        assert found == ["3", "1", "2"]  # two lines never have one place


@pytest.mark.usefixtures("field_keys")
def test_a_wrong_answer_gets_the_remark_on_it(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_fields(write_lesson)) as lesson:
        node = lesson.scroll_to("number")
        expect(node.locator(".course-state")).to_have_text("Not answered")
        node.get_by_role("textbox", name="Answer: … times").fill(WRONG["number"][0])
        node.get_by_role("button", name="Check").click()
        expect(node.locator(".course-message")).to_have_text("Not quite.")
        expect(node.locator(".course-because")).to_have_text("That is upside down.")
        blanks = lesson.scroll_to("blanks")
        blanks.locator(".course-field").first.fill("784")
        expect(blanks.locator(".course-state")).to_have_text("Incomplete: something is still empty")
        blanks.get_by_role("button", name="Clear").click()
        expect(blanks.locator(".course-state")).to_have_text("Not answered")
