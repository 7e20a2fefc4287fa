"""The digit pad in Notebook 7."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from course import drawing
from tests.browser import lab as labs
from tests.browser.pads import DIGITS, RUN_ALL, RUN_IN_KERNEL, Pad, kernel_strokes, pad_notebook
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.long
def test_each_digit_drawn_in_notebook_7_is_recognized(page: Page, server: Server) -> None:
    path = labs.write(pad_notebook(), server.root / "pad" / "seven.ipynb")
    notebook = labs.open_in_notebook(page, server, path)
    notebook.js(RUN_ALL)
    pad = Pad(page)
    pad.wait_until_visible()
    for name in DIGITS:
        sample = drawing.stored()[name]
        pad.clear()
        pad.set_pen(sample.pen)
        pad.draw(sample.strokes)
        expect(pad.answer).to_have_text(name)
        strokes = kernel_strokes(
            page,
            lambda code: str(notebook.js(RUN_IN_KERNEL, code)),
            len(sample.strokes),
            sample.pen,
        )
        preprocessed = drawing.preprocess(drawing.rasterise(strokes, pen=sample.pen))
        pad.expect_payload(preprocessed.payload()["values"][0])  # to the last digit
        for stroke, drawn in zip(strokes, sample.strokes, strict=True):
            assert np.abs(np.array(stroke) - np.array(drawn)).max() < 0.16
    cells = page.locator(".jp-Cell").count()
    pad.canvas.focus()
    for key in ("d", "d", "x", "a", "b"):
        page.keyboard.press(key)
    expect(page.locator(".jp-Cell")).to_have_count(cells)
