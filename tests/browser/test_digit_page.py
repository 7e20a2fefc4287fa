"""The page of the digit canvas: by mouse, finger and keyboard, for everybody, behind a prefix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FloatRect, Page, Request, expect

from course import deployment, drawing
from tests.browser.conftest import stays_here
from tests.browser.lab import PATIENCE
from tests.browser.servers import PREFIX, serve

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with deployment.start() as server:
        yield server.url


@pytest.fixture
def canvas(page: Page, url: str) -> Page:
    return opened(page, url)


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_selector("[data-ready]", timeout=PATIENCE)
    return page


def box(page: Page) -> FloatRect:
    pad = page.locator(".pad-canvas")
    pad.scroll_into_view_if_needed()
    found = pad.bounding_box()
    assert found is not None
    return found


def places(page: Page, name: str) -> list[list[tuple[float, float]]]:
    """Where on the screen the strokes of a stored drawing lie."""
    frame = box(page)
    scale = frame["width"] / drawing.stored()[name].width
    return [
        [(frame["x"] + point[0] * scale, frame["y"] + point[1] * scale) for point in stroke]
        for stroke in drawing.stored()[name].strokes
    ]


def draw(page: Page, name: str) -> None:
    """Draw a stored drawing with the mouse."""
    for stroke in places(page, name):
        page.mouse.move(*stroke[0])
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def finger(page: Page, name: str) -> None:
    """Draw it with a finger; playwright's own touch screen can only tap."""
    session = page.context.new_cdp_session(page)
    for stroke in places(page, name):
        for i, (x, y) in enumerate(stroke):
            kind = "touchMove" if i else "touchStart"
            session.send(
                "Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]}
            )
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


def analyze(page: Page) -> str:
    """Click Analyze and return the class."""
    page.get_by_role("button", name="Analyze").click()
    expect(page.locator("#status")).to_contain_text("Read as", timeout=PATIENCE)
    return page.locator("#digit").inner_text()


def drawn_strokes(page: Page, name: str) -> Any:
    """Draw with the mouse, and return the strokes as the page told them to the server."""

    def is_whole(request: Request) -> bool:
        if not request.url.endswith("/preprocess"):
            return False
        return len(strokes_of(request)) == len(drawing.stored()[name].strokes)

    with page.expect_request(is_whole) as told:
        draw(page, name)
    return strokes_of(told.value)


def strokes_of(request: Request) -> Any:
    return json.loads(request.post_data or "")["strokes"]


def payload_in(page: Page) -> dict[str, Any]:
    """All of the payload as the page shows it."""
    whole = page.get_by_role("button", name="Show all")
    if whole.get_attribute("aria-pressed") == "false":
        whole.click()
    shown: dict[str, Any] = json.loads(page.locator("#payload").inner_text())
    return shown


@pytest.mark.parametrize("name", list("0123456789"))
def test_each_digit_drawn_with_the_mouse_is_read(canvas: Page, name: str) -> None:
    strokes = drawn_strokes(canvas, name)
    with canvas.expect_request("**/model/predict") as request:
        assert analyze(canvas) == name
    found = drawing.preprocess(drawing.rasterise(strokes))
    # What is shown and what was sent are the Python pipeline's, to the last number.
    assert payload_in(canvas) == found.payload()
    assert json.loads(request.value.post_data or "") == found.payload()


def test_the_function_deployment_gets_the_square_and_reads_it(canvas: Page) -> None:
    canvas.get_by_label("Function deployment").check()
    strokes = drawn_strokes(canvas, "4")
    with canvas.expect_request("**/function/predict*") as request:
        assert analyze(canvas) == "4"
    right = drawing.preprocess(drawing.rasterise(strokes)).payload("function")
    assert payload_in(canvas) == right
    assert json.loads(request.value.post_data or "") == right
    expect(canvas.locator("#route")).to_contain_text("Sent after step 2: the square canvas.")


