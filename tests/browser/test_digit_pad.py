"""A learner draws on the digit pad, with every hand, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from playwright.sync_api import FloatRect, Page, expect

from course import drawing
from course.drawing.ink import Strokes
from tests.browser import lab as labs
from tests.browser.lab import PATIENCE, Lab, Lesson
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
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


def notebook() -> NotebookNode:
    nb = labs.lesson()
    nb.cells = [new_code_cell(CODE, id="pad")]
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


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Iterator[Lesson]:
    path = labs.write(notebook(), lab.server.root / "pad" / "pad.ipynb")
    with lab.open(path) as opened:
        script = "await panel.sessionContext.ready;"
        opened.js(script + "await jupyterapp.commands.execute('notebook:run-all-cells')")
        Pad(opened.page).ready()
        yield opened


@pytest.fixture
def pad(lesson: Lesson) -> Pad:
    found = Pad(lesson.page)
    found.clear()
    return found


@pytest.fixture
def ask(lesson: Lesson) -> Callable[[str], str]:
    """Return a function that runs code in the kernel and returns what it prints."""
    return lambda code: str(lesson.js(ASK, code))


def heard(ask: Callable[[str], str], number: int) -> Strokes:
    """The strokes that the kernel holds, once it has so many: the page tells it in its own time."""
    for _ in range(100):
        strokes: Strokes = json.loads(ask("import json; print(json.dumps(pad.strokes))"))
        if len(strokes) >= number:
            break
    return strokes


@pytest.mark.parametrize("name", DIGITS)
def test_a_digit_by_the_mouse(pad: Pad, ask: Callable[[str], str], name: str) -> None:
    one = drawing.stored()[name]
    pad.take_pen(one.pen)
    for _ in range(50):  # until the kernel has heard it, for its messages are counted from here
        if ask("print(f'{pad.pen:g}', len(pad.strokes))").split() == [f"{one.pen:g}", "0"]:
            break
    ask(COUNT)
    pad.draw(one.strokes)
    # The page shows what the kernel holds, and that is what Python makes of the pen's path.
    strokes = heard(ask, len(one.strokes))
    held = json.loads(ask("print(json.dumps(pad.payload))"))["values"][0]
    pad.show(held)
    expect(pad.answer).to_have_text(name, timeout=PATIENCE)
    assert (np.rint(255 * np.array(held)) == expected(strokes, one.pen)).all()
    # The path itself is the one that the mouse took, to a tenth of a pixel.
    assert [len(stroke) for stroke in strokes] == [len(stroke) for stroke in one.strokes]
    for seen, drawn in zip(strokes, one.strokes, strict=True):
        assert np.abs(np.array(seen) - np.array(drawn)).max() < 0.16
    # One message a stroke, however long it is.
    assert ask("print(*messages)").split() == ["update"] * len(one.strokes)


def test_a_digit_by_touch_and_a_second_finger_is_ignored(
    pad: Pad, ask: Callable[[str], str]
) -> None:
    one = drawing.stored()["3"]
    pad.take_pen(one.pen)
    session = pad.page.context.new_cdp_session(pad.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    path = [pad.at(list(point)) for point in one.strokes[0]]
    other = pad.at([20, 250])
    touch("touchStart", path[0])
    for point in path[1:10]:
        touch("touchMove", point)
    touch("touchStart", path[9], other)
    for point in path[10:]:
        touch("touchMove", point, other)
    touch("touchEnd", other)
    touch("touchEnd")
    expect(pad.answer).to_have_text("3", timeout=PATIENCE)
    strokes = json.loads(ask("import json; print(json.dumps(pad.strokes))"))
    assert len(strokes) == 1
    assert np.array(strokes[0])[:, 0].min() > 60  # the second finger lay at 20
    grey = np.rint(255 * np.array(pad.sent()))
    assert (grey == expected(strokes, one.pen)).all()


def test_a_digit_by_the_keyboard(pad: Pad, lesson: Lesson) -> None:
    pad.take_pen(16)
    keys = pad.page.keyboard
    live = pad.root.locator(".pad-live")
    pad.canvas.focus()
    for key in [*["Home"] * 8, *["ArrowDown"] * 1]:
        keys.press(key)
    expect(pad.root.locator(".pad-mark")).to_be_visible()
    expect(live).to_have_text("Pen at 27 percent across, 30 percent down.")
    keys.press("Space")
    expect(live).to_have_text("Pen down.")
    for key in [*["ArrowRight"] * 14, *["End"] * 6, *["ArrowDown"] * 8]:
        keys.press(key)
    keys.press("Space")
    expect(live).to_have_text("1 stroke drawn.")
    expect(pad.answer).to_have_text("7", timeout=PATIENCE)
    for key in ("d", "d", "x", "a", "b", "m"):  # none of them reaches the notebook
        keys.press(key)
    assert lesson.js("return panel.model.cells.length") == 1
    expect(pad.canvas).to_be_focused()
    keys.press("Backspace")
    expect(live).to_have_text("Undone. The pad is empty.")
    expect(pad.words).to_have_text("Draw a digit, 0 to 9.")


def test_saving_and_running_still_work_from_the_pad(pad: Pad, lesson: Lesson) -> None:
    lesson.js("panel.model.setMetadata('touched', Date.now())")
    assert lesson.js("return panel.context.model.dirty")
    pad.canvas.focus()
    pad.page.keyboard.press("Control+s")
    pad.page.wait_for_function("!window.opened.context.model.dirty", timeout=PATIENCE)


def test_ink_appears_while_the_kernel_is_busy(pad: Pad, lesson: Lesson, tmp_path: Path) -> None:
    one = drawing.stored()["1"]
    done = tmp_path / "done"
    wait = f"import os, time\nwhile not os.path.exists({str(done)!r}): time.sleep(0.01)"
    lesson.js(
        "panel.sessionContext.session.kernel.requestExecute({ code: argument }); return null", wait
    )
    pad.draw(one.strokes)
    assert pad.ink() > 1000
    assert not done.exists()
    done.touch()
    expect(pad.answer).to_have_text("1", timeout=PATIENCE)


def test_undo_clear_and_a_sample(pad: Pad) -> None:
    undo = pad.root.get_by_role("button", name="Undo")
    pad.root.get_by_label("Load a sample digit").select_option("8")
    expect(pad.answer).to_have_text("8", timeout=PATIENCE)
    pad.root.get_by_role("button", name="Clear").click()
    assert pad.ink() == 0
    expect(pad.canvas).to_be_focused()
    undo.click()  # clearing can be undone, too
    expect(pad.answer).to_have_text("8", timeout=PATIENCE)
    pad.root.get_by_label("the lecture’s way").check()
    expect(pad.root.locator(".pad-strip li")).to_have_count(7)
    pad.root.get_by_label("MNIST’s way").check()
    expect(pad.root.locator(".pad-strip li")).to_have_count(9)


def test_trouble_is_said_and_the_edge_is_told(pad: Pad) -> None:
    pad.draw([[[140, 140], [140.2, 140.2]]])
    expect(pad.words).to_have_text("That is a dot, no line. Draw a digit, larger or thinner.")
    pad.clear()
    pad.draw([[[1, 60], [60, 60], [30, 200]]])
    expect(pad.words).to_contain_text("The ink touches the left edge", timeout=PATIENCE)


def test_it_is_sharp_and_as_wide_as_there_is_room(pad: Pad) -> None:
    sharp = pad.page.evaluate("devicePixelRatio")
    assert pad.canvas.evaluate("node => node.width") == round(pad.box()["width"] * sharp)
    pad.draw(drawing.stored()["4"].strokes)
    wide = pad.ink()
    pad.root.evaluate("node => { node.style.width = '240px'; }")
    narrow = "([node]) => node.width < 240"
    pad.page.wait_for_function(narrow, arg=[pad.canvas.element_handle()], timeout=PATIENCE)
    assert 0 < pad.ink() < wide
    pad.clear()
    pad.draw(drawing.stored()["4"].strokes)  # the same places on a smaller pad
    expect(pad.answer).to_have_text("4", timeout=PATIENCE)
    pad.root.evaluate("node => { node.style.width = ''; }")


def test_in_notebook_7(page: Page, server: Server) -> None:
    path = labs.write(notebook(), server.root / "pad" / "seven.ipynb")
    page.goto(server.page("notebook", path.relative_to(server.root).as_posix()))
    page.locator(".jp-CodeCell .cm-content").first.click()
    pad = Pad(page)
    prompt = page.locator(".jp-InputPrompt").first
    for _ in range(20):  # what is asked before the kernel is there goes nowhere
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).not_to_have_text("[ ]:", timeout=2000)
            break
    pad.ready()
    one = drawing.stored()["2"]
    pad.take_pen(one.pen)
    pad.draw(one.strokes)
    expect(pad.answer).to_have_text("2", timeout=PATIENCE)
    grey = np.rint(255 * np.array(pad.sent()))
    assert np.abs(grey - expected(one.strokes, one.pen)).max() <= 12  # the mouse, to 0.1 pixels
    cells = page.locator(".jp-Cell").count()
    pad.canvas.focus()
    for key in ("d", "d", "x", "a", "b"):
        page.keyboard.press(key)
    expect(page.locator(".jp-Cell")).to_have_count(cells)
