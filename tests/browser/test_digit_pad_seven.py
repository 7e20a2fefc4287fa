"""The digit pad in Notebook 7."""

from __future__ import annotations

import contextlib
import json
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from course import drawing
from course.drawing.ink import Strokes
from tests.browser import lab as labs
from tests.browser.lab import PATIENCE
from tests.browser.pads import DIGITS, Pad, notebook
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


def told(page: Page, number: int) -> Strokes:
    """The strokes that the kernel holds, as a cell of the notebook tells them, once there are all.

    Notebook 7 offers no way to ask its kernel but its cells.
    """
    cell = page.locator(".jp-CodeCell").last
    for _ in range(20):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        with contextlib.suppress(ValueError, PlaywrightTimeoutError):
            text = cell.locator(".jp-OutputArea-output").inner_text(timeout=2000)
            strokes: Strokes = json.loads(text)
            if len(strokes) == number:
                return strokes
    raise AssertionError(f"the kernel does not hold {number} strokes")


def test_in_notebook_7(page: Page, server: Server) -> None:
    nb = notebook()
    nb.cells[-1].source = "import json; print(json.dumps(pad.strokes))"
    path = labs.write(nb, server.root / "pad" / "seven.ipynb")
    page.goto(server.page("notebook", path.relative_to(server.root).as_posix()))
    page.locator(".jp-CodeCell .cm-content").first.click()
    pad = Pad(page)
    prompt = page.locator(".jp-InputPrompt").first
    for _ in range(60):  # what is asked before the kernel is there goes nowhere
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).to_have_text("[*]:", timeout=1000)
        expect(prompt).not_to_have_text("[*]:", timeout=2 * PATIENCE)
        if prompt.inner_text() != "[ ]:":  # a kernel that connects just now forgets what it heard
            break
    pad.ready()
    for name in DIGITS:
        one = drawing.stored()[name]
        pad.clear()
        pad.take_pen(one.pen)
        pad.draw(one.strokes)
        expect(pad.answer).to_have_text(name, timeout=PATIENCE)
        strokes = told(page, len(one.strokes))
        held = drawing.preprocess(drawing.rasterise(strokes, pen=one.pen))
        pad.show(held.payload()["values"][0])  # to the last number
        for seen, drawn in zip(strokes, one.strokes, strict=True):
            assert np.abs(np.array(seen) - np.array(drawn)).max() < 0.16
    cells = page.locator(".jp-Cell").count()
    pad.canvas.focus()
    for key in ("d", "d", "x", "a", "b"):
        page.keyboard.press(key)
    expect(page.locator(".jp-Cell")).to_have_count(cells)
