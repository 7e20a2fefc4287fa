"""The bar above a notebook, Restore and Validate, in a page with a fake Jupyter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from course.server.progress import progress_of
from tests.browser.conftest import STATIC
from tests.browser.test_quiz_extension import QUIZ, Run, cell, open_notebook

HERE = Path(__file__).parent
PROGRESS: list[dict[str, Any]] = json.loads(
    (HERE / "progress_cases.json").read_text(encoding="utf-8")
)
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.mark.parametrize("case", PROGRESS, ids=[case["case"] for case in PROGRESS])
def test_the_start_page_agrees_with_the_progress_cases(case: dict[str, Any]) -> None:
    progress = progress_of(case["notebook"])
    assert [question.state for question in progress.questions] == case["states"]
    assert progress.summary == case["summary"]


def test_the_bar_agrees_with_the_progress_cases(run: Run) -> None:
    results = run(
        """return given.map(({ notebook: { cells, metadata } }) => {
            const read = cell => ({ ...cell, type: cell.cell_type, count: cell.execution_count,
                ...cell.metadata });
            const questions = readQuestions(cells.map(read), readOriginals(metadata.course));
            const { content } = fakePanel(cells.map(read));
            const tests = readTests(content.model.cells);
            return [summarize(tests, questions), questions.map(({ state }) => state)];
        })""",
        PROGRESS,
    )
    assert results == [[case["summary"], case["states"]] for case in PROGRESS]


RELEASED = "Which?\n\n- [ ] a\n- [ ] b\n"


def original(name: str, **entries: Any) -> dict[str, Any]:
    metadata = {**QUIZ, "nbgrader": {"grade_id": name}}
    return {"id": name, "after": "", "metadata": metadata, "source": RELEASED, **entries}


def test_a_damaged_question_is_restored_from_its_cell(run: Run, page: Page) -> None:
    restored = RELEASED.replace("[ ] b", "[x] b")
    damaged = [cell("one", "three\n- [x] b", QUIZ), cell("two", "no options", QUIZ)]
    reply = json.dumps({"source": restored})
    names = ("one", "two")
    open_notebook(run, *damaged, reply=reply, released=[original(name) for name in names])
    states = page.locator(".course-state:visible")
    expect(states).to_have_text(["Damaged: its text or its options were changed"] * 2)
    expect(page.get_by_role("button", name="Check")).to_have_count(0)
    page.locator(".course-question").nth(0).get_by_role("button", name="Restore").press("Enter")
    expect(page.locator(".course-notice")).to_have_text("Question 1 is restored, with your answer.")
    body = {
        "path": "01-any/lesson.ipynb",
        "released": RELEASED,
        "answer": "three\n- [x] b",
        "kind": "choice",
    }
    assert ["course/restore", body] in run("return requests")
    assert run("return [source(0), panel.context.saves]") == [restored, 1]
    expect(page.get_by_role("radio").nth(1)).to_be_focused()
    expect(page.locator(".course-count")).to_have_text("1 of 2 answered, question 2 is damaged")
    page.get_by_role("button", name="Restore question 2").click()
    expect(page.locator(".course-count")).to_have_text("2 of 2 answered")
    expect(page.locator(".course-restore:visible")).to_have_count(0)


def test_a_question_stays_damaged_if_the_server_does_not_answer(run: Run, page: Page) -> None:
    open_notebook(run, cell("one", "three", QUIZ), reply=None, released=[original("one")])
    page.get_by_role("button", name="Restore question 1").click()
    expect(page.locator(".course-notice")).to_have_text("Not restored: the server didn’t answer.")
    assert run("return source(0)") == "three"


def test_validate_shows_what_remains_and_leads_there(run: Run, page: Page) -> None:
    finding = {"title": "Question 1: <b>Which?</b>", "message": "It is damaged."}
    report: dict[str, Any] = {
        "summary": ["Exercises: 1 of 1 pass.", "Quiz: 0 of 1 answered."],
        "findings": [{"name": "one", "damaged": True, **finding}],
    }
    reply = json.dumps({"report": report, "source": RELEASED})
    open_notebook(run, cell("one", "three", QUIZ), reply=reply, released=[original("one")])
    page.get_by_role("button", name="Validate").click()
    expect(page.locator(".course-sentence")).to_have_text(report["summary"])
    expect(page.locator(".course-finding")).to_have_text(finding["title"])
    page.locator(".course-report").get_by_role("button", name="Restore question 1").click()
    notice = "Question 1 is restored, without an answer: choose one."
    expect(page.locator(".course-notice")).to_have_text(notice)
    assert run("return source(0)") == RELEASED
    expect(page.locator(".course-report")).to_have_count(0)


def test_a_failed_validation_gives_the_reason(run: Run, page: Page) -> None:
    reply = json.dumps({"success": False, "value": "no kernel"})
    open_notebook(run, cell("one", RELEASED, QUIZ), reply=reply)
    page.get_by_role("button", name="Validate").click()
    expect(page.locator(".course-sentence")).to_have_text("Not validated: no kernel")


def test_the_bar_keeps_its_size_while_the_notebook_is_validated(run: Run, page: Page) -> None:
    reply = json.dumps({"success": False, "value": "no kernel"})
    open_notebook(run, cell("one", RELEASED, QUIZ), reply=reply)
    page.add_style_tag(path=STATIC / "style.css")
    run("panel.context.save = () => new Promise((resolve) => { window.finish = resolve; });")
    button = page.locator(".course-progress > button").last
    expect(button).to_have_text("Validate")
    before = button.bounding_box()
    button.click()
    expect(button).to_have_text("Running …")
    assert button.bounding_box() == before
    assert button.evaluate("node => node.scrollWidth <= node.clientWidth")
    run("finish();")
    expect(button).to_have_text("Validate")
    assert button.bounding_box() == before
