"""A learner collects digits of their own, with the mouse and with the keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, expect

from course import drawing
from tests.browser import lab as labs
from tests.browser.axe import assert_accessible
from tests.browser.lab import Lab, Lesson
from tests.browser.pads import RUN_ALL, RUN_IN_KERNEL

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
CODE = """from course.widgets.digit_collection import DigitCollection
collection = DigitCollection(per_digit=1)
collection"""
ASKED = "print(*collection.asked)"
KEPT = "print([digit for digit, _ in collection.kept])"


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Iterator[Lesson]:
    nb = labs.lesson()
    nb.cells = [new_code_cell(CODE, id="collect")]
    path = labs.write(nb, lab.server.root / "collection" / "collection.ipynb")
    with lab.open(path) as opened:
        opened.js(RUN_ALL)
        yield opened


def test_drawings_are_asked_for_kept_and_taken_back(lesson: Lesson) -> None:
    page = lesson.page
    root = page.locator(".digit-collection:visible")
    canvas = root.locator(".pad-canvas")
    keep = root.get_by_role("button", name="Keep it")
    back = root.get_by_role("button", name="Take back the last")
    expect(root).to_contain_text("Drawing 1 of 10: please draw a")
    asked = [
        int(digit) for digit in str(lesson.js(RUN_IN_KERNEL, "print(*collection.asked)")).split()
    ]
    expect(root.locator(".pad-answer")).to_have_text(str(asked[0]))
    expect(keep).to_be_disabled()
    expect(back).to_be_disabled()
    assert_accessible(page, ".digit-collection")

    canvas.scroll_into_view_if_needed()
    draw_with_mouse(canvas, str(asked[0]))
    keep.click()
    expect(root).to_contain_text("Drawing 2 of 10")
    expect(root.locator(".pad-answer")).to_have_text(str(asked[1]))
    assert str(lesson.js(RUN_IN_KERNEL, KEPT)).strip() == f"[{asked[0]}]"

    # By keyboard, from the canvas, where the focus is now: a dot is refused, a line is kept.
    expect(canvas).to_be_focused()
    for key in ("Space", "Space"):
        page.keyboard.press(key)
    keep.press("Enter")
    expect(root.locator(".pad-words")).to_contain_text("a dot")
    expect(root).to_contain_text("Drawing 2 of 10")
    canvas.focus()
    page.keyboard.press("Space")
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    keep.press("Enter")
    expect(root).to_contain_text("Drawing 3 of 10")
    expect(root.locator(".pad-words")).to_have_text("")
    back.press("Enter")
    expect(root).to_contain_text("Drawing 2 of 10")
    assert str(lesson.js(RUN_IN_KERNEL, KEPT)).strip() == f"[{asked[0]}]"
    for key in ("d", "d"):  # would delete the cell
        back.press(key)
    assert lesson.js("return panel.content.widgets.length") == 1


def draw_with_mouse(canvas: Locator, name: str) -> None:
    sample = drawing.stored()[name]
    box = canvas.bounding_box()
    assert box is not None
    scale = box["width"] / sample.width
    mouse = canvas.page.mouse
    for stroke in sample.strokes:
        points = [(box["x"] + scale * x, box["y"] + scale * y) for x, y in stroke]
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point)
        mouse.up()
