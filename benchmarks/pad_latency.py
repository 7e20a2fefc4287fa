"""Measure the time from pointer-up to picture: the digit pad against ipycanvas, in one run.

Run ``python -m benchmarks.pad_latency``; it takes about two minutes and writes ``pad_latency.md``
next to this file. It draws a stored 9 and a stored 6 with the mouse in JupyterLab, alternating
between the canvases. The time starts at the pointer's last event and ends when the page shows the
new 28 by 28 picture (for ipycanvas: when its last callback has drawn the small picture). Both run
the same steps in the same kind of kernel, in the environment of `benchmarks.peers`, which has
ipycanvas.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import itertools
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, Page, expect, sync_playwright

from benchmarks.peers import HOME, ROOT, program
from course import atomic_write, drawing
from tests.browser import lab as labs
from tests.browser.lab import Lesson
from tests.browser.servers import serve

OUT: Final = Path(__file__).with_suffix(".md")
# Two, because a picture equal to the last one would not change the page.
DIGITS: Final = ("9", "6")
WARM_UP: Final = 2  # digits that don't count
PAD_CODE: Final = """from course.widgets.digit_pad import DigitPad
pad = DigitPad()
pad"""
IPYCANVAS_CODE: Final = """import io
import ipywidgets
from PIL import Image
from ipycanvas import Canvas
from course import drawing
size = {'width': '280px', 'height': '280px'}  # else the box stretches it
canvas = Canvas(width=280, height=280, layout=size)
canvas.line_width, canvas.line_cap = 18, 'round'
path, shown = [], ipywidgets.Image(width=84, height=84)
shown.add_class('peer-picture')
def down(x, y): path[:] = [[x, y]]
def move(x, y):
    if path:
        canvas.stroke_line(*path[-1], x, y)
        path.append([x, y])
def up(x, y):
    preprocessed = drawing.preprocess(drawing.rasterise([path]))
    file = io.BytesIO()
    Image.fromarray(255 - preprocessed.stages[-3].array).save(file, 'PNG')
    shown.value = file.getvalue()
    path.clear()
    canvas.clear()
canvas.on_mouse_down(down); canvas.on_mouse_move(move); canvas.on_mouse_up(up)
ipywidgets.VBox([canvas, shown])"""
CANVASES: Final = {  # code, selector of the canvas, selector of the picture
    "digit pad": (PAD_CODE, ".pad-canvas", ".pad-right"),
    "ipycanvas": (IPYCANVAS_CODE, "canvas", ".peer-picture"),
}
# Measured in the page: from the pointer's last event to the frame after the change.
STOPWATCH: Final = """([surface, picture]) => {
    window.times = [];
    let start = null;
    surface.addEventListener('pointerup', () => { start = performance.now(); }, true);
    const changed = () => {
        if (start === null) return;
        const since = start;
        start = null;
        requestAnimationFrame(() => window.times.push(performance.now() - since));
    };
    const options = { childList: true, subtree: true, attributes: true, characterData: true };
    new MutationObserver(changed).observe(picture, options);
}"""


@dataclass(frozen=True)
class CanvasPage:
    """A canvas on its own page, with its own kernel."""

    page: Page
    surface: Locator
    picture: Locator

    @classmethod
    def open(cls, lesson: Lesson, surface: str, picture: str) -> CanvasPage:
        """Run the cell and start measuring."""
        page = lesson.page
        run = "await jupyterapp.commands.execute('notebook:run-all-cells')"
        lesson.js("await panel.sessionContext.ready;" + run)
        expect(page.locator(surface)).to_be_visible(timeout=labs.TIMEOUT_MS * 2)
        canvas = cls(page, page.locator(surface), page.locator(picture))
        canvas.surface.scroll_into_view_if_needed()
        handles = [canvas.surface.element_handle(), canvas.picture.element_handle()]
        page.evaluate(STOPWATCH, handles)
        return canvas

    def draw(self, digit: str) -> float:
        """Draw a stored one-stroke digit; return milliseconds from pointer-up to picture."""
        self.page.bring_to_front()
        before = self.page.evaluate("window.times.length")
        (stroke,) = drawing.stored()[digit].strokes
        box = self.surface.bounding_box()
        if box is None:
            raise RuntimeError("the canvas is not on the page")
        path = [(box["x"] + x, box["y"] + y) for x, y in stroke]
        mouse = self.page.mouse
        mouse.move(*path[0])
        mouse.down()
        for point in path[1:]:
            mouse.move(*point)
        mouse.up()
        measured = "before => window.times.length > before"
        self.page.wait_for_function(measured, arg=before, timeout=labs.TIMEOUT_MS)
        milliseconds = float(self.page.evaluate("window.times.at(-1)"))
        clear = self.page.get_by_role("button", name="Clear")
        if clear.count() and clear.is_enabled():
            clear.click()
            self.page.wait_for_timeout(150)  # its update must not be measured
        return milliseconds


def measure(times: int, folder: Path) -> dict[str, list[float]]:
    """Alternate between the canvases, so a busy machine slows both down alike."""
    times_of: dict[str, list[float]] = {name: [] for name in CANVASES}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve("lab", folder / "work", folder / "home"))
        browser = labs.launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        canvases = {}
        for name, (code, surface, picture) in CANVASES.items():
            nb = labs.lesson()
            nb.cells = [new_code_cell(code, id="canvas")]
            path = labs.write(nb, server.root / f"{name.replace(' ', '-')}.ipynb")
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            lesson = stack.enter_context(labs.load_lab(page, server).open(path))
            canvases[name] = CanvasPage.open(lesson, surface, picture)
        for _, digit in zip(range(WARM_UP + times), itertools.cycle(DIGITS), strict=False):
            for name, canvas in canvases.items():
                times_of[name].append(canvas.draw(digit))
    return {name: measured[WARM_UP:] for name, measured in times_of.items()}


def table(times_of: dict[str, list[float]]) -> list[str]:
    """Return the lines of the table, and the ratio of the medians."""
    out = ["| | median, ms | p95, ms | max, ms |", "|---|---:|---:|---:|"]
    for name, times in times_of.items():
        slow = statistics.quantiles(times, n=20, method="inclusive")[-1]
        out.append(f"| {name} | {statistics.median(times):.0f} | {slow:.0f} | {max(times):.0f} |")
    ours, theirs = map(statistics.median, times_of.values())
    return [*out, "", f"Ratio of the medians, ipycanvas to digit pad: {theirs / ours:.2f}."]


def run_in_peers_environment() -> None:
    """Run this program again, in the environment that has ipycanvas."""
    python = program("python")
    path = f"{HOME / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    command = [python, "-m", "benchmarks.pad_latency", *sys.argv[1:]]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pad_latency")
    parser.add_argument("--times", type=int, default=40, help="digits to draw per canvas")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    if importlib.util.find_spec("ipycanvas") is None:
        run_in_peers_environment()
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "work").mkdir()
        times_of = measure(options.times, root)
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("ipycanvas", "jupyterlab")
    )
    text = [
        "# From pointer-up to picture",
        "",
        f"Made by `python -m benchmarks.pad_latency`: {options.times} digits drawn",
        f"with each, alternating; {versions}, Python {platform.python_version()},",
        f"{os.cpu_count()} cores.",
        "Compare the rows with each other, not with another machine's.",
        "",
        *table(times_of),
        "",
    ]
    atomic_write.write_text(options.out, "\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
