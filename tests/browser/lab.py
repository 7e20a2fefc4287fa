"""JupyterLab as a learner's hands and eyes meet it: open a lesson, answer, save, close."""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser, Locator, Page, Playwright, expect

from tests.browser.install import MISSING, chromium
from tests.browser.servers import Server, serve

PATIENCE = 30_000  # milliseconds; the machine may be busy with other tests
Hand = Literal["mouse", "touch", "keyboard"]
_FLAGS = [
    "--no-sandbox",  # Chromium does not start as root with it
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a kernel tells of its language; without it JupyterLab would add it to the file on saving.
_LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": platform.python_version(),
}


def launch(playwright: Playwright) -> Browser:
    """Start Chromium.

    Raises:
        RuntimeError: There is none.
    """
    path = chromium()
    if path is None:
        raise RuntimeError(MISSING)
    return playwright.chromium.launch(executable_path=path, args=_FLAGS)


def question(name: str, source: str, *, multiple: bool = False) -> NotebookNode:
    """Return a quiz cell as a release holds it."""
    cell: NotebookNode = new_markdown_cell(source, id=name)
    cell.metadata["course"] = {"quiz": {"credit": "all-or-nothing", "multiple": multiple}}
    cell.metadata["nbgrader"] = {
        "cell_type": "markdown",
        "grade": True,
        "grade_id": name,
        "locked": False,
        "points": 1,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    return cell


def prediction(name: str, source: str) -> NotebookNode:
    """Return a prediction's cell as a release holds it."""
    cell: NotebookNode = new_markdown_cell(source, id=name)
    cell.metadata["course"] = {"prediction": {"multiple": False}}
    return cell


def lesson(*cells: NotebookNode) -> NotebookNode:
    """Return a notebook of these cells that Jupyter does not trust, for its output is unsigned."""
    first = new_markdown_cell("# A lesson\n\nSome words.", id="title")
    output = new_output("display_data", {"text/html": "<b>unsigned</b>", "text/plain": "x"})
    last = new_code_cell("x = 1", id="code", outputs=[output], execution_count=1)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": _LANGUAGE}
    made: NotebookNode = new_notebook(cells=[first, *cells, last], metadata=metadata)
    return made


def write(nb: NotebookNode, path: Path) -> Path:
    """Write a notebook as Jupyter's server writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


@dataclass(frozen=True)
class Lesson:
    """A notebook open in the page."""

    page: Page
    path: Path

    def question(self, name: str) -> Locator:
        """Return the drawing of a question; the first, if the cell was copied."""
        return self.page.locator(f".course-question[data-name='{name}']:visible").first

    def sources(self) -> dict[str, str]:
        """Return the cells' sources as the file holds them, by cell id."""
        cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        return {cell["id"]: "".join(cell["source"]) for cell in cells}

    def js(self, code: str, argument: Any = None) -> Any:
        """Run JavaScript with ``panel``, ``content`` and ``argument`` at hand."""
        given = "const panel = window.opened; const { content } = panel;"
        return self.page.evaluate(f"async argument => {{ {given} {code} }}", argument)

    def bring(self, name: str) -> Locator:
        """Scroll to a question; far from the window a cell is not in the page at all."""
        script = """
            const own = model => model.getMetadata('nbgrader')?.grade_id ?? model.id;
            const index = [...panel.model.cells].findIndex(model => own(model) === argument);
            await content.scrollToItem(index);
        """
        self.js(script, name)
        found = self.question(name)
        expect(found).to_be_visible(timeout=PATIENCE)
        return found

    def tick(self, name: str, options: Sequence[int], hand: Hand = "mouse") -> None:
        """Tick options of a question; with the keyboard, beginning from the cell before it."""
        found = self.bring(name)
        for index in options:
            box = found.locator(".course-box").nth(index)
            if hand == "mouse":
                found.locator(".course-text").nth(index).click(position={"x": 3, "y": 8})
            elif hand == "touch":
                box.tap()
            elif box.get_attribute("type") == "checkbox":
                found.locator(".course-box").first.focus()
                for _ in range(index):
                    self.page.keyboard.press("Tab")
                self.page.keyboard.press("Space")
            else:
                found.locator(".course-box").first.focus()
                self.page.keyboard.press("Space")
                for _ in range(index):
                    self.page.keyboard.press("ArrowDown")
            expect(box).to_be_checked()

    def saved(self, name: str) -> None:
        """Wait until the page says that an answer is saved."""
        state = self.question(name).locator(".course-state")
        expect(state).to_have_text("Saved", timeout=PATIENCE)


@dataclass(frozen=True)
class Lab:
    """A page of JupyterLab, loaded once; lessons open and close in it."""

    page: Page
    server: Server

    @contextlib.contextmanager
    def open(self, path: Path) -> Iterator[Lesson]:
        """Open a notebook of the server's folder, and close it without asking."""
        place = path.relative_to(self.server.root).as_posix()
        script = """async path => {
            const panel = await jupyterapp.commands.execute('docmanager:open', { path });
            await panel.context.ready;
            await panel.revealed;
            window.opened = panel;
        }"""
        self.page.evaluate(script, place)
        try:
            yield Lesson(self.page, path)
        finally:
            script = """async () => {
                const panel = window.opened;
                await panel.sessionContext.shutdown().catch(() => {});
                if (panel.context.model.dirty) await panel.context.save();
                panel.dispose();
            }"""
            self.page.evaluate(script)


def load_lab(page: Page, server: Server) -> Lab:
    """Load JupyterLab in a page."""
    page.goto(server.page("lab", ""))
    page.wait_for_function("window.jupyterapp !== undefined", timeout=PATIENCE * 2)
    page.evaluate("jupyterapp.restored.then(() => true)")
    page.evaluate("jupyterapp.shell.collapseLeft()")
    return Lab(page, server)


def answer_by_clicking(
    browser: Browser, notebook: Path, answers: dict[str, Sequence[int]], home: Path
) -> None:
    """Open a notebook in JupyterLab, click the answers, and come back when they are saved.

    Args:
        browser: From `launch`, or the fixture of the same name.
        notebook: Any student's notebook; it is changed in its place.
        answers: Indices of the options to click, by the question's name.
        home: An empty folder for what the server writes.
    """
    with serve("lab", notebook.parent, home) as server:
        page = browser.new_page()
        try:
            with load_lab(page, server).open(notebook) as opened:
                for name, options in answers.items():
                    opened.tick(name, options)
                    opened.saved(name)
        finally:
            page.close()
