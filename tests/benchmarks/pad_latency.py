"""From pointer-up to picture: the digit pad beside ipycanvas, in one run.

Run it with ``python -m tests.benchmarks.pad_latency``. A stored 5 is drawn with the mouse in
JupyterLab, time and again; the clock starts at the pointer's last event and stops when the page
shows the new 28 by 28 picture (for ipycanvas: when its last callback has drawn the small picture).
Both do the same steps in the same kind of kernel. ipycanvas is one of the peers: install it with
``pip install "autoencoder-course[peers]"``; without it only the pad's line is printed.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
from pathlib import Path
from typing import Final

from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, Page, expect, sync_playwright

from course import drawing
from tests.browser import lab as labs
from tests.browser.servers import serve

PAD: Final = """from course.widgets.digit_pad import DigitPad
pad = DigitPad()
pad"""
PEER: Final = """import io
import ipywidgets
from PIL import Image
from ipycanvas import Canvas
from course import drawing
canvas = Canvas(width=280, height=280)
canvas.line_width, canvas.line_cap = 18, 'round'
path, shown = [], ipywidgets.Image(width=84, height=84)
shown.add_class('peer-picture')
def down(x, y): path[:] = [[x, y]]
def move(x, y):
    if path:
        canvas.stroke_line(*path[-1], x, y)
        path.append([x, y])
def up(x, y):
    found = drawing.preprocess(drawing.rasterise([path]))
    file = io.BytesIO()
    Image.fromarray(255 - found.stages[-3].array).save(file, 'PNG')
    shown.value = file.getvalue()
    path.clear()
    canvas.clear()
canvas.on_mouse_down(down); canvas.on_mouse_move(move); canvas.on_mouse_up(up)
ipywidgets.VBox([canvas, shown])"""
# The clock of the page itself: from the pointer's last event to the frame after the change.
CLOCK: Final = """([surface, place]) => {
    window.times = [];
    let start = null;
    surface.addEventListener('pointerup', () => { start = performance.now(); }, true);
    const changed = () => {
        if (start === null) return;
        const since = start;
        start = null;
        requestAnimationFrame(() => window.times.push(performance.now() - since));
    };
    const watch = { childList: true, subtree: true, attributes: true, characterData: true };
    new MutationObserver(changed).observe(place, watch);
}"""


def measure(page: Page, surface: Locator, place: Locator, times: int) -> list[float]:
    """Draw the same stroke `times` times; return milliseconds from pointer-up to picture."""
    surface.scroll_into_view_if_needed()
    handles = [surface.element_handle(), place.element_handle()]
    page.evaluate(CLOCK, handles)
    (stroke,) = drawing.stored()["9"].strokes
    for count in range(1, times + 1):
        box = surface.bounding_box()
        if box is None:
            raise RuntimeError("the canvas is not on the page")
        path = [(box["x"] + x, box["y"] + y) for x, y in stroke]
        page.mouse.move(*path[0])
        page.mouse.down()
        for point in path[1:]:
            page.mouse.move(*point)
        page.mouse.up()
        page.wait_for_function("n => window.times.length >= n", arg=count)
        clear = page.get_by_role("button", name="Clear")
        if clear.count() and clear.is_enabled():
            clear.click()
            page.wait_for_timeout(150)  # its own answer is none of ours
    found: list[float] = page.evaluate("window.times")
    return found


def in_lab(code: str, surface: str, place: str, times: int, folder: Path) -> list[float]:
    """Run a cell in a JupyterLab of its own, and measure."""
    nb = labs.lesson()
    nb.cells = [new_code_cell(code, id="pad")]
    path = labs.write(nb, folder / "work" / "pad.ipynb")
    with serve("lab", path.parent, folder / "home") as server, sync_playwright() as playwright:
        browser = labs.launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        with labs.load_lab(page, server).open(path) as lesson:
            run = "await jupyterapp.commands.execute('notebook:run-all-cells')"
            lesson.js("await panel.sessionContext.ready;" + run)
            expect(page.locator(surface)).to_be_visible(timeout=labs.PATIENCE * 2)
            found = measure(page, page.locator(surface), page.locator(place), times)
        browser.close()
    return found


def line(name: str, found: list[float]) -> str:
    """Return a line of the table."""
    tenth = statistics.quantiles(found, n=10)[-1]
    return f"{name:12} {statistics.median(found):8.0f} {tenth:8.0f} {max(found):8.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pad_latency")
    parser.add_argument("--times", type=int, default=20, help="strokes to draw with each")
    chosen = parser.parse_args()
    print(f"pointer-up to picture, ms, {chosen.times} strokes")
    print(f"{'':12} {'median':>8} {'90 %':>8} {'longest':>8}")
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder).resolve()
        pad = in_lab(PAD, ".pad-canvas", ".pad-right", chosen.times, room / "pad")
        print(line("digit pad", pad))
        if importlib.util.find_spec("ipycanvas") is None:
            print('ipycanvas    not installed: pip install "autoencoder-course[peers]"')
            return
        peer = in_lab(PEER, "canvas", ".peer-picture", chosen.times, room / "peer")
        print(line("ipycanvas", peer))


if __name__ == "__main__":
    main()
