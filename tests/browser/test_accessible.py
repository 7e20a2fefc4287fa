"""The questions are accessible: screen readers, zoom, dark theme, reduced motion, RTL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from course import quiz
from tests.browser.axe import assert_accessible
from tests.browser.lab import Lab, option
from tests.browser.servers import COURSE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WriteLesson = Callable[..., Path]
IS_FOCUSED = "node => node === document.activeElement"
PARTS = (".course-question", ".course-progress")


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    def change(name: str) -> None:
        script = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
        lab.page.evaluate(script, name)
        lab.page.wait_for_function(f"document.body.dataset.jpThemeName === {name!r}")

    change(request.param)
    yield request.param
    change("JupyterLab Light")


@pytest.mark.usefixtures("answer_keys")
def test_questions_are_accessible_in_every_state(
    lab: Lab, write_lesson: WriteLesson, theme: str
) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.scroll_to("kind")
        expect(lesson.page.locator(".course-question mjx-container")).to_have_count(2)
        assert_accessible(lesson.page, *PARTS)  # not answered
        for name, options in {"kind": [0], "sizes": [0, 2], "guess": [1], "rtl": [1]}.items():
            lesson.tick(name, options)
        assert_accessible(lesson.page, *PARTS)  # answered, perhaps not saved yet
        for name in ("kind", "sizes", "rtl"):
            lesson.wait_until_saved(name)
            lesson.question(name).get_by_role("button", name="Check").click()
            message = lesson.question(name).locator(".course-message")
            expect(message).to_be_visible()
        expect(lesson.question("kind").locator("[data-verdict=wrong]")).to_be_visible()
        expect(lesson.question("rtl").locator("[data-verdict=right]")).to_be_visible()
        assert_accessible(lesson.page, *PARTS)  # right and wrong
        many = "Which?\n- [x] this\n- [x] that\n"
        lesson.js("panel.model.cells.get(1).sharedModel.setSource(argument)", many)
        expect(lesson.question("kind").locator(".course-state")).to_have_text("Choose only one")
        assert_accessible(lesson.page, *PARTS)  # two ticks where one is allowed
        lesson.js("panel.model.cells.get(1).setMetadata('editable', false)")
        option(lesson.question("kind"), 1).locator(".course-text").hover()
        assert_accessible(lesson.page, *PARTS)
        assert theme == lesson.page.evaluate("document.body.dataset.jpThemeName")


def test_options_are_named_by_their_rendered_text(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        kind = lesson.scroll_to("kind")
        group = kind.get_by_role("group", name="What is the difference between autoencoders")
        expect(group).to_have_accessible_description("Choose one.")
        for index, text in enumerate(
            [
                "Autoencoders are used for supervised learning.",
                "Autoencoders use a deterministic approach, but RBMs use a stochastic approach.",
                "There is no difference in code, is there?",
            ]
        ):
            row = option(kind, index)
            expect(row.get_by_role("radio")).to_have_accessible_name(text)
            expect(row.locator(".course-text")).to_have_text(text)
        sizes = lesson.scroll_to("sizes")
        expect(sizes.get_by_role("group")).to_have_accessible_description("Choose all that apply.")
        expect(option(sizes, 2).get_by_role("checkbox")).to_have_accessible_name("a single bit")
        formula = option(sizes, 0)
        expect(formula.get_by_role("checkbox")).to_have_accessible_name(
            "z ∈ R 30"
        )  # MathJax's text for screen readers
        expect(formula.locator("mjx-container")).to_have_count(1)


def test_a_lesson_is_answered_with_the_keyboard_alone(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        keyboard = lesson.page.keyboard
        lesson.scroll_to("kind").get_by_role("radio").first.focus()
        keyboard.press("ArrowDown")  # in a native group, arrow keys choose
        chosen = lesson.question("kind").get_by_role("radio").nth(1)
        expect(chosen).to_be_checked()
        keyboard.press("Tab")
        if lesson.question("kind").get_by_role("link").evaluate(IS_FOCUSED):
            keyboard.press("Tab")  # the link in an option, unless it is further up
        for button in ("Check", "Clear"):
            expect(lesson.question("kind").get_by_role("button", name=button)).to_be_focused()
            keyboard.press("Tab")
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()
        keyboard.press("Space")
        keyboard.press("Tab")
        keyboard.press("Tab")
        keyboard.press("Space")
        lesson.wait_until_saved("sizes")
        for name, places in {"kind": [1], "sizes": [0, 2]}.items():
            boxes = lesson.question(name).locator(".course-option")
            indices = {int(boxes.nth(place).get_attribute("data-index") or -1) for place in places}
            options = quiz.parse(lesson.sources()[name]).options
            assert {index for index, text in enumerate(options) if text.ticked} == indices


def box(locator: Locator) -> FloatRect:
    box = locator.bounding_box()
    assert box is not None
    return box


def test_boxes_of_right_to_left_text_are_on_the_right(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        rtl = lesson.scroll_to("rtl")
        radio, text = rtl.get_by_role("radio").first, rtl.locator(".course-text p").first
        assert box(radio)["x"] > box(text)["x"] + box(text)["width"]
        assert text.evaluate("node => getComputedStyle(node).direction") == "rtl"
        start = text.evaluate(
            """node => { const range = document.createRange(); range.selectNodeContents(node);
            return node.getBoundingClientRect().right - range.getBoundingClientRect().right; }"""
        )
        assert start < 2  # the text starts at the right edge
        ltr = lesson.scroll_to("kind")
        radio, text = ltr.get_by_role("radio").first, ltr.locator(".course-text").first
        assert box(radio)["x"] < box(text)["x"]


def test_nothing_is_cut_off_at_200_percent_zoom(lab: Lab, write_lesson: WriteLesson) -> None:
    """Zooming to 200% halves the window in CSS pixels: 1280 x 900 becomes 640 x 450."""
    page = lab.page
    with lab.open(write_lesson()) as lesson:
        page.set_viewport_size({"width": 640, "height": 450})
        try:
            kind = lesson.scroll_to("kind")
            for part in [kind, *kind.locator(".course-option").all()]:
                assert part.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
                assert box(part)["x"] + box(part)["width"] <= 640
            lesson.tick("kind", [2])
            bar = page.locator(".course-progress:visible")
            assert bar.evaluate("node => node.scrollHeight <= node.clientHeight + 1")
            page.get_by_role("button", name="Next unanswered question").click()
            expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_in_viewport()
        finally:
            page.set_viewport_size({"width": 1280, "height": 900})


@pytest.mark.parametrize("size", [(640, 450), (480, 900)], ids=["200 percent", "480 px"])
def test_a_lesson_fits_a_small_window(lab: Lab, size: tuple[int, int]) -> None:
    """Wide tables, code and formulas scroll by themselves; the page doesn't."""
    (release,) = (COURSE.parent / "release" / "04-architecture").glob("*.ipynb")
    path = Path(lab.server.root, "small", release.name)
    path.parent.mkdir(exist_ok=True)
    shutil.copy(release, path)
    cut_off = """
        const scrolls = node => node && node !== cell.node
            && (['auto', 'scroll'].includes(getComputedStyle(node).overflowX)
                || scrolls(node.parentElement));
        const page = content.node.querySelector('.jp-WindowedPanel-outer') ?? content.node;
        const found = [];
        var cell;
        for (let i = 0; i < content.widgets.length; i += 1) {
            cell = content.widgets[i];
            await content.scrollToItem(i);
            await cell.ready;
            await new Promise(requestAnimationFrame);
            const { right } = page.getBoundingClientRect();
            for (const node of cell.node.querySelectorAll('.jp-RenderedMarkdown *')) {
                if (node.closest('mjx-assistive-mml')) continue;
                const isOut = node.getBoundingClientRect().right > right + 1;
                if (isOut && !scrolls(node)) found.push([i, node.outerHTML.slice(0, 200)]);
            }
        }
        return found;
    """
    with lab.open(path) as lesson:
        page = lab.page
        page.set_viewport_size({"width": size[0], "height": size[1]})
        try:
            assert lesson.js(cut_off) == []
            bar = page.locator(".course-progress:visible")
            assert bar.evaluate("node => node.scrollHeight <= node.clientHeight + 1")
            assert bar.evaluate("node => node.scrollWidth <= node.clientWidth + 1")
        finally:
            page.set_viewport_size({"width": 1280, "height": 900})


def test_transitions_are_off_with_reduced_motion(lab: Lab, write_lesson: WriteLesson) -> None:
    with lab.open(write_lesson()) as lesson:
        row = lesson.scroll_to("kind").locator(".course-option").first
        duration = "node => getComputedStyle(node).transitionDuration"
        assert row.evaluate(duration) != "0s"
        lesson.page.emulate_media(reduced_motion="reduce")
        assert row.evaluate(duration) == "0s"
        lesson.page.emulate_media(reduced_motion="no-preference")


def test_the_focus_is_visible(lab: Lab, write_lesson: WriteLesson, theme: str) -> None:
    with lab.open(write_lesson()) as lesson:
        lesson.scroll_to("kind").get_by_role("radio").first.focus()
        lesson.page.keyboard.press("Space")
        styles = lesson.page.evaluate(
            "(({ outlineStyle, outlineWidth }) => [outlineStyle, outlineWidth])"
            "(getComputedStyle(document.activeElement))"
        )
        assert styles == ["solid", "2px"], theme
