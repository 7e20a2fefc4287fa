"""A learner draws on the digit pad in JupyterLab: mouse, finger, pen, keyboard."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from course import drawing
from tests.browser import lab as labs
from tests.browser.axe import assert_accessible
from tests.browser.lab import Lab, Lesson
from tests.browser.pads import (
    CELLS,
    COUNT_MESSAGES,
    DIGITS,
    EMPTY,
    RUN_ALL,
    RUN_IN_KERNEL,
    Pad,
    RunInKernel,
    expected_levels,
    kernel_strokes,
    pad_notebook,
)

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Iterator[Lesson]:
    path = labs.write(pad_notebook(), lab.server.root / "pad" / "pad.ipynb")
    with lab.open(path) as opened:
        opened.js(RUN_ALL)
        Pad(opened.page).wait_until_visible()
        yield opened


@pytest.fixture
def run_in_kernel(lesson: Lesson) -> RunInKernel:
    """Return a function that runs code in the kernel and returns what it prints."""
    return lambda code: str(lesson.js(RUN_IN_KERNEL, code))


@pytest.fixture
def pad(lesson: Lesson, run_in_kernel: RunInKernel) -> Pad:
    pad = Pad(lesson.page)
    pad.clear()
    kernel_strokes(
        pad.page, run_in_kernel, 0
    )  # or an answer to the previous drawing could still arrive
    return pad


@pytest.mark.parametrize("name", DIGITS)
def test_a_digit_is_drawn_with_the_mouse(pad: Pad, run_in_kernel: RunInKernel, name: str) -> None:
    sample = drawing.stored()[name]
    pad.set_pen(sample.pen)
    kernel_strokes(pad.page, run_in_kernel, 0, sample.pen)  # before messages are counted
    run_in_kernel(COUNT_MESSAGES)
    pad.draw(sample.strokes)
    # The page shows the payload in the kernel, which is what Python makes of the strokes.
    strokes = kernel_strokes(pad.page, run_in_kernel, len(sample.strokes))
    payload = json.loads(run_in_kernel("print(json.dumps(pad.payload))"))["values"][0]
    pad.expect_payload(payload)
    expect(pad.answer).to_have_text(name)
    assert (np.rint(255 * np.array(payload)) == expected_levels(strokes, sample.pen)).all()
    # The strokes follow the mouse, to a tenth of a pixel.
    assert [len(stroke) for stroke in strokes] == [len(stroke) for stroke in sample.strokes]
    for stroke, drawn in zip(strokes, sample.strokes, strict=True):
        assert np.abs(np.array(stroke) - np.array(drawn)).max() < 0.16
    # One message per stroke, however long it is.
    assert run_in_kernel("print(*messages)").split() == ["update"] * len(sample.strokes)


def test_a_digit_is_drawn_with_a_finger_and_a_second_finger_is_ignored(
    pad: Pad, run_in_kernel: RunInKernel
) -> None:
    sample = drawing.stored()["3"]
    pad.set_pen(sample.pen)
    session = pad.page.context.new_cdp_session(pad.page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    path = [pad.to_screen(list(point)) for point in sample.strokes[0]]
    other = pad.to_screen([20, 250])
    touch("touchStart", path[0])
    for point in path[1:10]:
        touch("touchMove", point)
    touch("touchStart", path[9], other)
    for point in path[10:]:
        touch("touchMove", point, other)
    touch("touchEnd", other)
    touch("touchEnd")
    strokes = kernel_strokes(pad.page, run_in_kernel, 1)
    expect(pad.answer).to_have_text("3")
    assert np.array(strokes[0])[:, 0].min() > 60  # the second finger was at 20
    levels = np.rint(255 * np.array(pad.shown_payload()))
    assert (levels == expected_levels(strokes, sample.pen)).all()


def test_a_digit_is_drawn_with_a_pen(pad: Pad, run_in_kernel: RunInKernel) -> None:
    sample = drawing.stored()["5"]
    pad.set_pen(sample.pen)
    pad.canvas.evaluate(
        "node => node.addEventListener('pointerdown',"
        " event => { window.pointerType = event.pointerType; }, true)"
    )
    session = pad.page.context.new_cdp_session(pad.page)

    def pen(kind: str, point: tuple[float, float], buttons: int) -> None:
        event = {"type": kind, "x": point[0], "y": point[1], "button": "left", "clickCount": 1}
        session.send("Input.dispatchMouseEvent", event | {"buttons": buttons, "pointerType": "pen"})

    for stroke in sample.strokes:
        first, *others = [pad.to_screen(list(point)) for point in stroke]
        pen("mousePressed", first, 1)
        for point in others:
            pen("mouseMoved", point, 1)
        pen("mouseReleased", others[-1], 0)
    strokes = kernel_strokes(pad.page, run_in_kernel, len(sample.strokes))
    assert pad.page.evaluate("window.pointerType") == "pen"
    expect(pad.answer).to_have_text("5")
    preprocessed = drawing.preprocess(drawing.rasterise(strokes, pen=sample.pen))
    pad.expect_payload(preprocessed.payload()["values"][0])


def test_a_digit_is_drawn_with_the_keyboard(pad: Pad, lesson: Lesson) -> None:
    pad.set_pen(16)
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
    expect(pad.answer).to_have_text("7")
    shortcuts = ("Control+Backspace", "Control+Shift+M", "Control+Shift+ArrowUp", "Control+a")
    for key in ("d", "d", "x", "a", "b", "m", *shortcuts):  # none of them reaches the notebook
        keys.press(key)
    assert lesson.js("return [...panel.model.cells].map(cell => cell.id)") == CELLS
    assert lesson.js("return content.selectedCells.length") == 1
    expect(pad.canvas).to_be_focused()
    keys.press("Backspace")
    expect(live).to_have_text("Undone. The pad is empty.")
    expect(pad.words).to_have_text(EMPTY)


def test_the_shortcut_for_saving_works_in_the_pad(pad: Pad, lesson: Lesson) -> None:
    lesson.js("panel.model.setMetadata('touched', Date.now())")
    assert lesson.js("return panel.context.model.dirty")
    pad.canvas.focus()
    pad.page.keyboard.press("Control+s")
    pad.page.wait_for_function("!window.opened.context.model.dirty")


def test_shift_enter_in_the_pad_runs_its_cell_and_moves_on(pad: Pad, lesson: Lesson) -> None:
    count = "return panel.model.cells.get(1).executionCount"
    before = lesson.js(count)
    pad.canvas.focus()
    pad.page.keyboard.press("Shift+Enter")
    pad.page.wait_for_function(
        "before => window.opened.model.cells.get(1).executionCount > before",
        arg=before,
    )
    pad.wait_until_visible()
    assert lesson.js("return content.activeCell.model.id") == "after"
    assert lesson.js("return [...panel.model.cells].map(cell => cell.id)") == CELLS


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])  # ends with light
def test_the_pad_is_accessible_in_either_theme(pad: Pad, lesson: Lesson, theme: str) -> None:
    script = "await jupyterapp.commands.execute('apputils:change-theme', { theme: argument });"
    lesson.js(script, theme)
    page = pad.page
    page.wait_for_function(f"document.body.dataset.jpThemeName === {theme!r}")
    pad.canvas.scroll_into_view_if_needed()
    assert_accessible(page, ".digit-pad-widget")  # empty
    pad.draw(drawing.stored()["8"].strokes)
    expect(pad.answer).to_have_text("8")
    for summary in pad.root.locator("summary").all():
        summary.click()
    expect(pad.root.locator("pre")).to_be_visible()
    expect(pad.root).to_contain_text("The smallest box around the ink.")
    assert_accessible(page, ".digit-pad-widget")  # with everything open
    for summary in pad.root.locator("summary").all():
        summary.click()
    expect(pad.root.locator(".pad-stale")).to_be_hidden()
    pad.clear()
    pad.draw([[[140, 140], [140.2, 140.2]]])
    expect(pad.words).to_contain_text("That is a dot")
    expect(pad.root.locator(".pad-stale")).to_be_visible()
    assert_accessible(page, ".digit-pad-widget")  # with an error and faded old pictures


def test_ink_appears_while_the_kernel_is_stopped(pad: Pad, run_in_kernel: RunInKernel) -> None:
    # A busy cell is not enough: widgets use a subshell, a separate thread of the kernel.
    kernel = int(run_in_kernel("import os; print(os.getpid())"))
    os.kill(kernel, signal.SIGSTOP)
    try:
        pad.draw(drawing.stored()["1"].strokes)
        assert pad.inked_pixels() > 1000
        expect(pad.words).to_have_text(EMPTY)  # the kernel knows nothing yet
    finally:
        os.kill(kernel, signal.SIGCONT)
    expect(pad.answer).to_have_text("1")


def test_clearing_a_sample_can_be_undone(pad: Pad) -> None:
    undo = pad.root.get_by_role("button", name="Undo")
    pad.root.get_by_label("Load a sample digit").select_option("8")
    expect(pad.answer).to_have_text("8")
    pad.root.get_by_role("button", name="Clear").click()
    assert pad.inked_pixels() == 0
    expect(pad.canvas).to_be_focused()
    expect(pad.words).to_have_text(EMPTY)
    undo.click()
    expect(pad.answer).to_have_text("8")
    pad.root.get_by_label("the lecture’s way").check()
    expect(pad.root.locator(".pad-strip li")).to_have_count(7)
    pad.root.get_by_label("MNIST’s way").check()
    expect(pad.root.locator(".pad-strip li")).to_have_count(9)


def test_undo_keeps_a_pen_that_was_chosen_by_hand(pad: Pad, run_in_kernel: RunInKernel) -> None:
    width = pad.root.get_by_label("Pen", exact=True)
    undo = pad.root.get_by_role("button", name="Undo")
    pad.set_pen(12)
    kernel_strokes(pad.page, run_in_kernel, 0, 12)
    pad.draw(drawing.stored()["1"].strokes)
    kernel_strokes(pad.page, run_in_kernel, 1, 12)
    pad.set_pen(30)
    kernel_strokes(pad.page, run_in_kernel, 1, 30)
    undo.click()
    kernel_strokes(pad.page, run_in_kernel, 0, 30)
    expect(width).to_have_value("30")
    # A sample has its own pen, which is undone with it.
    pad.root.get_by_label("Load a sample digit").select_option("8")
    kernel_strokes(
        pad.page, run_in_kernel, len(drawing.stored()["8"].strokes), drawing.stored()["8"].pen
    )
    undo.click()
    kernel_strokes(pad.page, run_in_kernel, 0, 30)
    expect(width).to_have_value("30")


def test_the_size_can_change_and_samples_are_scaled_to_it(
    pad: Pad, run_in_kernel: RunInKernel
) -> None:
    try:
        run_in_kernel("pad.set_trait('width', 160); pad.set_trait('height', 200)")
        expect(pad.canvas).to_have_css("width", "160px")
        assert pad.box()["height"] == pytest.approx(200, abs=1)
        pad.root.get_by_label("Load a sample digit").select_option("4")
        sample = drawing.stored()["4"]
        pen = round(sample.pen * 160 / 280, 1)
        strokes = kernel_strokes(pad.page, run_in_kernel, len(sample.strokes), pen)
        expected = np.concatenate([np.array(stroke) for stroke in sample.strokes]) * 160 / 280
        loaded = np.concatenate([np.array(stroke) for stroke in strokes])
        assert np.abs(loaded - expected - [0, 20]).max() < 0.1  # centered
        expect(pad.answer).to_have_text("4")
        pad.expect_payload(json.loads(run_in_kernel("print(json.dumps(pad.payload))"))["values"][0])
    finally:
        run_in_kernel("pad.set_trait('width', 280); pad.set_trait('height', 280); pad.pen = 18.0")
        expect(pad.canvas).to_have_css("width", "280px")


def test_problems_of_a_drawing_are_described(pad: Pad) -> None:
    pad.draw([[[140, 140], [140.2, 140.2]]])
    expect(pad.words).to_have_text(
        "That is a dot, not a digit. Draw larger, or with a thinner pen."
    )
    pad.clear()
    pad.draw([[[1, 60], [60, 60], [30, 200]]])
    expect(pad.words).to_contain_text("The ink touches the left edge")


def test_the_pad_shrinks_to_the_available_width(pad: Pad, run_in_kernel: RunInKernel) -> None:
    pad.draw(drawing.stored()["4"].strokes)
    wide = pad.inked_pixels()
    kernel_strokes(pad.page, run_in_kernel, 2)
    pad.root.evaluate("node => { node.style.width = '240px'; }")
    narrow = "([node]) => node.width < 240"
    pad.page.wait_for_function(narrow, arg=[pad.canvas.element_handle()])
    assert 0 < pad.inked_pixels() < wide
    pad.clear()
    kernel_strokes(pad.page, run_in_kernel, 0)
    pad.draw(drawing.stored()["4"].strokes)  # the same strokes on a smaller pad
    kernel_strokes(pad.page, run_in_kernel, 2)
    expect(pad.answer).to_have_text("4")
    pad.root.evaluate("node => { node.style.width = ''; }")
