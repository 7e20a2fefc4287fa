"""Objectives lead to their exercises, boxes unfold by keyboard, the lecture opens as a page."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import lab as labs
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
RELEASE = Path(__file__).resolve().parents[2] / "release"
LESSON = RELEASE / "01-intro"


@pytest.fixture
def first_lesson(server: Server) -> Path:
    folder = server.root / "with-lecture" / LESSON.name
    shutil.copytree(LESSON, folder, dirs_exist_ok=True)
    return folder / "intro.ipynb"


def assert_leads_to(page: Page, link: str, target: Locator) -> None:
    """Follow a link of the objectives, and see what it promises."""
    expect(target).to_be_attached()
    expect(target).not_to_be_in_viewport()
    page.get_by_role("link", name=link, exact=True).first.click()
    expect(target).to_be_in_viewport()


def assert_opens_by_keyboard(page: Page) -> None:
    """Open and close a folded box with Enter, without editing the cell that holds it."""
    fold = page.locator("summary", has_text="five tasks that need something else")
    fold.scroll_into_view_if_needed()
    box = page.locator("details", has=fold)
    for is_open in (True, False):
        fold.focus()
        page.keyboard.press("Enter")
        expect(box).to_have_js_property("open", is_open)
        expect(page.locator(".jp-MarkdownCell:not(.jp-mod-rendered)")).to_have_count(0)
    page.keyboard.press("Space")
    expect(box).to_have_js_property("open", value=True)


def test_objectives_boxes_and_lecture_in_jupyterlab(lab: labs.Lab, first_lesson: Path) -> None:
    with lab.open(first_lesson) as lesson:
        page = lesson.page
        assert_leads_to(
            page,
            "Exercise 3",
            page.get_by_role("feed", name="Cells").get_by_text("Compute both ratios."),
        )
        lesson.js("await content.scrollToItem(0)")
        assert_leads_to(page, "questions 3, 7", page.locator("[data-name=quiz-what]"))
        assert_opens_by_keyboard(page)
        lesson.js("await content.scrollToItem(0)")
        page.get_by_role("link", name="its text").click()
        lecture = page.frame_locator(".jp-HTMLViewer iframe")
        expect(lecture.get_by_role("heading", name="5.2 Autoencoder structure")).to_be_attached()
        page.evaluate("jupyterapp.shell.currentWidget.dispose()")


def test_objectives_boxes_and_lecture_in_notebook_7(
    page: Page, server: Server, first_lesson: Path
) -> None:
    labs.open_in_notebook(page, server, first_lesson)
    assert_leads_to(page, "Exercise 1", page.get_by_text("Write the encoder and"))
    assert_opens_by_keyboard(page)
    link = page.get_by_role("link", name="its text")
    link.scroll_into_view_if_needed()
    with page.context.expect_page() as opened:
        link.click()
    lecture = opened.value
    expect(lecture.get_by_role("heading", name="5.2 Autoencoder structure")).to_be_attached()
    lecture.close()
