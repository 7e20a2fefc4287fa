"""The slides in a browser: opened from the disk, without a network, with the keyboard."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.lab import new_context
from tests.browser.test_book import findings

ROOT: Final = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]
EXECUTED: Final = "06-digit-canvas"
LESSONS: Final = sorted(path.name for path in (ROOT / "release").iterdir() if path.is_dir())
OVERFLOWING: Final = """() => {
    const deck = document.querySelector(".reveal");
    deck.classList.add("measuring");
    const slides = [...document.querySelectorAll(".slides > section > section")];
    const found = slides.filter((s) => s.offsetHeight > 720 || s.scrollWidth > 1280);
    const cut = [...document.querySelectorAll("img")].filter((i) => i.naturalWidth === 0);
    deck.classList.remove("measuring");
    return [slides.length, found.map((s) => s.textContent.slice(0, 60)), cut.length];
}"""
CURRENT: Final = """() => {
    const slide = Reveal.getCurrentSlide();
    return [slide.checkVisibility(), slide.querySelector("h1, h2").textContent];
}"""


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("slides") / "built"
    command = [sys.executable, "-m", "book.slides", "--out", str(out), "--run", EXECUTED]
    subprocess.run(command, cwd=ROOT, check=True)
    return out


@pytest.fixture
def offline(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page without a network, which fails if anything is asked for elsewhere."""
    options: Any = {"color_scheme": getattr(request, "param", "light"), "offline": True}
    context = new_context(browser, viewport={"width": 1280, "height": 720}, **options)
    asked: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert errors == []


def open_deck(page: Page, decks: Path, lesson: str) -> None:
    page.goto((decks / f"{lesson}.html").as_uri())
    page.wait_for_function("window.Reveal?.isReady()")


def test_no_slide_overflows(offline: Page, decks: Path) -> None:
    for lesson in LESSONS:
        open_deck(offline, decks, lesson)
        count, found, broken = offline.evaluate(OVERFLOWING)
        assert count > 30
        assert (lesson, found, broken) == (lesson, [], 0)


def test_the_keyboard_leads_through_a_deck(offline: Page, decks: Path) -> None:
    open_deck(offline, decks, EXECUTED)
    total = offline.evaluate("Reveal.getTotalSlides()")
    seen = [offline.evaluate(CURRENT)]
    for number in range(2, total + 1):
        offline.keyboard.press("Space")
        expect(offline.locator(".slide-number")).to_have_text(f"{number} / {total}")
        seen.append(offline.evaluate(CURRENT))
    assert offline.evaluate("Reveal.isLastSlide()")
    assert all(visible for visible, _ in seen)
    titles = [title for _, title in seen]
    assert titles[0] == "The digit canvas"
    assert titles.count("Vote") == 3
    assert [title for title in titles if title.startswith("Your turn: exercise 6")]
    page = offline.locator("html")
    expect(page).to_have_attribute("data-theme", "light")
    offline.keyboard.press("d")
    expect(page).to_have_attribute("data-theme", "dark")


@pytest.mark.parametrize("offline", ["light", "dark"], indirect=True)
def test_slides_are_accessible(offline: Page, decks: Path) -> None:
    open_deck(offline, decks, EXECUTED)
    for selector in (".exercise", ".box", ":has(> table)"):
        slide = offline.locator(f".slides > section > section{selector}").first
        slide.evaluate("s => { const { h, v } = Reveal.getIndices(s); Reveal.slide(h, v); }")
        expect(slide).to_be_visible()
        assert (selector, findings(offline)) == (selector, [])
    offline.goto((decks / "index.html").as_uri())
    assert findings(offline) == []
    expect(offline.get_by_role("link")).to_have_count(len(LESSONS))


def test_explorers_are_pictures_with_a_description(offline: Page, decks: Path) -> None:
    open_deck(offline, decks, EXECUTED)
    images = offline.locator(".figure img")
    texts = [image.get_attribute("alt") or "" for image in images.all()]
    assert len(texts) >= 8
    assert [text for text in texts if len(text) < 20] == []
