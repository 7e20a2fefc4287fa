"""Every widget leaves a picture in the saved notebook, shown when its kernel is gone."""

from __future__ import annotations

import json
import re

import pytest
from nbformat.v4 import new_code_cell, new_output
from playwright.sync_api import Page, expect

from tests.browser import lab as labs
from tests.browser.lab import Lab, Lesson
from tests.browser.pads import RUN_ALL
from tests.browser.servers import Server
from tests.browser.test_explorers import EXPLORERS, SETUP

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
PAD = "from course.widgets.digit_pad import DigitPad\nDigitPad()"
OTHER = "import ipywidgets\nipywidgets.IntSlider(description='any')"
COLLECTION = "from course.widgets.digit_collection import DigitCollection\nDigitCollection()"
WIDGETS = EXPLORERS | {"digit-pad-widget": PAD, "digit-collection": COLLECTION}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
MAX_CHARS = 250_000  # of a saved widget


@pytest.mark.slow
def test_a_widget_without_its_kernel_shows_its_picture(
    lab: Lab, page: Page, server: Server
) -> None:
    nb = labs.lesson()
    cells = [new_code_cell(code, id=f"the-{name}") for name, code in WIDGETS.items()]
    nb.cells = [new_code_cell(SETUP, id="setup"), *cells, new_code_cell(OTHER, id="other")]
    path = labs.write(nb, server.root / "pictures" / "pictures.ipynb")
    with lab.open(path) as lesson:
        lesson.js(RUN_ALL)
        for name in WIDGETS:
            expect(lesson.page.locator(f".{name}:visible")).to_be_visible()
        expect(lesson.page.locator(".course-widget-picture")).to_have_count(0)
    for cell in json.loads(path.read_text())["cells"][1:-1]:
        (output,) = cell["outputs"]
        assert {WIDGET_VIEW, "image/png", "text/plain"} == set(output["data"]), cell["id"]
        assert len(json.dumps(output)) < MAX_CHARS, cell["id"]

    with lab.open(path) as lesson:
        expect_pictures(lesson)
        lesson.js("content.activeCellIndex = 0; await content.scrollToItem(0);")
        lesson.js("await jupyterapp.commands.execute('notebook:run-cell');")
        lesson.js("content.activeCellIndex = 1;")
        lesson.js("await jupyterapp.commands.execute('notebook:run-cell');")
        expect(lesson.page.locator(".code-size:visible")).to_be_visible()  # plays again
        pictures = lesson.page.locator(".course-widget-picture")
        expect(pictures).to_have_count(len(WIDGETS))
    expect_pictures(labs.open_in_notebook(page, server, path))


def expect_pictures(lesson: Lesson) -> None:
    pictures = lesson.page.locator(".course-widget-picture")
    expect(pictures).to_have_count(len(WIDGETS) + 1)
    expect(lesson.page.get_by_text("Error displaying widget")).to_have_count(0)
    for picture in pictures.all():
        expect(picture).to_contain_text("Run this cell to play again.")
    assert "IntSlider" in (pictures.last.text_content() or "")  # has no picture
    for image in pictures.locator("img").all():
        assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") > 500
        assert len(image.get_attribute("alt") or "") > 40


NEEDS_KERNEL = ("gibbs-explorer", "code-walk", "digit-pad-widget", "digit-collection")


def test_a_widget_that_lost_its_kernel_shows_its_picture(lab: Lab, server: Server) -> None:
    names = ["code-size", *NEEDS_KERNEL]
    cells = [new_code_cell(WIDGETS[name], id=f"the-{name}") for name in names]
    nb = labs.lesson()
    nb.cells = [new_code_cell(SETUP, id="setup"), *cells]
    path = labs.write(nb, server.root / "pictures" / "restart.ipynb")
    with lab.open(path) as lesson:
        lesson.js(RUN_ALL)
        shown = {name: lesson.page.locator(f".jp-Notebook .{name}").first for name in names}
        for widget in shown.values():
            expect(widget).to_be_visible()
        lesson.js("await panel.sessionContext.restartKernel();")
        pictures = lesson.page.locator(".course-widget-picture")
        expect(pictures).to_have_count(len(NEEDS_KERNEL))
        for picture in pictures.all():
            expect(picture).to_contain_text("Run this cell to play again.")
            expect(picture.locator("img")).to_have_attribute("alt", re.compile(".{40}"))
        for name in NEEDS_KERNEL:
            expect(shown[name]).to_be_hidden()
        slider = shown["code-size"].get_by_role("slider")  # its data are in the page
        slider.press("Home")
        expect(shown["code-size"]).to_contain_text("784 → 1:")
        lesson.js(RUN_ALL)
        expect(pictures).to_have_count(0)
        expect(lesson.page.locator(".jp-Notebook .gibbs-explorer").first).to_be_visible()


def test_a_widget_in_an_untrusted_notebook_shows_its_picture(lab: Lab, server: Server) -> None:
    """Jupyter itself would show the bare image, which stays bright on a dark page."""
    pixel = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4"
        "DwABAQEAsTj2FAAAAABJRU5ErkJggg=="
    )
    output = {"text/plain": "x", "image/png": pixel, WIDGET_VIEW: {"model_id": "gone"}}
    cell = new_code_cell("1", id="widget")
    described = {"image/png": {"alt": "An explorer."}}
    cell.outputs = [new_output("execute_result", output, execution_count=1, metadata=described)]
    path = labs.write(labs.lesson(cell), server.root / "pictures" / "untrusted.ipynb")
    with lab.open(path, kernelPreference={"shouldStart": False, "canStart": True}) as lesson:
        picture = lesson.page.locator(".course-widget-picture")
        expect(picture).to_contain_text("Run this cell to play again.")
        expect(picture.locator(".course-figure img")).to_have_attribute("alt", "An explorer.")
        assert lesson.js("return content.model.cells.get(1).trusted") is False


def test_a_widget_without_any_kernel_shows_its_picture(lab: Lab, server: Server) -> None:
    output = {"text/plain": "An explorer.", WIDGET_VIEW: {"model_id": "gone"}}
    cell = new_code_cell("1", id="widget")
    cell.outputs = [new_output("execute_result", output, execution_count=1)]
    nb = labs.lesson(cell)
    path = labs.write(nb, server.root / "pictures" / "no-kernel.ipynb")
    with lab.open(path, kernelPreference={"shouldStart": False, "canStart": True}) as lesson:
        lesson.js("for (const model of content.model.cells) model.trusted = true;")
        picture = lesson.page.locator(".course-widget-picture")
        expect(picture).to_have_text(re.compile("^An explorer.Run this cell to play again."))
