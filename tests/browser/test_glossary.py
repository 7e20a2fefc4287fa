"""A term leads to its entry in the glossary, in JupyterLab and in Notebook 7."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from autograder.publish import build
from tests.browser.lab import PATIENCE, Lab
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
COURSE = Path(__file__).resolve().parents[2]
FIRST, SECOND = (text.stem for text in list(build.lesson_files(COURSE))[:2])
# Both lessons have the term; each must lead to its own.
OTHER = "glossary-2-overlap"


def placed(server: Server, stem: str) -> Path:
    """A student's copy of a lesson in the server's folder."""
    (release,) = (COURSE / "release").glob(f"*/{stem}.ipynb")
    folder = server.root / "with-glossary"
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(release, folder))


def follow(page: Page, target: str) -> None:
    """Click the link to an anchor, and see its entry come into view."""
    # Cells far from the window are rendered when the browser has time for them.
    entry = page.locator(f"li:has(> [data-jupyter-id={target}])")
    expect(entry).to_be_attached(timeout=PATIENCE)
    expect(entry).not_to_be_in_viewport()
    link = page.locator(f"a[href='#{target}']")
    link.scroll_into_view_if_needed()
    link.click()
    expect(entry).to_be_in_viewport()


def test_in_jupyterlab_each_open_lesson_leads_to_its_own_entry(lab: Lab, server: Server) -> None:
    paths = [placed(server, stem) for stem in (FIRST, SECOND)]
    with lab.open(paths[0]) as lesson:
        follow(lesson.page, "glossary-1-bottleneck")
        with lab.open(paths[1]) as other:
            follow(other.page, OTHER)


def test_in_notebook_7(page: Page, server: Server) -> None:
    path = placed(server, FIRST)
    page.goto(server.page("notebook", path.relative_to(server.root).as_posix()))
    follow(page, "glossary-1-linear-probe")
