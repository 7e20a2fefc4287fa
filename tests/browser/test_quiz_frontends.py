"""The same questions in Notebook 7, and in JupyterLab without the extension."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page, expect

from course import quiz
from tests.browser.lab import Lab, load_lab, option
from tests.browser.servers import COURSE, Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WriteLesson = Callable[..., Path]


@pytest.mark.usefixtures("answer_keys")
def test_a_question_is_answered_and_checked_in_notebook_7(
    page: Page, server: Server, write_lesson: WriteLesson
) -> None:
    path = write_lesson()
    url = server.page("notebook", path.relative_to(server.root).as_posix())
    page.goto(url)
    kind = page.locator(".course-question[data-name=kind]")
    expect(kind).to_be_visible()
    count = page.locator(".course-count")
    expect(count).to_have_text("0 of 3 answered")
    left = "node => node.getBoundingClientRect().left"
    paper = page.locator(".jp-WindowedPanel-viewport").evaluate(left)
    first_part = page.locator(".course-progress > *").first
    assert abs(first_part.evaluate(left) - paper) < 24  # the bar is aligned
    option(kind, 1).locator(".course-text").click(position={"x": 3, "y": 8})
    expect(kind.locator(".course-state")).to_have_text("Saved")
    kind.get_by_role("button", name="Check").click()
    message = kind.locator(".course-message")
    expect(message).to_have_text("Correct.")
    option(kind, 1).get_by_role("radio").focus()
    for key in ("d", "d", "x", "a"):
        page.keyboard.press(key)
    expect(option(kind, 1).get_by_role("radio")).to_be_focused()
    page.get_by_role("button", name="Next unanswered question").click()
    sizes = page.locator(".course-question[data-name=sizes]")
    expect(sizes.get_by_role("checkbox").first).to_be_focused()
    page.goto(url)
    expect(option(kind, 1).get_by_role("radio")).to_be_checked()
    expect(count).to_have_text("1 of 3 answered")


def test_without_the_extension_a_typed_answer_writes_the_same_file(
    page: Page, server: Server, lab: Lab, write_lesson: WriteLesson
) -> None:
    clicked, typed = write_lesson(), write_lesson()
    with lab.open(clicked) as lesson:
        lesson.js("await panel.sessionContext.ready")
        lesson.tick("kind", [1])
        lesson.wait_until_saved("kind")
    page.route("**/autoencoder-course/**", lambda route: route.abort())
    with load_lab(page, server).open(typed) as lesson:
        lesson.js("await panel.sessionContext.ready")
        source = lesson.sources()["kind"]
        page.locator(".jp-MarkdownOutput", has_text="RBMs?").dblclick()
        page.locator(".jp-MarkdownCell.jp-mod-active .cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(quiz.mark(source, frozenset({1})))
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".course-question")).to_have_count(0)
        expect(page.locator(".jp-MarkdownOutput input:checked")).to_have_count(1)
        page.keyboard.press("Control+s")
        page.wait_for_function("!window.opened.context.model.dirty")
    assert typed.read_bytes() == clicked.read_bytes()


def test_the_installed_extension_is_up_to_date() -> None:
    """Learners see the installed copy; `make` renews it when a file changes."""
    installed = Path(sys.prefix, "share", "jupyter", "labextensions", "autoencoder-course")
    if not installed.is_dir():
        pytest.skip("the course is not installed in this environment")
    source = COURSE / "labextension"
    names = sorted(path.relative_to(source) for path in source.rglob("*") if path.is_file())
    assert names == sorted(
        path.relative_to(installed) for path in installed.rglob("*") if path.is_file()
    )
    for name in names:
        assert (installed / name).read_bytes() == (source / name).read_bytes(), name
    settings = Path(sys.prefix, "etc", "jupyter", "jupyter_server_config.d")
    config = json.loads((settings / "autoencoder-course.json").read_text())
    assert config == {"ServerApp": {"jpserver_extensions": {"course.server": True}}}


def test_the_extension_is_small_and_has_no_dependencies() -> None:
    scripts = sorted((COURSE / "labextension" / "static").glob("*.js"))
    assert sum(len(script.read_text().splitlines()) for script in scripts) < 2700
    package = json.loads((COURSE / "labextension" / "package.json").read_text())
    assert not {"dependencies", "devDependencies", "peerDependencies"} & set(package)


def test_a_lesson_is_valid_and_untrusted(write_lesson: WriteLesson) -> None:
    notebook = nbformat.read(write_lesson(), as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[-1].outputs[0].data["text/html"]
