"""The start page, as a tab of JupyterLab and as a page."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from course.lessons import LESSONS
from tests.browser.axe import assert_accessible
from tests.browser.lab import load_lab, new_context
from tests.browser.servers import Server
from tests.course.server.test_home import write_lesson

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RULE = "Late: −10% for each day begun after the due date."
HOSTILE = "<img src=x onerror=window.hacked=1>"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture
def lessons(server: Server) -> Iterator[list[Path]]:
    """All lessons of the course, untouched, in the server's folder."""
    paths = [server.root / lesson.name / "lesson.ipynb" for lesson in LESSONS]
    for path in paths:
        write_lesson(path, passed=False, answered=False)
    yield paths
    for path in paths:
        shutil.rmtree(path.parent)


def stop(page: Page, lesson: Path) -> Locator:
    """Return a lesson of the map."""
    return page.locator(f".course-stop[data-name='{lesson.parent.name}']")


def open_page(page: Page, server: Server) -> None:
    page.goto(f"{server.url}course?token={server.token}")
    expect(page.locator(".course-stop").first).to_be_visible()


def open_tab(page: Page, server: Server) -> None:
    page.goto(f"{server.url}course/lab?token={server.token}")
    expect(page.locator(".course-stop").first).to_be_visible()


def test_the_start_page_leads_into_a_lesson_and_back(
    page: Page, server: Server, lessons: list[Path]
) -> None:
    open_tab(page, server)
    expect(page).not_to_have_url(f"{server.url}lab?course=home")  # a reload would open it again
    first = page.locator(".course-next")
    expect(first).to_contain_text("Start here")
    expect(first).to_contain_text(LESSONS[0].title)
    expect(stop(page, lessons[2])).to_contain_text("Not started · 1 exercise · 1 question")
    first.get_by_role("link", name=f"Begin: {LESSONS[0].title}").click()
    notebook = page.locator(".jp-NotebookPanel:visible")
    expect(notebook.locator(".course-count")).to_have_text("0 of 1 exercises pass, 0 of 1 answered")
    notebook.locator(".course-option").first.click()
    expect(notebook.locator(".course-state")).to_have_text("Saved")
    notebook.get_by_role("link", name="Course home").click()
    expect(page.locator(".course-next")).to_contain_text("Continue where you were")
    expect(stop(page, lessons[0])).to_contain_text(
        "0 of 1 exercise pass · 1 of 1 question answered"
    )
    page.get_by_role("link", name=f"Continue: {LESSONS[0].title}").first.press("Enter")
    expect(notebook.locator(".course-count")).to_be_visible()


def test_continue_goes_to_what_is_open_next(
    page: Page, server: Server, lessons: list[Path]
) -> None:
    write_lesson(lessons[3], passed=True, answered=False)
    open_tab(page, server)
    page.locator(".course-next").get_by_role("link", name="Continue").click()
    radio = page.locator(".jp-NotebookPanel:visible .course-question").get_by_role("radio").first
    expect(radio).to_be_focused()


def test_the_page_works_with_notebook_7(page: Page, server: Server, lessons: list[Path]) -> None:
    write_lesson(lessons[0], passed=True, answered=True)
    write_lesson(lessons[0].with_name(f"{HOSTILE}.ipynb"), passed=False, answered=False)
    open_page(page, server)
    hostile = stop(page, lessons[0]).get_by_role("link", name=HOSTILE)
    expect(hostile).to_be_visible()
    expect(page.locator(".course-next")).to_contain_text(LESSONS[0].title)
    page.get_by_role("link", name=f"Open: {LESSONS[1].title}").click()
    expect(page.locator(".course-count")).to_have_text("0 of 1 exercises pass, 0 of 1 answered")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Course home").click()
    expect(popup.value.locator(".course-stop")).to_have_count(len(LESSONS))
    assert popup.value.evaluate("window.hacked") is None
    popup.value.close()


