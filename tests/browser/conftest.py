"""One server, one Chromium and one JupyterLab for all browser tests of a run."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from course import quiz
from tests.browser import lab as labs
from tests.browser.install import MISSING, chromium
from tests.browser.servers import Server, serve

expect.set_options(timeout=labs.PATIENCE)  # the machine may be busy with other tests

KIND = """**What is the difference between autoencoders and RBMs?** Let $x$ be a picture.

- [ ] Autoencoders are used for supervised learning.
  > Neither needs labels: $x$ is its own target.
- [x] Autoencoders use a deterministic approach, but RBMs use a stochastic approach.
  > An RBM samples its hidden units.
- [ ] There is [no](https://example.org/) difference in `code`, is there?
  > There is.
"""
SIZES = """**Which codes are smaller than the picture?**

- [x] $z \\in \\mathbb{R}^{30}$
  > 30 numbers for 784.
- [ ] one of 784 numbers
  > Just as many.
- [x] a single bit
  > Tiny.
"""
RIGHT_TO_LEFT = """**ما هو المشفر؟**

- [ ] صورة
  > لا
- [x] دالة تضغط الصورة
  > نعم
"""
GUESS = "**Before you run it:** which error is larger?\n\n- [ ] the mean image\n- [ ] PCA\n"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium. Not for the whole session: its event loop would be in the way of other tests."""
    if chromium() is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        found = labs.launch(playwright)
        yield found
        found.close()


def stays_here(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in {"data", "blob", "about"} or address.hostname in {
        "127.0.0.1",
        "localhost",
    }


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A touch screen with a mouse and a keyboard, whose requests must stay on this machine."""
    asked: list[str] = []
    context = browser.new_context(has_touch=True, viewport={"width": 1280, "height": 900})
    context.on("request", lambda request: asked.append(request.url))
    yield context
    context.close()
    assert not [url for url in asked if not stays_here(url)]


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("root").resolve()
    with serve("lab", root, tmp_path_factory.mktemp("home") / "jupyter") as found:
        yield found


@pytest.fixture(scope="package")
def lab(context: BrowserContext, server: Server) -> Iterator[labs.Lab]:
    page = context.new_page()
    yield labs.load_lab(page, server)
    page.close()


def key_cells() -> list[NotebookNode]:
    return [
        labs.question("kind", KIND),
        labs.question("sizes", SIZES, multiple=True),
        labs.prediction("guess", GUESS),
        labs.question("rtl", RIGHT_TO_LEFT),
    ]


def student_cells() -> list[NotebookNode]:
    cells = key_cells()
    for cell in cells:
        cell.source = quiz.bare(cell.source)
    return cells


@pytest.fixture
def make(server: Server) -> Callable[..., Path]:
    """Return a function that writes a student's notebook into a new folder of the server."""
    numbers = itertools.count(1)
    folder = next(
        path for n in itertools.count(1) if not (path := server.root / f"{n:02}-any").exists()
    )

    def write(*cells: NotebookNode) -> Path:
        nb = labs.lesson(*(cells or student_cells()))
        return labs.write(nb, folder / f"lesson-{next(numbers)}.ipynb")

    return write


@pytest.fixture
def keys(server: Server) -> Iterator[Path]:
    """The instructor's notebooks, at hand for one test."""
    source = server.root / "source"
    labs.write(labs.lesson(*key_cells()), source / "01-lesson" / "lesson.ipynb")
    yield source
    shutil.rmtree(source)
