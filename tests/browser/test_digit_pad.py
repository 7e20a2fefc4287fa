"""A learner draws on the digit pad, with every hand, in JupyterLab."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from course import drawing
from course.drawing.ink import Strokes
from tests.browser import lab as labs
from tests.browser.lab import PATIENCE, Lab, Lesson
from tests.browser.pads import ASK, CELLS, COUNT, DIGITS, Ask, Pad, expected, notebook
from tests.browser.test_digit_page import assert_axe_finds_nothing

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Iterator[Lesson]:
    path = labs.write(notebook(), lab.server.root / "pad" / "pad.ipynb")
    with lab.open(path) as opened:
        script = "await panel.sessionContext.ready;"
        opened.js(script + "await jupyterapp.commands.execute('notebook:run-all-cells')")
        Pad(opened.page).ready()
        yield opened


@pytest.fixture
def ask(lesson: Lesson) -> Ask:
    """Return a function that runs code in the kernel and returns what it prints."""
    return lambda code: str(lesson.js(ASK, code))


@pytest.fixture
def pad(lesson: Lesson, ask: Ask) -> Pad:
    found = Pad(lesson.page)
    found.clear()
    heard(ask, 0)  # or an answer to the drawing before could still come
    return found


def heard(ask: Ask, number: int, pen: float | None = None) -> Strokes:
    """The strokes that the kernel holds, once it has so many (and such a pen).

    The page tells them in its own time: while the kernel is busy it holds them back, and a
    question may overtake them.
    """
    for _ in range(100):
        held = json.loads(ask("import json; print(json.dumps([pad.strokes, pad.pen]))"))
        if len(held[0]) == number and pen in {None, held[1]}:
            break
        time.sleep(0.05)
    assert len(held[0]) == number
    assert pen in {None, held[1]}
    strokes: Strokes = held[0]
    return strokes


@pytest.mark.parametrize("name", DIGITS)
def test_a_digit_by_the_mouse(pad: Pad, ask: Ask, name: str) -> None:
    one = drawing.stored()[name]
    pad.take_pen(one.pen)
    heard(ask, 0, one.pen)  # for messages are counted from here
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


def test_a_digit_by_touch_and_a_second_finger_is_ignored(pad: Pad, ask: Ask) -> None:
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
    strokes = heard(ask, 1)
    expect(pad.answer).to_have_text("3", timeout=PATIENCE)
    assert np.array(strokes[0])[:, 0].min() > 60  # the second finger lay at 20
    grey = np.rint(255 * np.array(pad.sent()))
    assert (grey == expected(strokes, one.pen)).all()


def test_a_digit_by_the_pen(pad: Pad, ask: Ask) -> None:
    one = drawing.stored()["5"]
    pad.take_pen(one.pen)
    pad.canvas.evaluate(
        "node => node.addEventListener('pointerdown', e => { window.hand = e.pointerType; }, true)"
    )
    session = pad.page.context.new_cdp_session(pad.page)

    def pen(kind: str, point: tuple[float, float], buttons: int) -> None:
        event = {"type": kind, "x": point[0], "y": point[1], "button": "left", "clickCount": 1}
        session.send("Input.dispatchMouseEvent", event | {"buttons": buttons, "pointerType": "pen"})

    for stroke in one.strokes:
        first, *others = [pad.at(list(point)) for point in stroke]
        pen("mousePressed", first, 1)
        for point in others:
            pen("mouseMoved", point, 1)
        pen("mouseReleased", others[-1], 0)
    strokes = heard(ask, len(one.strokes))
    assert pad.page.evaluate("window.hand") == "pen"
    expect(pad.answer).to_have_text("5", timeout=PATIENCE)
    found = drawing.preprocess(drawing.rasterise(strokes, pen=one.pen))
    pad.show(found.payload()["values"][0])


def test_a_digit_by_the_keyboard(pad: Pad, lesson: Lesson) -> None:
    pad.take_pen(16)
    keys = pad.page.keyboard
    live = pad.root.locator(".pad-live")
    pad.canvas.focus()
    for key in [*["Home"] * 8, *["ArrowDown"] * 1]:
        keys.press(key)
    expect(pad.root.locator(".pad-cursor")).to_be_visible()
    expect(live).to_have_text("Pen at 27 percent across, 30 percent down.")
    keys.press("Space")
    expect(live).to_have_text("Pen down.")
    for key in [*["ArrowRight"] * 14, *["End"] * 6, *["ArrowDown"] * 8]:
        keys.press(key)
    keys.press("Space")
    expect(live).to_have_text("1 stroke drawn.")
    expect(pad.answer).to_have_text("7", timeout=PATIENCE)
    changing = ("Control+Backspace", "Control+Shift+M", "Control+Shift+ArrowUp", "Control+a")
    for key in ("d", "d", "x", "a", "b", "m", *changing):  # none of them reaches the notebook
        keys.press(key)
    assert lesson.js("return [...panel.model.cells].map(cell => cell.id)") == CELLS
    assert lesson.js("return content.selectedCells.length") == 1
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


def test_shift_enter_in_the_pad_runs_its_cell_and_moves_on(pad: Pad, lesson: Lesson) -> None:
    times = "return panel.model.cells.get(1).executionCount"
    before = lesson.js(times)
    pad.canvas.focus()
    pad.page.keyboard.press("Shift+Enter")
    pad.page.wait_for_function(
        "before => window.opened.model.cells.get(1).executionCount > before",
        arg=before,
        timeout=PATIENCE,
    )
    pad.ready()
    assert lesson.js("return content.activeCell.model.id") == "after"
    assert lesson.js("return [...panel.model.cells].map(cell => cell.id)") == CELLS


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])  # light it stays
def test_axe_finds_nothing_in_either_theme(pad: Pad, lesson: Lesson, theme: str) -> None:
    script = "await jupyterapp.commands.execute('apputils:change-theme', { theme: argument });"
    lesson.js(script, theme)
    page = pad.page
    page.wait_for_function(f"document.body.dataset.jpThemeName === {theme!r}", timeout=PATIENCE)
    pad.canvas.scroll_into_view_if_needed()
    assert_axe_finds_nothing(page, ".digit-pad-widget")  # empty
    pad.draw(drawing.stored()["8"].strokes)
    expect(pad.answer).to_have_text("8", timeout=PATIENCE)
    for summary in pad.root.locator("summary").all():
        summary.click()
    expect(pad.root.locator("pre")).to_be_visible()
    expect(pad.root).to_contain_text("The smallest box that holds all ink.")
    assert_axe_finds_nothing(page, ".digit-pad-widget")  # all of it
    for summary in pad.root.locator("summary").all():
        summary.click()
    expect(pad.root.locator(".pad-stale")).to_be_hidden()
    pad.clear()
    pad.draw([[[140, 140], [140.2, 140.2]]])
    expect(pad.words).to_contain_text("That is a dot")
    expect(pad.root.locator(".pad-stale")).to_be_visible()
    assert_axe_finds_nothing(page, ".digit-pad-widget")  # in trouble, with faint old pictures


def test_ink_appears_while_the_kernel_does_not_answer(pad: Pad, ask: Ask) -> None:
    # A busy cell would not do: JupyterLab lets widgets talk to a thread of their own beside it.
    kernel = int(ask("import os; print(os.getpid())"))
    os.kill(kernel, signal.SIGSTOP)
    try:
        pad.draw(drawing.stored()["1"].strokes)
        assert pad.ink() > 1000
        expect(pad.words).to_have_text("Draw a digit, 0 to 9.")  # it has not heard of it
    finally:
        os.kill(kernel, signal.SIGCONT)
    expect(pad.answer).to_have_text("1", timeout=PATIENCE)


def test_undo_clear_and_a_sample(pad: Pad) -> None:
    undo = pad.root.get_by_role("button", name="Undo")
    pad.root.get_by_label("Load a sample digit").select_option("8")
    expect(pad.answer).to_have_text("8", timeout=PATIENCE)
    pad.root.get_by_role("button", name="Clear").click()
    assert pad.ink() == 0
    expect(pad.canvas).to_be_focused()
    expect(pad.words).to_have_text("Draw a digit, 0 to 9.")
    undo.click()  # clearing can be undone, too
    expect(pad.answer).to_have_text("8", timeout=PATIENCE)
    pad.root.get_by_label("the lecture’s way").check()
    expect(pad.root.locator(".pad-strip li")).to_have_count(7)
    pad.root.get_by_label("MNIST’s way").check()
    expect(pad.root.locator(".pad-strip li")).to_have_count(9)


def test_undo_leaves_the_pen_that_was_chosen_by_hand(pad: Pad, ask: Ask) -> None:
    width = pad.root.get_by_label("Pen", exact=True)
    undo = pad.root.get_by_role("button", name="Undo")
    pad.take_pen(12)
    heard(ask, 0, 12)
    pad.draw(drawing.stored()["1"].strokes)
    heard(ask, 1, 12)
    pad.take_pen(30)
    heard(ask, 1, 30)
    undo.click()
    heard(ask, 0, 30)
    expect(width).to_have_value("30")
    # A sample brings its own pen; that is undone with it.
    pad.root.get_by_label("Load a sample digit").select_option("8")
    heard(ask, len(drawing.stored()["8"].strokes), drawing.stored()["8"].pen)
    undo.click()
    heard(ask, 0, 30)
    expect(width).to_have_value("30")


def test_it_takes_another_size_later_and_samples_fit_it(pad: Pad, ask: Ask) -> None:
    try:
        ask("pad.set_trait('width', 160); pad.set_trait('height', 200)")
        expect(pad.canvas).to_have_count(1)
        small = "node => Math.round(node.getBoundingClientRect().width) === 160"
        pad.page.wait_for_function(small, arg=pad.canvas.element_handle(), timeout=PATIENCE)
        assert pad.box()["height"] == pytest.approx(200, abs=1)
        pad.root.get_by_label("Load a sample digit").select_option("4")
        one = drawing.stored()["4"]
        pen = round(one.pen * 160 / 280, 1)
        strokes = heard(ask, len(one.strokes), pen)
        expected = np.concatenate([np.array(stroke) for stroke in one.strokes]) * 160 / 280
        found = np.concatenate([np.array(stroke) for stroke in strokes])
        assert np.abs(found - expected - [0, 20]).max() < 0.1  # in the middle, whole
        expect(pad.answer).to_have_text("4", timeout=PATIENCE)
        pad.show(json.loads(ask("print(json.dumps(pad.payload))"))["values"][0])
    finally:
        ask("pad.set_trait('width', 280); pad.set_trait('height', 280); pad.pen = 18.0")
        expect(pad.canvas).to_have_count(1)


def test_trouble_is_said_and_the_edge_is_told(pad: Pad) -> None:
    pad.draw([[[140, 140], [140.2, 140.2]]])
    expect(pad.words).to_have_text("That is a dot, no line. Draw a digit, larger or thinner.")
    pad.clear()
    pad.draw([[[1, 60], [60, 60], [30, 200]]])
    expect(pad.words).to_contain_text("The ink touches the left edge", timeout=PATIENCE)


def test_it_is_as_wide_as_there_is_room(pad: Pad, ask: Ask) -> None:
    pad.draw(drawing.stored()["4"].strokes)
    wide = pad.ink()
    heard(ask, 2)
    pad.root.evaluate("node => { node.style.width = '240px'; }")
    narrow = "([node]) => node.width < 240"
    pad.page.wait_for_function(narrow, arg=[pad.canvas.element_handle()], timeout=PATIENCE)
    assert 0 < pad.ink() < wide
    pad.clear()
    heard(ask, 0)
    pad.draw(drawing.stored()["4"].strokes)  # the same places on a smaller pad
    heard(ask, 2)
    expect(pad.answer).to_have_text("4", timeout=PATIENCE)
    pad.root.evaluate("node => { node.style.width = ''; }")
