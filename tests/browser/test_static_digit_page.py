"""The digit page without a server, and the parity of its scripts with Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from course import drawing
from course.deployment import scoring, static_page
from tests.browser.axe import assert_accessible
from tests.browser.lab import new_context
from tests.browser.servers import serve_files
from tests.browser.test_digit_page import PHONE, analyze, draw, open_page, payload_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of files, which answers nothing but GET, below a prefix."""
    root = tmp_path_factory.mktemp("site")
    static_page.write(root / "book" / "digits")
    with serve_files(root) as address:
        yield f"{address}book/digits/"


@pytest.fixture
def canvas(page: Page, url: str) -> Page:
    return open_page(page, url)


@pytest.fixture
def read_in_browser(canvas: Page) -> Callable[..., Any]:
    """Return a function that preprocesses and reads a drawing with the page's scripts."""

    def read(pad: drawing.Drawing, way: str, deployment: str = "model") -> Any:
        return canvas.evaluate(
            """async given => {
                const { preprocess } = await import("./preprocess.js");
                const { loadNetworks } = await import("./digit_networks.js");
                window.networks ??= loadNetworks("");
                let prepared;
                try { prepared = preprocess(given); } catch (error) { return error.message; }
                const reading = await (await window.networks).read(prepared.vector);
                const stages = prepared.stages.map((stage) => ({
                    ...stage, pixels: Array.from(stage.pixels) }));
                return { ...prepared, stages, vector: Array.from(prepared.vector), reading };
            }""",
            {
                "strokes": pad.strokes,
                "pen": pad.pen,
                "width": pad.width,
                "height": pad.height,
                "way": way,
                "deployment": deployment,
            },
        )

    return read


def random_drawings() -> dict[str, drawing.Drawing]:
    """Lines that wander: of any number, length, width of the pen and size of the canvas."""
    random = np.random.default_rng(19)
    drawings = {}
    for number in range(16):
        side = int(random.choice([200, 280, 420]))
        strokes = []
        for _ in range(int(random.integers(1, 3))):
            steps = random.normal(0, side / 25, (int(random.integers(2, 40)), 2))
            points = side / 2 + np.cumsum(steps, axis=0)
            strokes.append(points.round(1).tolist())
        pen = float(random.integers(4, 30))
        drawings[f"random {number}"] = drawing.Drawing(side, side - 20, pen, strokes)
    return drawings


@pytest.mark.parametrize("way", drawing.WAYS)
def test_the_browser_computes_what_python_computes(
    read_in_browser: Callable[..., Any], way: drawing.Way
) -> None:
    compared = 0
    for name, pad in (dict(drawing.stored()) | random_drawings()).items():
        found = read_in_browser(pad, way)
        if isinstance(found, str):  # what is wrong with the drawing
            with pytest.raises(drawing.DrawingError, match=f"^{re.escape(found)}$"):
                drawing.preprocess(pad.rgba, way)
            continue
        compared += 1
        expected = drawing.preprocess(pad.rgba, way)
        assert found["payload"] == expected.payload(), name
        strip = drawing.stage_strip(expected)
        assert (found["box"], found["notes"]) == (strip["box"], strip["notes"]), name
        stages = [stage | {"pixels": list(stage["pixels"])} for stage in strip["stages"]]
        assert found["stages"] == stages, name
        reading = scoring.read_digits(expected.vector)[0]
        own = found["reading"]
        assert np.allclose(own["probabilities"], reading.probabilities, rtol=0, atol=1e-4), name
        assert own["error"] == pytest.approx(reading.error, rel=1e-4, abs=1e-3), name
        assert own["novelty"] == pytest.approx(reading.novelty, rel=0, abs=1e-4), name
        assert own["digit"] == reading.digit, name
        assert own["looks_like_a_digit"] == reading.looks_like_a_digit, name
        copy = np.array(list(reading.reconstruction)) / 255
        assert np.abs(np.array(own["reconstruction"]) - copy).max() <= 1.01 / 255, name
    assert compared >= 20


def test_the_function_deployment_gets_the_same_canvas(read_in_browser: Callable[..., Any]) -> None:
    pad = drawing.stored()["5"]
    expected = drawing.preprocess(pad.rgba).payload("function")
    assert read_in_browser(pad, "mnist", "function")["payload"] == expected


def test_a_drawn_digit_is_read_without_a_server(canvas: Page) -> None:
    requests: list[str] = []
    canvas.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    draw(canvas, "4")
    assert analyze(canvas) == "4"
    assert len(payload_in(canvas)["values"][0]) == 784
    assert [request.rpartition("/")[2] for request in requests] == [
        "digit_classifier.npz",
        "digit_autoencoder.npz",
        "digit_novelty.npz",
    ]
    canvas.get_by_role("button", name="Clear").click()
    expect(canvas.locator("#status")).to_have_text("Draw a digit to begin.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_static_page_is_accessible_on_a_phone(browser: Browser, url: str, scheme: Any) -> None:
    context = new_context(browser, color_scheme=scheme, viewport=PHONE, bypass_csp=True)
    try:
        page = open_page(context.new_page(), url)
        draw(page, "5")
        assert analyze(page) == "5"
        assert_accessible(page, checks=("color-contrast", "button-name", "label"))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    finally:
        context.close()


def test_the_written_folder_names_every_script_that_the_page_imports(tmp_path: Path) -> None:
    static_page.write(tmp_path)
    for script in tmp_path.glob("*.js"):
        for line in script.read_text(encoding="utf-8").splitlines():
            if 'from "./' in line:
                assert (tmp_path / line.split('"./')[1].split('"')[0]).is_file(), line
