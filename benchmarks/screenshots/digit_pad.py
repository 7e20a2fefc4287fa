"""Take the README's screenshot of the digit pad with a digit, in JupyterLab.

Run as ``python -m benchmarks.screenshots.digit_pad OUT.png --theme dark``.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from benchmarks.screenshots.lesson import THEMES, open_lab
from course import drawing
from tests.browser import lab as labs
from tests.browser.lab import TIMEOUT_MS, launch
from tests.browser.pads import Pad, pad_notebook
from tests.browser.servers import serve

DIGIT = "4"


def take(out: Path, theme: str, folder: Path) -> None:
    work = folder / "work"
    path = labs.write(pad_notebook(), work / "pad.ipynb")
    with serve("lab", work, folder / "home") as server, sync_playwright() as playwright:
        browser = launch(playwright)
        lab = open_lab(browser, server, theme, height=1100)
        page = lab.page
        with lab.open(path) as opened:
            run = "await jupyterapp.commands.execute('notebook:run-all-cells')"
            opened.js("await panel.sessionContext.ready;" + run)
            pad = Pad(page)
            pad.wait_until_visible()
            pad.draw(drawing.stored()[DIGIT].strokes)
            expect(pad.answer).to_have_text(DIGIT, timeout=TIMEOUT_MS)
            page.mouse.move(0, 0)
            page.wait_for_timeout(500)  # the answer to the last stroke, and growing bars
            pad.root.screenshot(path=out)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots.digit_pad")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--theme", choices=sorted(THEMES), default="light")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        take(options.out, options.theme, Path(folder).resolve())


if __name__ == "__main__":
    main()
