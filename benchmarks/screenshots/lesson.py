"""Take the README's screenshot of the questions in JupyterLab.

Run as ``python -m benchmarks.screenshots.lesson OUT.png --theme light``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from course import quiz
from course.handout import hand_out
from course.quiz import cells
from tests.browser.lab import TIMEOUT_MS, Lab, launch, load_lab
from tests.browser.servers import Server, serve

ROOT = Path(__file__).resolve().parents[2]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def questions(notebook: Path) -> dict[str, quiz.Question]:
    """Return the graded questions of an instructor's notebook, with their keys."""
    nb = json.loads(notebook.read_text(encoding="utf-8"))
    quizzes = [
        cell
        for cell in nb["cells"]
        if cells.is_quiz(cell) and cells.question_kind(cell) == cells.DEFAULT_KIND
    ]
    return {cell["id"]: quiz.parse(cells.source(cell)) for cell in quizzes}


def right_options(question: quiz.Question) -> list[int]:
    return [index for index, option in enumerate(question.options) if option.ticked]


def open_lab(browser: Browser, server: Server, theme: str, height: int) -> Lab:
    """Open JupyterLab with a theme, at high resolution."""
    size: ViewportSize = {"width": 1000, "height": height}
    page = browser.new_page(viewport=size, device_scale_factor=2)
    lab = load_lab(page, server)
    script = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    page.evaluate(script, THEMES[theme])
    return lab


def take(out: Path, theme: str, lesson: str, folder: Path) -> None:
    """Answer the first question right and the second wrong, and take the screenshot."""
    work = folder / "work"
    hand_out(ROOT / "release", work)
    by_name = questions(ROOT / "source" / lesson)
    first, second = list(by_name)[:2]
    wrong = min(set(range(len(by_name[second].options))) - set(right_options(by_name[second])))
    answers = {first: right_options(by_name[first]), second: [wrong]}
    keys = f"--AnswerKeys.source={ROOT / 'source'}"
    with serve("lab", work, folder / "home", keys) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        lab = open_lab(browser, server, theme, height=900)
        page = lab.page
        page.evaluate("document.fonts.ready.then(() => true)")
        with lab.open(work / lesson) as opened:
            for name, chosen in answers.items():
                opened.tick(name, chosen)
                opened.wait_until_saved(name)
                opened.question(name).get_by_role("button", name="Check").click()
                message = opened.question(name).locator(".course-message")
                expect(message).to_be_visible(timeout=TIMEOUT_MS)
            opened.question(first).evaluate("node => node.scrollIntoView()")
            page.mouse.move(0, 0)
            page.locator(".jp-NotebookPanel:visible").screenshot(path=out)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots.lesson")
    parser.add_argument("out", type=Path, metavar="OUT.png")
    parser.add_argument("--theme", choices=sorted(THEMES), default="light")
    parser.add_argument("--lesson", default="01-intro/intro.ipynb", help="path in release/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        take(options.out, options.theme, options.lesson, Path(folder).resolve())


if __name__ == "__main__":
    main()
