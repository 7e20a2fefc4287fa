"""A term leads to its glossary entry, in the lesson where it was clicked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from autograder.publish import build
from tests.browser import lab as labs
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
COURSE = Path(__file__).resolve().parents[2]
FIRST, SECOND = (text.stem for text in list(build.lesson_files(COURSE))[:2])
# Both lessons have this term; each must lead to its own entry.
SHARED_TERM = "glossary-2-overlap"


def copy_lesson(server: Server, stem: str) -> Path:
    """Copy a released lesson into the server's folder."""
    (release,) = (COURSE / "release").glob(f"*/{stem}.ipynb")
    folder = server.root / "with-glossary"
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(release, folder))


def follow_link(page: Page, target: str) -> None:
    """Click the link to an anchor, and see its entry come into view."""
    entry = page.locator(f"li:has(> [data-jupyter-id={target}])")
    expect(entry).to_be_attached()  # cells far from the window are rendered when there is time
    expect(entry).not_to_be_in_viewport()
    link = page.locator(f"a[href='#{target}']")
    link.scroll_into_view_if_needed()
    link.click()
    expect(entry).to_be_in_viewport()


def test_each_open_lesson_leads_to_its_entry_in_jupyterlab(lab: labs.Lab, server: Server) -> None:
    paths = [copy_lesson(server, stem) for stem in (FIRST, SECOND)]
    with lab.open(paths[0]) as lesson:
        follow_link(lesson.page, "glossary-1-bottleneck")
        with lab.open(paths[1]) as other:
            follow_link(other.page, SHARED_TERM)


def test_a_term_leads_to_its_entry_in_notebook_7(page: Page, server: Server) -> None:
    lesson = labs.open_in_notebook(page, server, copy_lesson(server, FIRST))
    follow_link(lesson.page, "glossary-1-linear-probe")