def test_continue_goes_to_what_is_open_next_in_notebook_7(
    page: Page, server: Server, lessons: list[Path]
) -> None:
    write_lesson(lessons[3], passed=True, answered=False)
    open_page(page, server)
    page.locator(".course-next").get_by_role("link", name="Continue").click()
    expect(page.locator(".course-question").get_by_role("radio").first).to_be_focused()
    assert "course=next" not in page.url  # a reload leaves the learner where they are


def test_a_complete_course_ends_with_a_summary_for_paper(
    page: Page, server: Server, lessons: list[Path]
) -> None:
    for path in lessons:
        write_lesson(path, passed=True, answered=True)
    open_page(page, server)
    summary, count = page.locator(".course-achievement"), len(LESSONS)
    expect(summary).to_contain_text(
        f"{count} lessons, {count} exercises solved, {count} questions answered."
    )
    expect(summary).to_contain_text("Self-checked")
    expect(page.locator(".course-next")).to_have_count(0)
    page.get_by_label("Your name").fill("Ada <b>Lovelace</b>")
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.locator(".course-printed-name")).to_have_text("Ada <b>Lovelace</b>")
    expect(page.locator(".course-map")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()


@pytest.mark.parametrize("theme", THEMES)
def test_the_tab_is_accessible_in_both_themes(
    page: Page, server: Server, lessons: list[Path], theme: str
) -> None:
    write_lesson(lessons[0], passed=True, answered=True)
    write_lesson(lessons[1], passed=False, answered=True)
    lab = load_lab(page, server)
    script = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    lab.page.evaluate(script, THEMES[theme])
    lab.page.wait_for_function(f"document.body.dataset.jpThemeName === {THEMES[theme]!r}")
    lab.page.evaluate("jupyterapp.commands.execute('course:home').then(() => true)")
    expect(page.locator(".course-next")).to_be_visible()
    assert_accessible(page, ".course-home", checks=("color-contrast", "link-name"))
    scheme = page.locator(".course-home").evaluate("node => getComputedStyle(node).colorScheme")
    assert scheme == theme
    lab.page.evaluate(script, THEMES["light"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (640, 450)], ids=["phone", "200 percent"])
def test_the_page_is_accessible_and_nothing_is_cut_off(
    browser: Browser, server: Server, lessons: list[Path], size: tuple[int, int], scheme: Any
) -> None:
    write_lesson(lessons[0], passed=True, answered=False)
    viewport = {"width": size[0], "height": size[1]}
    context = new_context(browser, viewport=viewport, color_scheme=scheme)
    page = context.new_page()
    open_page(page, server)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    cut_off = """nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1)
        .map(node => node.className)"""
    parts = page.locator(".course-button, .course-stop, .course-card")
    assert parts.evaluate_all(cut_off) == []
    assert_accessible(page, checks=("color-contrast", "link-name"))
    context.close()


def in_class(*names: str, **state: Any) -> dict[str, Any]:
    """Return the content of the page for a class that has these assignments."""
    lessons = []
    for name in names:
        assignment = {
            "course_id": "autoencoders",
            "fetched": True,
            "notebooks": [f"{name}/a.ipynb"],
            "submissions": [],
        }
        notebook = {
            "path": f"{name}/a.ipynb",
            "changed": "2026-11-01T00:00:00+00:00",
            "exercises": [1, 3],
            "questions": [7, 7],
            "begun": True,
            "done": False,
            "trouble": "",
        }
        lessons.append(
            {
                "name": name,
                "lesson": None,
                "deadline": None,
                "notebooks": [notebook],
                "assignment": assignment,
                **state,
            }
        )
    shown = {"in_class": True, "trouble": "", "digits": "digits/", "corrected": []}
    return shown | {"lessons": lessons}


class FakeClass:
    """Answers the page's requests; `content` is what the server would say next."""

    def __init__(self, page: Page, content: dict[str, Any]) -> None:
        self.content = content
        self.reply: dict[str, Any] = {"success": True}
        self.deadline: dict[str, Any] | None = None
        self.posted = ""
        page.route("**/course/home", lambda route: route.fulfill(json=self.content))
        page.route("**/course/deadline*", lambda route: route.fulfill(json=self.deadline))
        page.route("**/course/update", self.update)
        page.route("**/assignments/*", self.answer)

    def update(self, route: Route) -> None:
        assert route.request.method == "POST"
        assert "x-xsrftoken" in route.request.headers
        self.content = {**self.content, "corrected": []}
        route.fulfill(json={"lines": [f"exam/{HOSTILE}.ipynb: 5 answers carried over."]})

    def answer(self, route: Route) -> None:
        assert "x-xsrftoken" in route.request.headers
        action = route.request.url.rsplit("/", 1)[-1]
        self.posted = f"{action} {json.loads(route.request.post_data or '{}')['assignment_id']}"
        route.fulfill(json=self.reply)


def test_due_dates_are_in_the_viewers_time_zone(browser: Browser, server: Server) -> None:
    context = new_context(browser, timezone_id="Asia/Tokyo", locale="en-US")
    page = context.new_page()
    deadline = {"due": "2099-12-24T22:30:00+00:00", "rule": RULE, "notes": [], "late": ""}
    FakeClass(page, in_class("exam", deadline=deadline))
    open_page(page, server)
    due = page.locator(".course-due")
    expect(due).to_contain_text("Due Fri, Dec 25, 7:30 AM GMT+9 (in ")
    expect(due).to_have_attribute("data-past", "false")
    expect(due.locator("time")).to_have_attribute("datetime", "2099-12-24T22:30:00+00:00")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_late_submission_is_confirmed_with_its_cost(
    browser: Browser, server: Server, scheme: Any
) -> None:
    context = new_context(browser, color_scheme=scheme)
    page = context.new_page()
    late = {
        "due": "2026-11-20T12:00:00+00:00",
        "rule": RULE,
        "notes": ["You have no late days left."],
        "late": "2 h late: −10%",
    }
    server_side = FakeClass(page, in_class("exam", deadline=late))
    server_side.deadline = late
    open_page(page, server)
    expect(page.locator(".course-late-rule")).to_contain_text(f"Now 2 h late: −10%. {RULE}")
    button = page.get_by_role("button", name="Submit: exam")
    button.press("Enter")
    dialog = page.get_by_role("dialog", name="Submit “exam” late?")
    expect(dialog.locator(".course-late")).to_have_text("2 h late: −10%")
    expect(dialog).to_contain_text("You have no late days left.")
    assert_accessible(page, ".course-dialog", checks=("color-contrast",))
    page.keyboard.press("Escape")
    expect(page.get_by_role("status")).to_have_text("“exam” was not submitted.")
    expect(button).to_be_focused()
    assert server_side.posted == ""
    button.press("Enter")
    dialog.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("“exam” was submitted.")
    assert server_side.posted == "submit exam"
    context.close()


def test_a_corrected_version_is_offered_and_its_report_shown(page: Page, server: Server) -> None:
    server_side = FakeClass(page, in_class("exam") | {"corrected": [f"exam/{HOSTILE}.ipynb"]})
    open_page(page, server)
    card = page.locator(".course-update")
    expect(card).to_contain_text("A corrected version is out")
    card.get_by_role("button", name="Update").press("Enter")
    report = page.locator(".course-moved li")
    expect(report).to_have_text(f"exam/{HOSTILE}.ipynb: 5 answers carried over.")
    expect(page.locator("[data-focus='report']")).to_be_focused()
    expect(card).to_have_count(0)
    assert server_side.content["corrected"] == []
    assert page.evaluate("window.hacked") is None


def test_an_assignment_is_fetched_with_the_keyboard(page: Page, server: Server) -> None:
    content = in_class(HOSTILE)
    fetched = json.loads(json.dumps(content))
    content["lessons"][0]["notebooks"] = []
    content["lessons"][0]["assignment"] |= {"fetched": False, "notebooks": []}
    server_side = FakeClass(page, content)
    open_page(page, server)
    server_side.content = fetched
    page.locator(".course-map").get_by_role("button", name="Fetch").press("Enter")
    expect(page.get_by_role("status")).to_contain_text("is in your folder")
    assert server_side.posted == f"fetch {HOSTILE}"
    expect(page.locator(".course-map").get_by_role("link", name="Continue")).to_be_focused()
    assert page.evaluate("window.hacked") is None


def test_a_submission_shows_its_receipt_and_feedback(page: Page, server: Server) -> None:
    server_side = FakeClass(page, in_class("exam"))
    open_page(page, server)
    submission = {
        "time": "2026-11-24T02:10:11+00:00",
        "receipt": "receipts/exam 1.txt",
        "feedback": [],
        "fetchable": True,
    }
    server_side.content["lessons"][0]["assignment"]["submissions"] = [submission]
    page.get_by_role("button", name="Submit: exam").click()
    expect(page.get_by_role("status")).to_have_text(
        "“exam” was submitted. Your receipt is in the list."
    )
    assert server_side.posted == "submit exam"
    receipt = page.get_by_role("link", name="Receipt")
    expect(receipt).to_have_attribute("href", f"{server.url}edit/receipts/exam%201.txt")
    submission |= {"feedback": ["exam/feedback/x/a.html"], "fetchable": False}
    page.get_by_role("button", name="Get feedback").click()
    expect(page.get_by_role("link", name="Feedback")).to_be_focused()
    assert server_side.posted == "fetch_feedback exam"
    assert_accessible(page)


def test_a_failed_submission_gives_the_reason(page: Page, server: Server) -> None:
    server_side = FakeClass(page, in_class("exam"))
    open_page(page, server)
    reason = "Nothing was submitted: No space left on device.\nYour work is unchanged."
    traceback = f"Traceback\n  x\nnbgrader.exchange.ExchangeError: {reason}\n"
    server_side.reply = {"success": False, "value": traceback}
    page.get_by_role("button", name="Submit: exam").click()
    expect(page.get_by_role("status")).to_contain_text("Your work is unchanged.")
    expect(page.get_by_role("status")).not_to_contain_text("Traceback")
    expect(page.get_by_role("button", name="Submit: exam")).to_be_focused()


def test_a_server_that_does_not_answer_is_reported(page: Page, server: Server) -> None:
    page.route("**/course/home", lambda route: route.abort())
    page.goto(f"{server.url}course?token={server.token}")
    expect(page.get_by_role("status")).to_contain_text("The server didn’t answer.")


def test_tensorflow_is_shown_while_it_is_installed(page: Page, server: Server) -> None:
    installing = {"state": "installing", "text": "Downloading keras (1 MB)", "seconds": 75}
    failed = {"state": "failed", "text": HOSTILE, "seconds": 80}
    replies = [failed, {**installing, "text": "Preparing", "seconds": 0}]
    posted: list[str] = []

    def reply(route: Route) -> None:
        posted.append(route.request.method)
        done = {"state": "installed", "text": "", "seconds": 90}
        route.fulfill(json=replies.pop(0) if replies else done)

    page.route("**/course/tensorflow", reply)
    FakeClass(page, in_class("exam") | {"tensorflow": installing})
    open_page(page, server)
    card = page.locator(".course-install")
    expect(card).to_contain_text("You can begin now.")
    expect(card).to_contain_text("Downloading keras (1 MB) … 1 min 15 s")
    again = card.get_by_role("button", name="Try again")
    expect(again).to_be_hidden()
    expect(page.get_by_role("status")).to_have_text("TensorFlow is not installed")
    expect(card).to_contain_text(HOSTILE)
    assert_accessible(page, ".course-install", checks=("color-contrast",))
    again.press("Enter")
    expect(card.get_by_role("heading")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("TensorFlow is installed")
    expect(again).to_be_hidden()
    assert posted == ["GET", "POST", "GET"]
    assert page.evaluate("window.hacked") is None
