"""JupyterLab and Notebook 7 as a learner uses them: open a lesson, answer, save, close."""

from __future__ import annotations

import contextlib
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from tests.browser.install import NO_CHROMIUM, chromium
from tests.browser.servers import TIMEOUT_S, Server, serve

TIMEOUT_MS = 1000 * TIMEOUT_S
InputDevice = Literal["mouse", "touch", "keyboard"]
_FLAGS = [
    "--no-sandbox",  # Chromium does not start as root with it
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# What a kernel says about its language. Without it, JupyterLab would add it to the file on saving.
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
    """Start Chromium, and let everything it waits for take `TIMEOUT_MS`.

    Raises:
        RuntimeError: No Chromium is installed.
    """
    path = chromium()
    if path is None:
        raise RuntimeError(NO_CHROMIUM)
    expect.set_options(timeout=TIMEOUT_MS)
    return playwright.chromium.launch(executable_path=path, args=_FLAGS)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Return a new context whose pages wait up to `TIMEOUT_MS`."""
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT_MS)
    return context


def wait_until(page: Page, condition: Callable[[], bool], timeout_s: float = TIMEOUT_S) -> None:
    """Wait until a condition holds that Playwright can't wait for.

    Raises:
        TimeoutError: It didn't hold in time.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition.__name__} did not hold within {timeout_s} s")
        page.wait_for_timeout(50)


def question(
    name: str, source: str, *, multiple: bool = False, kind: str = "choice"
) -> NotebookNode:
    """Return a quiz cell as a release holds it."""
    cell: NotebookNode = new_markdown_cell(source, id=name)
    settings = {"credit": "all-or-nothing", "multiple": multiple}
    cell.metadata["course"] = {"quiz": settings | ({} if kind == "choice" else {"kind": kind})}
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
    """Return the cell of a prediction as a release holds it."""
    cell: NotebookNode = new_markdown_cell(source, id=name)
    cell.metadata["course"] = {"prediction": {"multiple": False}}
    return cell


def lesson(*cells: NotebookNode) -> NotebookNode:
    """Return a notebook with these cells; Jupyter doesn't trust its unsigned output."""
    first = new_markdown_cell("# A lesson\n\nSome words.", id="title")
    output = new_output("display_data", {"text/html": "<b>unsigned</b>", "text/plain": "x"})
    last = new_code_cell("x = 1", id="code", outputs=[output], execution_count=1)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": _LANGUAGE}
    notebook: NotebookNode = new_notebook(cells=[first, *cells, last], metadata=metadata)
    return notebook


def write(nb: NotebookNode, path: Path) -> Path:
    """Write a notebook as Jupyter's server does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, path)
    return path


PLACE = "box => [...box.closest('fieldset').querySelectorAll('.course-box')].indexOf(box)"


def option(question: Locator, index: int) -> Locator:
    """Return an option by its place in the text; each student sees another order."""
    return question.locator(f".course-option[data-index='{index}']")


@dataclass(frozen=True)
class Lesson:
    """A notebook that is open on a page."""

    page: Page
    path: Path

    def question(self, name: str) -> Locator:
        """Return the controls of a question; those of the first cell, if it was copied."""
        return self.page.locator(f".course-question[data-name='{name}']:visible").first

    def sources(self) -> dict[str, str]:
        """Return the sources of the cells in the file, by cell id."""
        cells = json.loads(self.path.read_text(encoding="utf-8"))["cells"]
        return {cell["id"]: "".join(cell["source"]) for cell in cells}

    def js(self, code: str, argument: Any = None) -> Any:
        """Run JavaScript that may use ``panel``, ``content`` and ``argument``."""
        variables = "const panel = window.opened; const { content } = panel;"
        return self.page.evaluate(f"async argument => {{ {variables} {code} }}", argument)

    def scroll_to(self, name: str) -> Locator:
        """Scroll to a question; cells far from the window aren't rendered."""
        script = """
            const nameOf = model => model.getMetadata('nbgrader')?.grade_id ?? model.id;
            const index = [...panel.model.cells].findIndex(model => nameOf(model) === argument);
            await content.scrollToItem(index);
        """
        self.js(script, name)
        question = self.question(name)
        expect(question).to_be_visible()
        return question

    def tick(self, name: str, options: Sequence[int], device: InputDevice = "mouse") -> None:
        """Tick options of a question, given by their places in the text."""
        question = self.scroll_to(name)
        for index in options:
            row = option(question, index)
            box = row.locator(".course-box")
            place = box.evaluate(PLACE)
            if device == "mouse":
                row.locator(".course-text").click(position={"x": 3, "y": 8})
            elif device == "touch":
                box.tap()
            elif box.get_attribute("type") == "checkbox":
                question.locator(".course-box").first.focus()
                for _ in range(place):
                    self.page.keyboard.press("Tab")
                self.page.keyboard.press("Space")
            else:
                question.locator(".course-box").first.focus()
                self.page.keyboard.press("Space")
                for _ in range(place):
                    self.page.keyboard.press("ArrowDown")
            expect(box).to_be_checked()

    def wait_until_saved(self, name: str) -> None:
        """Wait until the page shows that an answer is saved."""
        state = self.question(name).locator(".course-state")
        expect(state).to_have_text("Saved")


@dataclass(frozen=True)
class Lab:
    """A page that shows JupyterLab, in which lessons are opened and closed."""

    page: Page
    server: Server

    @contextlib.contextmanager
    def open(self, path: Path, **options: Any) -> Iterator[Lesson]:
        """Open a notebook in the server's folder; in the end, save and close it.

        The options are those of JupyterLab's command.
        """
        relative = path.relative_to(self.server.root).as_posix()
        script = """async options => {
            const panel = await jupyterapp.commands.execute('docmanager:open', options);
            await panel.context.ready;
            await panel.revealed;
            return window.opened = panel;
        }"""
        # Another notebook may be opened meanwhile, and become `window.opened`.
        panel = self.page.evaluate_handle(script, {"path": relative, **options})
        try:
            yield Lesson(self.page, path)
        finally:
            script = """async panel => {
                await panel.sessionContext.shutdown().catch(() => {});
                if (panel.context.model.dirty) await panel.context.save();
                panel.dispose();
            }"""
            panel.evaluate(script)


def load_lab(page: Page, server: Server) -> Lab:
    """Load JupyterLab in a page."""
    page.set_default_timeout(TIMEOUT_MS)
    page.goto(server.page("lab", ""))
    page.wait_for_function("window.jupyterapp !== undefined")
    page.evaluate("jupyterapp.restored.then(() => true)")
    page.evaluate("jupyterapp.shell.collapseLeft()")
    return Lab(page, server)


def open_in_notebook(page: Page, server: Server, path: Path) -> Lesson:
    """Open a notebook in Notebook 7."""
    page.goto(server.page("notebook", path.relative_to(server.root).as_posix()))
    script = """() => {
        const panel = window.jupyterapp?.shell.currentWidget;
        if (panel?.context?.isReady) window.opened = panel;
        return window.opened !== undefined;
    }"""
    page.wait_for_function(script)
    return Lesson(page, path)


def answer_by_clicking(
    browser: Browser, notebook: Path, answers: dict[str, Sequence[int]], home: Path
) -> None:
    """Open a notebook in JupyterLab, click the answers, and wait until they are saved.

    Args:
        browser: From `launch`.
        notebook: A student's notebook, which is changed in place.
        answers: Indices of the options to click, by the name of the question.
        home: An empty folder for the server's own files.
    """
    with serve("lab", notebook.parent, home) as server:
        context = new_context(browser)
        try:
            with load_lab(context.new_page(), server).open(notebook) as opened:
                for name, options in answers.items():
                    opened.tick(name, options)
                    opened.wait_until_saved(name)
        finally:
            context.close()
