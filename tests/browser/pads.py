"""A digit pad in a notebook, as a test sees and uses it."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import FloatRect, Page, expect

from course import drawing
from course.drawing.ink import Strokes
from tests.browser import lab as labs
from tests.browser.lab import PATIENCE

DIGITS = [str(digit) for digit in range(10)]
CODE = """from course import classifier
from course.widgets.digit_pad import DigitPad
pad = DigitPad(classifier.load().probabilities)
pad"""
COUNT = """messages = []
handle = pad._handle_msg
pad.comm.on_msg(lambda m: (messages.append(m["content"]["data"]["method"]), handle(m)))"""
ASK = """
    const kernel = panel.sessionContext.session.kernel;
    const asked = kernel.requestExecute({ code: argument, store_history: false });
    let text = "";
    asked.onIOPub = ({ header, content }) => {
        if (header.msg_type === "stream") text += content.text;
        if (header.msg_type === "error") text += content.evalue;
    };
    await asked.done;
    return text;
"""
CELLS = ["title", "pad", "after"]
Ask = Callable[[str], str]


def notebook() -> NotebookNode:
    nb = labs.lesson()
    title, after = new_markdown_cell("# A pad", id="title"), new_code_cell("1 + 1", id="after")
    nb.cells = [title, new_code_cell(CODE, id="pad"), after]
    return nb


class Pad:
    """The pad on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".digit-pad-widget:visible")
        self.canvas = self.root.locator(".pad-canvas")
        self.answer = self.root.locator(".pad-answer")
        self.words = self.root.locator(".pad-words")

    def ready(self) -> None:
        expect(self.canvas).to_be_visible(timeout=PATIENCE * 2)
        self.canvas.scroll_into_view_if_needed()

    def clear(self) -> None:
        clear = self.root.get_by_role("button", name="Clear")
        if clear.is_enabled():
            clear.click()
        expect(self.words).to_have_text("Draw a digit, 0 to 9.")
        self.canvas.scroll_into_view_if_needed()

    def box(self) -> FloatRect:
        found = self.canvas.bounding_box()
        assert found is not None
        return found

    def at(self, point: list[float]) -> tuple[float, float]:
        box = self.box()
        scale = box["width"] / 280
        return box["x"] + point[0] * scale, box["y"] + point[1] * scale

    def draw(self, strokes: Strokes) -> None:
        mouse = self.page.mouse
        for stroke in strokes:
            first, *others = [self.at(list(point)) for point in stroke]
            mouse.move(*first)
            mouse.down()
            for point in others:
                mouse.move(*point)
            mouse.up()

    def take_pen(self, width: float) -> None:
        self.root.get_by_label("Pen", exact=True).fill(f"{width:g}")

    def ink(self) -> int:
        """How many pixels of the canvas in the page have ink."""
        script = """canvas => canvas.getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height).data
            .filter((value, i) => i % 4 === 3 && value > 127).length"""
        return int(self.canvas.evaluate(script))

    def sent(self) -> list[float]:
        """The payload that the page shows."""
        text = self.root.locator("pre").text_content()
        assert text is not None
        values: list[float] = json.loads(text)["values"][0]
        return values

    def show(self, values: list[float]) -> None:
        """Wait until the payload that the page shows is this one.

        A digit may be recognised before its last stroke is there: the answer alone says nothing.
        """
        script = """([node, values]) =>
            JSON.stringify(JSON.parse(node.textContent).values[0]) === JSON.stringify(values)"""
        node = self.root.locator("pre").element_handle()
        self.page.wait_for_function(script, arg=[node, values], timeout=PATIENCE)


def expected(strokes: Strokes, pen: float) -> np.typing.NDArray[np.float64]:
    """The grey levels that Python makes of the same strokes."""
    found = drawing.preprocess(drawing.rasterise(strokes, pen=pen))
    grey: np.typing.NDArray[np.float64] = np.rint(255 * found.vector[0].astype(np.float64))
    return grey
