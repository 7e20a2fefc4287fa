"""Take the README's picture of the questions, in JupyterLab as a learner sees it.

Run as ``python -m benchmarks.screenshots.lesson OUT.png --theme light``.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, expect, sync_playwright

from course import quiz
from course.handout import hand_out
from course.quiz import cells
from tests.browser.lab import TIMEOUT_MS, launch, load_lab
from tests.browser.servers import serve

ROOT = Path(__file__).resolve().parents[2]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def questions(notebook: Path) -> dict[str, quiz.Question]:
    """Return the graded questions of an instructor's notebook, with their keys."""
    nb = json.loads(notebook.read_text(encoding="utf-8"))
    found = [cell for cell in nb["cells"] if cells.is_quiz(cell)]
    return {cell["id"]: quiz.parse(cells.source(cell)) for cell in found}


def right(question: quiz.Question) -> list[int]:
    """Return the indices of the right options."""
    return [index for index, option in enumerate(question.options) if option.ticked]


def take(out: Path, theme: str, lesson: str, folder: Path) -> None:
    """Answer the lesson's first question right and its second wrong, and look at it."""
    work = folder / "work"
    hand_out(ROOT / "release", work)
    asked = questions(ROOT / "source" / lesson)
    first, second = list(asked)[:2]
    wrong = min(set(range(len(asked[second].options))) - set(right(asked[second])))
    answers = {first: right(asked[first]), second: [wrong]}
    keys = f"--AnswerKeys.source={ROOT / 'source'}"
    with serve("lab", work, folder / "home", keys) as server, sync_playwright() as playwright:
        browser = launch(playwright)
        size: ViewportSize = {"width": 1000, "height": 900}
        page = browser.new_page(viewport=size, device_scale_factor=2)
        lab = load_lab(page, server)
        script = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
        page.evaluate(script, THEMES[theme])
        page.evaluate("document.fonts.ready.then(() => true)")
        with lab.open(work / lesson) as opened:
            for name, options in answers.items():
                opened.tick(name, options)
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
    parser.add_argument("--lesson", default="01-intro/intro.ipynb", help="as in release/")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        take(chosen.out, chosen.theme, chosen.lesson, Path(folder).resolve())


if __name__ == "__main__":
    main()
