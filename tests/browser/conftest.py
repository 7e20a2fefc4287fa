"""One server, one Chromium and one JupyterLab for all browser tests."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from nbformat import NotebookNode
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from course import quiz
from tests.browser import lab as labs
from tests.browser.install import NO_CHROMIUM, chromium
from tests.browser.servers import COURSE, Server, serve

STATIC = COURSE / "labextension" / "static"
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
    """A Chromium; not for the whole session, because its event loop would disturb other tests."""
    if chromium() is None:
        pytest.skip(NO_CHROMIUM)
    with sync_playwright() as playwright:
        browser = labs.launch(playwright)
        yield browser
        browser.close()


def is_local(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in {"data", "blob", "about"} or address.hostname in {
        "127.0.0.1",
        "localhost",
    }


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A touch screen with mouse and keyboard, whose requests must stay on this machine."""
    requests: list[str] = []
    viewport = {"width": 1280, "height": 900}
    context = labs.new_context(browser, has_touch=True, viewport=viewport)
    context.on("request", lambda request: requests.append(request.url))
    yield context
    context.close()
    assert not [url for url in requests if not is_local(url)]


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("root").resolve()
    home = tmp_path_factory.mktemp("home") / "jupyter"
    with serve("lab", root, home, variables={"JUPYTERHUB_USER": "jane"}) as server:
        yield server


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
def write_lesson(server: Server) -> Callable[..., Path]:
    """Return a function that writes a student's notebook into a new folder on the server."""
    numbers = itertools.count(1)
    folder = next(
        path for n in itertools.count(1) if not (path := server.root / f"{n:02}-any").exists()
    )

    def write(*cells: NotebookNode) -> Path:
        nb = labs.lesson(*(cells or student_cells()))
        return labs.write(nb, folder / f"lesson-{next(numbers)}.ipynb")

    return write


@pytest.fixture
def answer_keys(server: Server) -> Iterator[Path]:
    """Give the server the instructor's notebooks, with the answers, for one test."""
    source = server.root / "source"
    labs.write(labs.lesson(*key_cells()), source / "01-lesson" / "lesson.ipynb")
    yield source
    shutil.rmtree(source)


@pytest.fixture
def run(page: Page) -> Callable[..., Any]:
    """Return a function that runs JavaScript in a page that has imported the scripts."""

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if not name:
            route.fulfill(content_type="text/html", body="<!doctype html><title>blank</title>")
            return
        folder = Path(__file__).parent if name == "fake_jupyter.js" else STATIC
        route.fulfill(content_type="text/javascript", path=folder / name)

    page.route("http://localhost/**", answer)
    page.goto("http://localhost/")
    page.evaluate(
        """async () => Object.assign(window, await import('./text.js'),
           await import('./question.js'), await import('./notebook.js'), await import('./order.js'),
           await import('./progress.js'), await import('./exercises.js'),
           await import('./kinds.js'), await import('./fields.js'), await import('./pool.js'),
           await import('./fake_jupyter.js'))"""
    )
    return lambda code, argument=None: page.evaluate(f"async given => {{ {code} }}", argument)
