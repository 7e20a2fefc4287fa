"""From pointer-up to picture: the digit pad beside ipycanvas, in one run.

Run it with ``python -m benchmarks.pad_latency``; it takes some two minutes and writes
``pad_latency.md`` beside this file. A stored 9 and a stored 6 are drawn with the mouse in
JupyterLab, time and again, by turns on each canvas; the clock starts at the pointer's last event
and stops when the page shows the new 28 by 28 picture (for ipycanvas: when its last callback has
drawn the small picture). Both do the same steps in the same kind of kernel, in the environment of
the peers (`benchmarks.peers`), for ipycanvas is one of them.
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
# Not one alone: a picture equal to the last would change nothing in the page.
DIGITS: Final = ("9", "6")
WARM: Final = 2  # digits before those that count
PAD: Final = """from course.widgets.digit_pad import DigitPad
pad = DigitPad()
pad"""
PEER: Final = """import io
import ipywidgets
from PIL import Image
from ipycanvas import Canvas
from course import drawing
size = {'width': '280px', 'height': '280px'}  # or the box would stretch it
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
    found = drawing.preprocess(drawing.rasterise([path]))
    file = io.BytesIO()
    Image.fromarray(255 - found.stages[-3].array).save(file, 'PNG')
    shown.value = file.getvalue()
    path.clear()
    canvas.clear()
canvas.on_mouse_down(down); canvas.on_mouse_move(move); canvas.on_mouse_up(up)
ipywidgets.VBox([canvas, shown])"""
CANVASES: Final = {  # the cell, what is drawn on, and what changes when the picture is there
    "digit pad": (PAD, ".pad-canvas", ".pad-right"),
    "ipycanvas": (PEER, "canvas", ".peer-picture"),
}
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


@dataclass(frozen=True)
class Canvas:
    """A canvas on a page of its own, with a kernel of its own."""

    page: Page
    surface: Locator
    place: Locator

    @classmethod
    def opened(cls, lesson: Lesson, surface: str, place: str) -> Canvas:
        """Run the cell, and start the clock of its page."""
        page = lesson.page
        run = "await jupyterapp.commands.execute('notebook:run-all-cells')"
        lesson.js("await panel.sessionContext.ready;" + run)
        expect(page.locator(surface)).to_be_visible(timeout=labs.TIMEOUT_MS * 2)
        found = cls(page, page.locator(surface), page.locator(place))
        found.surface.scroll_into_view_if_needed()
        handles = [found.surface.element_handle(), found.place.element_handle()]
        page.evaluate(CLOCK, handles)
        return found

    def draw(self, digit: str) -> float:
        """Draw a stored digit of one stroke; return milliseconds from pointer-up to picture."""
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
        arrived = "before => window.times.length > before"
        self.page.wait_for_function(arrived, arg=before, timeout=labs.TIMEOUT_MS)
        took = float(self.page.evaluate("window.times.at(-1)"))
        clear = self.page.get_by_role("button", name="Clear")
        if clear.count() and clear.is_enabled():
            clear.click()
            self.page.wait_for_timeout(150)  # its own answer is none of ours
        return took


def measure(times: int, folder: Path) -> dict[str, list[float]]:
    """Draw with each by turns, so that a busy machine is as busy for both."""
    found: dict[str, list[float]] = {name: [] for name in CANVASES}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(serve("lab", folder / "work", folder / "home"))
        browser = labs.launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        canvases = {}
        for name, (code, surface, place) in CANVASES.items():
            nb = labs.lesson()
            nb.cells = [new_code_cell(code, id="canvas")]
            path = labs.write(nb, server.root / f"{name.replace(' ', '-')}.ipynb")
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            lesson = stack.enter_context(labs.load_lab(page, server).open(path))
            canvases[name] = Canvas.opened(lesson, surface, place)
        for _, digit in zip(range(WARM + times), itertools.cycle(DIGITS), strict=False):
            for name, canvas in canvases.items():
                found[name].append(canvas.draw(digit))
    return {name: took[WARM:] for name, took in found.items()}


def table(found: dict[str, list[float]]) -> list[str]:
    """Return the lines of the table, and how many times faster the first is."""
    out = ["| | median, ms | 95 %, ms | longest, ms |", "|---|---:|---:|---:|"]
    for name, times in found.items():
        late = statistics.quantiles(times, n=20, method="inclusive")[-1]
        out.append(f"| {name} | {statistics.median(times):.0f} | {late:.0f} | {max(times):.0f} |")
    ours, theirs = map(statistics.median, found.values())
    return [*out, "", f"By the medians: {theirs / ours:.2f} times as long for ipycanvas."]


def among_the_peers() -> None:
    """Run this program once more, where ipycanvas is."""
    python = program("python")
    path = f"{HOME / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    command = [python, "-m", "benchmarks.pad_latency", *sys.argv[1:]]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pad_latency")
    parser.add_argument("--times", type=int, default=40, help="digits to draw with each")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    if importlib.util.find_spec("ipycanvas") is None:
        among_the_peers()
        return
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder).resolve()
        (room / "work").mkdir()
        found = measure(chosen.times, room)
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("ipycanvas", "jupyterlab")
    )
    text = [
        "# From pointer-up to picture",
        "",
        f"Made by `python -m benchmarks.pad_latency`: {chosen.times} digits drawn",
        f"with each, by turns; {versions}, Python {platform.python_version()},",
        f"{os.cpu_count()} cores.",
        "Compare the lines with each other, not with another machine's.",
        "",
        *table(found),
        "",
    ]
    atomic_write.write_text(chosen.out, "\n".join(text))
    print("\n".join(text))


if __name__ == "__main__":
    main()
