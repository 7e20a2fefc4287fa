"""The digit page: with mouse, finger and keyboard, accessible, and behind a URL prefix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, Request, expect

from course import deployment, drawing
from tests.browser.axe import assert_accessible
from tests.browser.conftest import is_local
from tests.browser.lab import new_context
from tests.browser.servers import PREFIX, serve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with deployment.start() as server:
        yield server.url


@pytest.fixture
def canvas(page: Page, url: str) -> Page:
    return open_page(page, url)


def open_page(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_selector("[data-ready]")
    return page


def box(page: Page) -> FloatRect:
    pad = page.locator(".pad-canvas")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box is not None
    return box


def screen_strokes(page: Page, name: str) -> list[list[tuple[float, float]]]:
    """Return where on the screen the strokes of a stored drawing are."""
    frame = box(page)
    scale = frame["width"] / drawing.stored()[name].width
    return [
        [(frame["x"] + point[0] * scale, frame["y"] + point[1] * scale) for point in stroke]
        for stroke in drawing.stored()[name].strokes
    ]


def draw(page: Page, name: str) -> None:
    """Draw a stored drawing with the mouse."""
    for stroke in screen_strokes(page, name):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def draw_with_finger(page: Page, name: str) -> None:
    """Draw it with a finger; Playwright's own touch screen can only tap."""
    session = page.context.new_cdp_session(page)
    for stroke in screen_strokes(page, name):
        for i, (x, y) in enumerate(stroke):
            kind = "touchMove" if i else "touchStart"
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            )
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def analyze(page: Page) -> str:
    """Click Analyze; return the digit."""
    page.get_by_role("button", name="Analyze").click()
    expect(page.locator("#found:not(.old)")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Read as")
    return page.locator("#digit").inner_text()


def drawn_strokes(page: Page, name: str) -> Any:
    """Draw with the mouse; return the strokes that the page sent to the server."""

    def is_complete(request: Request) -> bool:
        if not request.url.endswith("/preprocess"):
            return False
        return len(strokes_of(request)) == len(drawing.stored()[name].strokes)

    with page.expect_request(is_complete) as request:
        draw(page, name)
    return strokes_of(request.value)


def strokes_of(request: Request) -> Any:
    return json.loads(request.post_data or "")["strokes"]


def payload_in(page: Page) -> dict[str, Any]:
    """Return the complete payload as the page shows it."""
    show_all = page.get_by_role("button", name="Show all")
    if show_all.get_attribute("aria-pressed") == "false":
        show_all.click()
    payload: dict[str, Any] = json.loads(page.locator("#payload").inner_text())
    return payload


@pytest.mark.parametrize("name", list("0123456789"))
def test_each_digit_drawn_with_the_mouse_is_read(canvas: Page, name: str) -> None:
    strokes = drawn_strokes(canvas, name)
    with canvas.expect_request("**/model/predict") as request:
        assert analyze(canvas) == name
    expected = drawing.preprocess(drawing.rasterise(strokes)).payload()
    # The page shows and sends what the Python pipeline returns, to the last digit.
    assert payload_in(canvas) == expected
    assert json.loads(request.value.post_data or "") == expected


def test_the_function_deployment_gets_the_square_canvas(canvas: Page) -> None:
    canvas.get_by_label("Function deployment").check()
    strokes = drawn_strokes(canvas, "4")
    with canvas.expect_request("**/function/predict*") as request:
        assert analyze(canvas) == "4"
    expected = drawing.preprocess(drawing.rasterise(strokes)).payload("function")
    assert payload_in(canvas) == expected
    assert json.loads(request.value.post_data or "") == expected
    expect(canvas.locator("#route")).to_contain_text("Sent after step 2: the square canvas.")


def test_a_digit_drawn_with_a_finger_is_read_on_a_phone(browser: Browser, url: str) -> None:
    context = new_context(browser, viewport=PHONE, has_touch=True, is_mobile=True)
    try:
        page = open_page(context.new_page(), url)
        draw_with_finger(page, "3")
        assert analyze(page) == "3"
        expect(page.locator("#digit")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    finally:
        context.close()


def test_the_ink_is_sharp_on_a_high_density_screen(browser: Browser, url: str) -> None:
    context = new_context(browser, viewport=PHONE, device_scale_factor=3)
    try:
        page = open_page(context.new_page(), url)
        assert page.locator(".pad-canvas").evaluate("node => node.width") == round(
            3 * box(page)["width"]
        )
        draw(page, "1")
        assert analyze(page) == "1"
    finally:
        context.close()


def test_a_seven_is_drawn_with_the_keyboard_alone(canvas: Page) -> None:
    keyboard = canvas.keyboard
    canvas.keyboard.press("Tab")
    expect(canvas.locator(".pad-canvas")).to_be_focused()
    for key, times in (("Home", 8), ("Space", 1), ("ArrowRight", 16), ("End", 8)):
        for _ in range(times):
            keyboard.press(key)
    for _ in range(12):
        keyboard.press("ArrowDown")
    keyboard.press("Space")
    expect(canvas.locator("#status")).to_have_text("Ready to analyze.")
    for _ in range(12):
        keyboard.press("Tab")
        if canvas.evaluate("document.activeElement.textContent") == "Analyze":
            break
    keyboard.press("Enter")
    expect(canvas.locator("#status")).to_contain_text("Read as 7")


def test_lecture_preprocessing_changes_the_picture_and_the_error(canvas: Page) -> None:
    draw(canvas, "8")
    analyze(canvas)
    mnist_error = float(canvas.locator("#error-text").inner_text())
    canvas.get_by_label("The lecture’s way").check()
    expect(canvas.locator(".pad-strip li")).to_have_count(7)
    expect(canvas.locator("#found")).to_have_class(re.compile("old"))  # for the other way
    analyze(canvas)
    assert float(canvas.locator("#error-text").inner_text()) > 3 * mnist_error
    expect(canvas.locator("#found")).not_to_have_class(re.compile("old"))


def test_the_verdict_on_a_star_says_that_it_may_not_be_a_digit(canvas: Page) -> None:
    draw(canvas, "star")
    analyze(canvas)
    expect(canvas.locator("#verdict")).to_contain_text("this may not be a digit")


def test_the_status_explains_an_unreadable_drawing(canvas: Page) -> None:
    canvas.get_by_role("button", name="Analyze").click()
    expect(canvas.locator("#status")).to_have_text("The canvas is empty. Draw a digit first.")
    draw(canvas, "two digits")
    expect(canvas.locator("#status")).to_contain_text("There seem to be 2 digits")
    expect(canvas.locator("#payload-box")).to_be_hidden()
    canvas.get_by_role("button", name="Clear").click()
    expect(canvas.locator("#status")).to_have_text("Draw a digit to begin.")
    draw(canvas, "1")
    expect(canvas.locator("#status")).to_have_text("Ready to analyze.")
    canvas.get_by_role("button", name="Undo").click()
    expect(canvas.locator(".pad-strip")).to_be_hidden()
    expect(canvas.get_by_text("What each step does")).to_be_hidden()


def test_the_status_reports_a_lost_server(page: Page) -> None:
    with deployment.start() as server:
        open_page(page, server.url)
    draw(page, "1")
    expect(page.locator("#status")).to_have_text("The server didn’t answer. Is it still running?")


def test_the_payload_is_shown_in_short_and_copied_in_full(
    context: BrowserContext, url: str
) -> None:
    page = open_page(context.new_page(), url)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url.rstrip("/"))
    try:
        draw(page, "2")
        expect(page.locator("#payload")).to_contain_text("more …")
        assert len(page.locator("#payload").inner_text()) < 1500
        page.get_by_role("button", name="Copy").click()
        expect(page.locator("#copied")).to_have_text("Copied the complete payload.")
        copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
        assert copied == payload_in(page)
    finally:
        context.clear_permissions()
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(browser: Browser, url: str, scheme: Any) -> None:
    # Axe is not part of the page, so its policy forbids it.
    context = new_context(browser, color_scheme=scheme, bypass_csp=True)
    try:
        page = open_page(context.new_page(), url)
        assert_accessible(page, checks=("color-contrast", "button-name", "label"))
        draw(page, "5")
        analyze(page)
        assert_accessible(page, checks=("color-contrast", "button-name", "label"))
        page.get_by_label("The lecture’s way").check()
        analyze(page)
        assert_accessible(page, checks=("color-contrast", "button-name", "label"))
    finally:
        context.close()


def test_the_content_security_policy_holds_and_the_console_stays_empty(
    context: BrowserContext, url: str
) -> None:
    page = context.new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    open_page(page, url)
    draw(page, "9")
    assert analyze(page) == "9"
    page.close()
    assert not messages


@pytest.mark.slow
def test_the_jupyterlab_launcher_opens_the_page_behind_a_hub_prefix(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("root").resolve()
    home: Path = tmp_path_factory.mktemp("home") / "jupyter"
    with serve("lab", root, home) as server:
        context = new_context(browser)
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        try:
            lab = context.new_page()
            lab.goto(server.page("lab", ""))
            tile = lab.locator(".jp-LauncherCard").filter(has_text="Digit canvas")
            expect(tile).to_be_visible()
            with context.expect_page() as opened:
                tile.click()
            page = opened.value
            page.wait_for_selector("[data-ready]")
            assert page.url == f"{server.url}digits/"
            assert PREFIX in page.url
            draw(page, "6")
            assert analyze(page) == "6"
        finally:
            context.close()
    assert not [url for url in requests if not is_local(url)]
