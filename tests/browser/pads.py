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

DIGITS = [str(digit) for digit in range(10)]
PAD_CODE = """from course import classifier
from course.widgets.digit_pad import DigitPad
pad = DigitPad(classifier.load().probabilities)
pad"""
COUNT_MESSAGES = """messages = []
handle = pad._handle_msg
pad.comm.on_msg(lambda m: (messages.append(m["content"]["data"]["method"]), handle(m)))"""
RUN_ALL = """await panel.sessionContext.ready;
await jupyterapp.commands.execute('notebook:run-all-cells');"""
RUN_IN_KERNEL = """
    const kernel = panel.sessionContext.session.kernel;
    const execution = kernel.requestExecute({ code: argument, store_history: false });
    let text = "";
    execution.onIOPub = ({ header, content }) => {
        if (header.msg_type === "stream") text += content.text;
        if (header.msg_type === "error") text += content.evalue;
    };
    await execution.done;
    return text;
"""
CELLS = ["title", "pad", "after"]
EMPTY = "Draw a digit, 0 to 9."
RunInKernel = Callable[[str], str]


def pad_notebook() -> NotebookNode:
    notebook = labs.lesson()
    notebook.cells = [
        new_markdown_cell("# A pad", id="title"),
        new_code_cell(PAD_CODE, id="pad"),
        new_code_cell("1 + 1", id="after"),
    ]
    return notebook


class Pad:
    """The pad on a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.root = page.locator(".digit-pad-widget:visible")
        self.canvas = self.root.locator(".pad-canvas")
        self.answer = self.root.locator(".pad-answer")
        self.words = self.root.locator(".pad-words")

    def wait_until_visible(self) -> None:
        expect(self.canvas).to_be_visible()
        self.canvas.scroll_into_view_if_needed()

    def clear(self) -> None:
        clear = self.root.get_by_role("button", name="Clear")
        if clear.is_enabled():
            clear.click()
        expect(self.words).to_have_text(EMPTY)
        self.canvas.scroll_into_view_if_needed()

    def box(self) -> FloatRect:
        box = self.canvas.bounding_box()
        assert box is not None
        return box

    def to_screen(self, point: list[float]) -> tuple[float, float]:
        box = self.box()
        scale = box["width"] / 280
        return box["x"] + point[0] * scale, box["y"] + point[1] * scale

    def draw(self, strokes: Strokes) -> None:
        mouse = self.page.mouse
        for stroke in strokes:
            first, *others = [self.to_screen(list(point)) for point in stroke]
            mouse.move(*first)
            mouse.down()
            for point in others:
                mouse.move(*point)
            mouse.up()

    def set_pen(self, width: float) -> None:
        self.root.get_by_label("Pen", exact=True).fill(f"{width:g}")

    def inked_pixels(self) -> int:
        """Count the pixels of the page's canvas that have ink."""
        script = """canvas => canvas.getContext('2d')
            .getImageData(0, 0, canvas.width, canvas.height).data
            .filter((value, i) => i % 4 === 3 && value > 127).length"""
        return int(self.canvas.evaluate(script))

    def shown_payload(self) -> list[float]:
        text = self.root.locator("pre").text_content()
        assert text is not None
        values: list[float] = json.loads(text)["values"][0]
        return values

    def expect_payload(self, values: list[float]) -> None:
        """Wait until the page shows this payload.

        The recognized digit alone says little: it may appear before the last stroke.
        """
        script = """([node, values]) =>
            JSON.stringify(JSON.parse(node.textContent).values[0]) === JSON.stringify(values)"""
        node = self.root.locator("pre").element_handle()
        self.page.wait_for_function(script, arg=[node, values])


def kernel_strokes(
    page: Page, run_in_kernel: RunInKernel, count: int, pen: float | None = None
) -> Strokes:
    """Wait until the kernel has this many strokes (and this pen); return them.

    While the kernel is busy the page holds its messages back, and code may overtake them.
    """
    strokes: Strokes = []

    def kernel_has_them() -> bool:
        nonlocal strokes
        code = "import json; print(json.dumps([pad.strokes, pad.pen]))"
        strokes, kernel_pen = json.loads(run_in_kernel(code))
        return len(strokes) == count and pen in {None, kernel_pen}

    labs.wait_until(page, kernel_has_them)
    return strokes


def expected_levels(strokes: Strokes, pen: float) -> np.typing.NDArray[np.float64]:
    """Return the gray levels, 0 to 255, that Python makes of these strokes."""
    preprocessed = drawing.preprocess(drawing.rasterise(strokes, pen=pen))
    levels: np.typing.NDArray[np.float64] = np.rint(255 * preprocessed.vector[0].astype(np.float64))
    return levels
