"""The questions for everybody: screen reader, zoom, dark theme, still pages, right to left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.lab import PATIENCE, Lab, Lesson

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
Make = Callable[..., Path]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(params=["JupyterLab Light", "JupyterLab Dark"])
def theme(request: pytest.FixtureRequest, lab: Lab) -> Iterator[str]:
    def change(name: str) -> None:
        script = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
        lab.page.evaluate(script, name)
        lab.page.wait_for_function(f"document.body.dataset.jpThemeName === {name!r}")

    change(request.param)
    yield request.param
    change("JupyterLab Light")


def assert_axe_finds_nothing(lesson: Lesson) -> None:
    page = lesson.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
        # JupyterLab's body has no height of its own, so axe would take all in it for hidden.
        page.evaluate("document.body.style.blockSize = '100vh'")
    found: dict[str, Any] = page.evaluate(
        "axe.run({ include: [['.course-question'], ['.course-progress']] })"
    )
    grave = [
        (one["id"], node["html"], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
    assert not grave
    assert {"color-contrast", "button-name"} <= {one["id"] for one in found["passes"]}


@pytest.mark.usefixtures("keys")
def test_axe_finds_nothing_in_any_state(lab: Lab, make: Make, theme: str) -> None:
    with lab.open(make()) as lesson:
        lesson.bring("kind")
        expect(lesson.page.locator(".course-question mjx-container")).to_have_count(2)
        assert_axe_finds_nothing(lesson)  # nothing answered
        for name, options in {"kind": [0], "sizes": [0, 2], "guess": [1], "rtl": [1]}.items():
            lesson.tick(name, options)
        assert_axe_finds_nothing(lesson)  # answered, perhaps not yet saved
        for name in ("kind", "sizes", "rtl"):
            lesson.saved(name)
            lesson.question(name).get_by_role("button", name="Check").click()
            message = lesson.question(name).locator(".course-message")
            expect(message).to_be_visible(timeout=PATIENCE)
        expect(lesson.question("kind").locator("[data-verdict=wrong]")).to_be_visible()
        expect(lesson.question("rtl").locator("[data-verdict=right]")).to_be_visible()
        assert_axe_finds_nothing(lesson)  # right and wrong
        many = "Which?\n- [x] this\n- [x] that\n"
        lesson.js("panel.model.cells.get(1).sharedModel.setSource(argument)", many)
        expect(lesson.question("kind").locator(".course-state")).to_have_text("Choose only one")
        assert_axe_finds_nothing(lesson)  # two ticks where one may be
        lesson.js("panel.model.cells.get(1).setMetadata('editable', false)")
        lesson.question("kind").locator(".course-text").nth(1).hover()
        assert_axe_finds_nothing(lesson)
        assert theme == lesson.page.evaluate("document.body.dataset.jpThemeName")


def test_names_are_the_rendered_text(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        kind = lesson.bring("kind")
        group = kind.get_by_role("group", name="What is the difference between autoencoders")
        expect(group).to_have_accessible_description("Choose one.")
        for name, text in enumerate(
            [
                "Autoencoders are used for supervised learning.",
                "Autoencoders use a deterministic approach, but RBMs use a stochastic approach.",
                "There is no difference in code, is there?",
            ]
        ):
            box = kind.get_by_role("radio").nth(name)
            expect(box).to_have_accessible_name(text)
            expect(kind.locator(".course-text").nth(name)).to_have_text(text)
        sizes = lesson.bring("sizes")
        expect(sizes.get_by_role("group")).to_have_accessible_description("Choose all that apply.")
        expect(sizes.get_by_role("checkbox").nth(2)).to_have_accessible_name("a single bit")
        formula = sizes.get_by_role("checkbox").nth(0)
        expect(formula).to_have_accessible_name("z ∈ R 30")  # MathJax's words for screen readers
        expect(sizes.locator(".course-text").nth(0).locator("mjx-container")).to_have_count(1)


def test_a_whole_lesson_by_keyboard_alone(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        keyboard = lesson.page.keyboard
        lesson.bring("kind").get_by_role("radio").first.focus()
        keyboard.press("ArrowDown")  # a native group: arrows choose
        keyboard.press("Tab")  # the second option's group is left, but its link is not first
        keyboard.press("Tab")
        for button in ("Check", "Clear"):
            expect(lesson.question("kind").get_by_role("button", name=button)).to_be_focused()
            keyboard.press("Tab")
        expect(lesson.question("sizes").get_by_role("checkbox").first).to_be_focused()
        keyboard.press("Space")
        keyboard.press("Tab")
        keyboard.press("Tab")
        keyboard.press("Space")
        lesson.saved("sizes")
        assert "- [x] $z" in lesson.sources()["sizes"]
        assert "- [x] a single bit" in lesson.sources()["sizes"]
        assert "- [x] Autoencoders use" in lesson.sources()["kind"]


def box(locator: Locator) -> FloatRect:
    found = locator.bounding_box()
    assert found is not None
    return found


def test_right_to_left_text_has_its_boxes_on_the_right(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        rtl = lesson.bring("rtl")
        radio, text = rtl.get_by_role("radio").first, rtl.locator(".course-text p").first
        assert box(radio)["x"] > box(text)["x"] + box(text)["width"]
        assert text.evaluate("node => getComputedStyle(node).direction") == "rtl"
        start = text.evaluate(
            """node => { const range = document.createRange(); range.selectNodeContents(node);
            return node.getBoundingClientRect().right - range.getBoundingClientRect().right; }"""
        )
        assert start < 2  # the words begin at the right edge
        ltr = lesson.bring("kind")
        radio, text = ltr.get_by_role("radio").first, ltr.locator(".course-text").first
        assert box(radio)["x"] < box(text)["x"]


def test_at_200_percent_nothing_is_cut_off(lab: Lab, make: Make) -> None:
    """Zooming by two halves the window, in CSS pixels: 1280 x 900 become 640 x 450."""
    page = lab.page
    with lab.open(make()) as lesson:
        page.set_viewport_size({"width": 640, "height": 450})
        try:
            kind = lesson.bring("kind")
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


def test_nothing_moves_where_motion_is_unwelcome(lab: Lab, make: Make) -> None:
    with lab.open(make()) as lesson:
        option = lesson.bring("kind").locator(".course-option").first
        seconds = "node => getComputedStyle(node).transitionDuration"
        assert option.evaluate(seconds) != "0s"
        lesson.page.emulate_media(reduced_motion="reduce")
        assert option.evaluate(seconds) == "0s"
        lesson.page.emulate_media(reduced_motion="no-preference")


def test_the_focus_is_seen(lab: Lab, make: Make, theme: str) -> None:
    with lab.open(make()) as lesson:
        lesson.bring("kind").get_by_role("radio").first.focus()
        lesson.page.keyboard.press("Space")
        styles = lesson.page.evaluate(
            "(({ outlineStyle, outlineWidth }) => [outlineStyle, outlineWidth])"
            "(getComputedStyle(document.activeElement))"
        )
        assert styles == ["solid", "2px"], theme