def test_a_digit_drawn_with_a_finger_is_read_on_a_phone(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    try:
        page = opened(context.new_page(), url)
        finger(page, "3")
        assert analyze(page) == "3"
        expect(page.locator("#digit")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    finally:
        context.close()


def test_the_ink_is_sharp_on_a_screen_of_many_pixels(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport=PHONE, device_scale_factor=3)
    try:
        page = opened(context.new_page(), url)
        assert page.locator(".pad-canvas").evaluate("node => node.width") == round(
            3 * box(page)["width"]
        )
        draw(page, "1")
        assert analyze(page) == "1"
    finally:
        context.close()


def test_a_seven_by_keyboard_alone(canvas: Page) -> None:
    keyboard = canvas.keyboard
    canvas.keyboard.press("Tab")
    expect(canvas.locator(".pad-canvas")).to_be_focused()
    for key, times in (("Home", 8), ("Space", 1), ("ArrowRight", 16), ("End", 8)):
        for _ in range(times):
            keyboard.press(key)
    for _ in range(12):
        keyboard.press("ArrowDown")
    keyboard.press("Space")
    expect(canvas.locator("#status")).to_have_text("Ready to analyze.", timeout=PATIENCE)
    for _ in range(12):
        keyboard.press("Tab")
        if canvas.evaluate("document.activeElement.textContent") == "Analyze":
            break
    keyboard.press("Enter")
    expect(canvas.locator("#status")).to_contain_text("Read as 7", timeout=PATIENCE)


def test_the_lecture_s_way_is_another_picture(canvas: Page) -> None:
    draw(canvas, "8")
    analyze(canvas)
    small = float(canvas.locator("#error-text").inner_text())
    canvas.get_by_label("The lecture’s way").check()
    expect(canvas.locator(".pad-strip li")).to_have_count(7, timeout=PATIENCE)
    expect(canvas.locator("#found")).to_have_class(re.compile("old"))  # belongs to the other way
    analyze(canvas)
    assert float(canvas.locator("#error-text").inner_text()) > 3 * small
    expect(canvas.locator("#found")).not_to_have_class(re.compile("old"))


def test_a_star_is_said_to_be_no_digit(canvas: Page) -> None:
    draw(canvas, "star")
    analyze(canvas)
    expect(canvas.locator("#verdict")).to_contain_text("this may not be a digit")


def test_what_cannot_be_read_is_said(canvas: Page) -> None:
    canvas.get_by_role("button", name="Analyze").click()
    expect(canvas.locator("#status")).to_have_text("The canvas is empty. Draw a digit first.")
    draw(canvas, "two digits")
    expect(canvas.locator("#status")).to_contain_text("There seem to be 2 digits")
    expect(canvas.locator("#payload-box")).to_be_hidden()
    canvas.get_by_role("button", name="Clear").click()
    expect(canvas.locator("#status")).to_have_text("Draw a digit to begin.")
    draw(canvas, "1")
    expect(canvas.locator("#status")).to_have_text("Ready to analyze.", timeout=PATIENCE)
    canvas.get_by_role("button", name="Undo").click()
    expect(canvas.locator(".pad-strip")).to_be_hidden()
    expect(canvas.get_by_text("What each step does")).to_be_hidden()


def test_when_the_server_is_gone_the_page_says_so(page: Page) -> None:
    with deployment.start() as server:
        opened(page, server.url)
    draw(page, "1")
    expect(page.locator("#status")).to_have_text("The server didn’t answer. Is it still running?")


def test_the_payload_is_short_until_asked_and_copied_whole(
    context: BrowserContext, url: str
) -> None:
    page = opened(context.new_page(), url)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url.rstrip("/"))
    try:
        draw(page, "2")
        expect(page.locator("#payload")).to_contain_text("more …", timeout=PATIENCE)
        assert len(page.locator("#payload").inner_text()) < 1500
        page.get_by_role("button", name="Copy").click()
        expect(page.locator("#copied")).to_have_text("Copied the complete payload.")
        copied = json.loads(page.evaluate("navigator.clipboard.readText()"))
        assert copied == payload_in(page)
    finally:
        context.clear_permissions()
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, url: str, scheme: Any) -> None:
    context = browser.new_context(
        color_scheme=scheme, bypass_csp=True
    )  # axe is no part of the page
    try:
        page = opened(context.new_page(), url)
        assert_axe_finds_nothing(page)
        draw(page, "5")
        analyze(page)
        assert_axe_finds_nothing(page)
        page.get_by_label("The lecture’s way").check()
        analyze(page)
        assert_axe_finds_nothing(page)
    finally:
        context.close()


def assert_axe_finds_nothing(page: Page, within: str = "body") -> None:
    page.wait_for_timeout(300)  # colours fade in
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
        # JupyterLab's body has no height of its own, so axe would take all in it for hidden.
        page.evaluate("document.body.style.minBlockSize = '100vh'")
    found: dict[str, Any] = page.evaluate("place => axe.run(place)", within)
    grave = [
        (one["id"], node["html"], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
    assert not grave
    assert {"color-contrast", "button-name", "label"} <= {one["id"] for one in found["passes"]}


def test_its_policy_holds_and_nothing_is_said_to_the_console(
    context: BrowserContext, url: str
) -> None:
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    opened(page, url)
    draw(page, "9")
    assert analyze(page) == "9"
    page.close()
    assert not said


@pytest.mark.slow
def test_from_jupyterlab_s_launcher_behind_a_hub_s_prefix(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("root").resolve()
    home: Path = tmp_path_factory.mktemp("home") / "jupyter"
    with serve("lab", root, home) as server:
        context = browser.new_context()
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        try:
            lab = context.new_page()
            lab.goto(server.page("lab", ""))
            tile = lab.locator(".jp-LauncherCard").filter(has_text="Digit canvas")
            expect(tile).to_be_visible(timeout=2 * PATIENCE)
            with context.expect_page() as found:
                tile.click()
            page = found.value
            page.wait_for_selector("[data-ready]", timeout=2 * PATIENCE)
            assert page.url == f"{server.url}digits/"
            assert PREFIX in page.url
            draw(page, "6")
            assert analyze(page) == "6"
        finally:
            context.close()
    assert not [address for address in asked if not stays_here(address)]
