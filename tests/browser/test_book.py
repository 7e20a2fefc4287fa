"""The book: built with one lesson executed, then read in a browser."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from book.build import PDF_NAME
from tests.browser import axe
from tests.browser.lab import new_context
from tests.browser.servers import serve_files

ROOT: Final = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.xdist_group("browser")]
INTRO: Final = "lessons/01-intro/intro.html"
CANVAS: Final = "lessons/06-digit-canvas/digit-canvas.html"
STANDARDS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Book(NamedTuple):
    folder: Path
    url: str


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    out = tmp_path_factory.mktemp("book") / "built"
    # The command prints its PDF with Playwright, which can't start twice in one process.
    command = [sys.executable, "-m", "book", "--out", str(out), "--run", "06-digit-canvas"]
    subprocess.run(command, cwd=ROOT, check=True)
    with serve_files(out / "html") as address:
        yield Book(out / "html", address)


def open_page(page: Page, address: str) -> Page:
    page.goto(address)
    page.wait_for_selector("[data-ready]", state="attached")
    return page


def names(book: Book) -> list[str]:
    return sorted(
        path.relative_to(book.folder).as_posix()
        for path in book.folder.rglob("*.html")
        if not {"_static", "_downloads", "digits"} & set(path.relative_to(book.folder).parts)
    )


def findings(page: Page) -> list[Any]:
    """Return everything that axe finds, of any impact."""
    page.evaluate(axe._FINISH_ANIMATIONS)
    page.evaluate(axe._AXE)
    results = page.evaluate("runOnly => axe.run(document, { runOnly })", STANDARDS)
    assert len(results["passes"]) > 5
    return [(found["id"], found["nodes"][0]["html"]) for found in results["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_loads_nothing_from_elsewhere(
    browser: Browser, book: Book, scheme: Any
) -> None:
    context = new_context(browser, color_scheme=scheme)
    requests: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    try:
        assert {INTRO, CANVAS, "index.html", "search.html"} <= set(names(book))
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        for name in (
            names(book) if scheme == "light" else ["index.html", "train.html", INTRO, CANVAS]
        ):
            open_page(page, book.url + name)
            assert page.locator("html").get_attribute("data-theme") == scheme
            assert (name, findings(page)) == (name, [])
        assert errors == []
    finally:
        context.close()
    assert [url for url in requests if not url.startswith((book.url, "data:", "blob:"))] == []


def test_a_question_is_checked_in_the_page_with_the_keyboard(page: Page, book: Book) -> None:
    open_page(page, book.url + INTRO)
    question = page.locator(".book-question:has(button)").first
    status, button = question.get_by_role("status"), question.get_by_role("button", name="Check")
    button.click()
    expect(status).to_have_text("Choose an answer first.")
    radios = question.get_by_role("radio")
    wrong = question.locator(".question-option.wrong input").first
    wrong.check()
    button.click()
    expect(status).to_contain_text("Not correct.")
    expect(question.locator(".question-option.checked .option-explanation")).to_be_visible()
    right = question.locator(".question-option.right input")
    steps = [option.is_checked() for option in question.get_by_role("radio").all()]
    wanted = question.locator(".question-option").evaluate_all(
        "options => options.findIndex((option) => option.classList.contains('right'))"
    )
    wrong.focus()
    for _ in range((wanted - steps.index(True)) % radios.count()):
        page.keyboard.press("ArrowDown")
    expect(right).to_be_checked()
    expect(status).to_be_empty()
    button.press("Enter")
    expect(status).to_have_text("Correct.")


def test_a_number_is_checked_in_the_page(page: Page, book: Book) -> None:
    open_page(page, book.url + INTRO)
    question = page.locator(".book-fields")
    status, button = question.get_by_role("status"), question.get_by_role("button", name="Check")
    button.click()
    expect(status).to_have_text("Fill in an answer first.")
    answer = question.get_by_role("textbox", name="The error is …")
    answer.fill("0,75")
    button.click()
    expect(status).to_have_text("Not quite.")
    expect(question.locator(".field-texts .shown")).to_contain_text("as Keras does")
    answer.fill("3.0")
    expect(status).to_be_empty()
    expect(question.locator(".field-texts .shown")).to_have_count(0)
    answer.press("Tab")
    page.keyboard.press("Enter")
    expect(status).to_have_text("Correct.")
    expect(question.get_by_role("img", name="correct", exact=True)).to_be_visible()


def test_places_and_choices_are_selects(page: Page, book: Book) -> None:
    open_page(page, book.url + CANVAS)
    question = page.locator(".book-fields")
    for select, letter in zip(question.locator("select").all(), "CAB", strict=True):
        select.select_option(letter)
    question.get_by_role("button", name="Check").click()
    expect(question.get_by_role("status")).to_have_text("Not quite. 2 of 3 are right.")
    expect(question.get_by_role("img", name="incorrect")).to_have_count(1)


def test_the_pad_of_lesson_6_reads_a_digit_in_the_page(page: Page, book: Book) -> None:
    open_page(page, book.url + CANVAS)
    pad = page.locator('.book-widget[data-widget="digit_pad"][data-live]').last
    pad.get_by_label("Load a sample digit").select_option("3")
    expect(pad.locator(".pad-words")).to_contain_text("Read as 3")
    expect(pad.locator(".pad-strip li")).to_have_count(9)


def test_a_phone_shows_a_lesson_without_scrolling_sideways(browser: Browser, book: Book) -> None:
    context = new_context(browser, viewport={"width": 390, "height": 844}, is_mobile=True)
    try:
        page = open_page(context.new_page(), book.url + CANVAS)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        context.close()


def test_the_search_finds_a_word_of_a_lesson(page: Page, book: Book) -> None:
    page.goto(f"{book.url}search.html?q=bottleneck")
    expect(page.locator("#search-results li a").first).to_be_visible()


def test_figures_have_alternative_texts(book: Book) -> None:
    text = (book.folder / CANVAS).read_text(encoding="utf-8")
    assert text.count('<img alt="') > 3
    assert '<img alt=""' not in text


def test_the_lessons_are_one_tagged_pdf_with_bookmarks(book: Book) -> None:
    content = (book.folder / PDF_NAME).read_bytes()
    assert f'href="{PDF_NAME}"' in (book.folder / "index.html").read_text(encoding="utf-8")
    assert content.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in content
    assert b"/Outlines" in content
    assert content.count(b"/Title") > 100


def test_the_guides_and_the_reference_are_pages(book: Book) -> None:
    assert {
        *("docs/first-assignment.html", "docs/exams.html", "deploy/README.html", "SECURITY.html"),
        *("reference/commands.html", "reference/settings.html", "reference/course.data.html"),
    } <= set(names(book))
