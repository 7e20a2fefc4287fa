"""From clicks in the browser to a grade and a feedback page that runs no student's script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder import audit_log
from autograder.publish import build
from course import quiz
from tests import rubrics
from tests.autograder import lessons
from tests.browser.axe import assert_accessible
from tests.browser.formgrader import NAME, RubricButtons, export, fill, open_submission, saved
from tests.browser.lab import answer_by_clicking, new_context
from tests.browser.servers import Server, serve
from tests.classroom.loop import Classroom

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

FORMULA = r"$\hat{x} = \frac{1}{2} \sum_i x_i^2$"
REQUESTS = (
    "![a](/hub/logout) ![b](https://x.y/z.png) [c](evil.html)\n\n# half-test\n\n# half-comment"
)
MALICIOUS_HTML = (
    "<script>window.compromised = true; alert(1)</script>"
    "<img src=x onerror='window.compromised = true'>"
)


@dataclass(frozen=True)
class Graded:
    """A small course after grading: one student clicked, one typed, one attacks."""

    classroom: Classroom

    def points(self, student: str) -> dict[str, float | None]:
        path = self.classroom.course / "autograded" / student / NAME / "small.ipynb"
        cells = json.loads(path.read_bytes())["cells"]
        return {
            cell["id"]: cell["metadata"]["course"]["verdict"]["points"]
            for cell in cells
            if cell["metadata"].get("nbgrader", {}).get("grade")
        }

    def feedback(self, student: str) -> str:
        return (self.classroom.course / "feedback" / student / NAME / "small.html").as_uri()


ESSAY = """
+++ {"manual": "essay", "points": 3}

Why can a code be small?

### BEGIN SOLUTION
Because neighboring pixels tell the same story.
### END SOLUTION
"""
OWN_WORDS = "Because pixels repeat."
# What a student may write to get at the fields and the rubric of formgrader's page.
FORGED_PAGE = (
    f'Pixels repeat. {MALICIOUS_HTML}<div class="panel-footer"><textarea id="reason-comment">'
    '</textarea></div><section class="rubric" data-answer="essay" data-maximum="99"><div'
    ' class="criterion" data-start="- "><button data-points="99" data-line="- mine">99 points'
    "</button></div></section>"
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that may open files, as a student does with feedback."""
    context = new_context(browser)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def graded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("graded").resolve() / "classroom"
    classroom = Classroom(root)
    classroom.create([])
    text = classroom.course / "source" / NAME / "small.md"
    text.parent.mkdir()
    formula = f"**Which one?** {FORMULA}"
    lesson = lessons.TEXT.replace("**Which one?**", formula) + "\n" + rubrics.CELL + ESSAY
    text.write_text(lesson, encoding="utf-8")
    build.build_source(classroom.course, [NAME])
    classroom.instructor.nbgrader("generate_assignment", NAME)
    release = (classroom.course / "release" / NAME / "small.ipynb").read_bytes()

    def submit(student: str) -> Path:
        path = classroom.course / "submitted" / student / NAME / "small.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(release)
        return path

    answers: dict[str, Sequence[int]] = {"single": [1], "several": [0, 1]}
    answer_by_clicking(browser, submit("clara"), answers, root / "jupyter")

    typed = submit("tom")
    nb = json.loads(release)
    for name, ticks in answers.items():
        cell = lessons.cell(nb, name)
        cell["source"] = quiz.mark("".join(cell["source"]), set(ticks)).replace("[x]", "[X ]")
    lessons.cell(nb, rubrics.NAME)["source"] = FORGED_PAGE
    typed.write_text(json.dumps(nb), encoding="utf-8")

    malicious = submit("eve")
    nb = json.loads(release)
    lessons.cell(nb, "single")["source"] = f"{MALICIOUS_HTML}\n\n- [x] {MALICIOUS_HTML}"
    lessons.cell(nb, "double")["source"] = (
        "from IPython.display import HTML, display\n"
        f"display(HTML({MALICIOUS_HTML!r}))\n"
        f"print({MALICIOUS_HTML!r})"
    )
    lessons.cell(nb, "half")["source"] = f"raise ValueError({MALICIOUS_HTML!r})"
    lessons.cell(nb, "essay")["source"] = f"{OWN_WORDS} {MALICIOUS_HTML}"
    nb["cells"].append(
        {
            "cell_type": "markdown",
            "id": "mine",
            "metadata": {},
            "source": f"My notes. {MALICIOUS_HTML}\n\n{REQUESTS}\n\n{FORMULA}",
        }
    )
    malicious.write_text(json.dumps(nb), encoding="utf-8")

    classroom.autograde(NAME)
    classroom.instructor.nbgrader("generate_feedback", NAME)
    return Graded(classroom)


@pytest.mark.parametrize("student", ["clara", "tom"])
def test_clicked_and_typed_answers_are_graded_equally(graded: Graded, student: str) -> None:
    expected = {"single": 1, "several": 2, "double-test": 0, "half-test": 0, "essay": 0}
    reason = None if student == "tom" else 0  # the others wrote nothing there
    assert graded.points(student) == expected | {rubrics.NAME: reason}


def assert_no_script_ran(page: Page) -> None:
    assert page.evaluate("window.compromised") is None


def test_the_feedback_page_shows_a_script_as_text(graded: Graded, page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    page.goto(graded.feedback("eve"), wait_until="load")
    assert_no_script_ran(page)
    expect(page.locator("body")).to_contain_text("window.compromised = true; alert(1)")
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("student", ["clara", "eve"])
def test_the_feedback_page_is_accessible(
    graded: Graded, page: Page, student: str, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(graded.feedback(student), wait_until="load")
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
    assert_accessible(page, checks=["color-contrast"])
    expect(page.locator("nav")).to_contain_text(
        "✓ correct, 1 of 1 point" if student == "clara" else "…"
    )


@pytest.mark.parametrize("student", ["clara", "eve"])
def test_the_feedback_page_draws_formulas_and_asks_nobody(
    graded: Graded, page: Page, student: str
) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(graded.feedback(student), wait_until="networkidle")
    formula = page.locator("math").first
    box = formula.locator("mfrac").bounding_box()
    assert box is not None
    assert box["height"] > 1.3 * box["width"]  # one above the other: drawn, not written
    expect(page.locator("main")).not_to_contain_text("frac")
    assert requests == [graded.feedback(student)]
    assert page.locator("img").count() == 0


def test_the_feedback_page_leads_to_what_was_missed(graded: Graded, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(graded.feedback("clara"), wait_until="load")
    page.keyboard.press("Tab")
    expect(page.locator("a:focus")).to_have_text("double")
    page.keyboard.press("Enter")
    answer = page.get_by_role("article", name="double")
    expect(answer).to_be_in_viewport()
    expect(answer).to_contain_text("○ not answered, 0 of 2 points")
    expect(answer.get_by_role("group", name="Your code")).to_contain_text("def double(x):")
    for group in (answer.get_by_role("group", name="Test"), page.get_by_text("Some text.")):
        expect(group).to_be_hidden()
    answer.get_by_text("Test code").press("Enter")
    expect(answer.get_by_role("group", name="Test")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.emulate_media(media="print")
    expect(page.get_by_text("The rest of the notebook")).to_be_hidden()


@pytest.fixture(scope="module")
def formgrader(graded: Graded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    course = graded.classroom.course
    options = [
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
        f"--CourseDirectory.root={course}",
        "--CourseDirectory.course_id=autoencoders",
    ]
    with serve("server", course, tmp_path_factory.mktemp("home") / "jupyter", *options) as server:
        yield server


def test_formgrader_shows_a_script_as_text(formgrader: Server, page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    open_submission(page, formgrader, "eve")
    expect(page.locator("body")).to_contain_text("window.compromised = true; alert(1)")
    assert_no_script_ran(page)
    assert page.locator("img[src='x']").count() == 0
    own = f"{formgrader.url}formgrader"
    assert [url for url in requests if not url.startswith(own)] == []
    assert page.locator("#notebook img").count() == 0
    assert page.locator("a[href*=evil]").count() == 0
    expect(page.locator("math").first).to_be_visible()
    # A student's heading doesn't take the place of the grader's fields.
    assert page.locator("#half-test").evaluate("field => field.tagName") == "INPUT"
    assert page.locator("#half-comment").evaluate("field => field.tagName") == "TEXTAREA"
    # The page's own scripts work under its policy, and a picture of another host does not load.
    expect(page.locator("#half-test")).to_have_attribute("placeholder", "0")
    assert "img-src data:" in str(
        page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    )


def test_shortcuts_lead_to_the_same_field_of_the_next_submission(
    formgrader: Server, page: Page
) -> None:
    listing = f"{formgrader.url}formgrader/api/submitted_notebooks/{NAME}/small"
    reply = page.request.get(f"{listing}?token={formgrader.token}")
    first = min(reply.json(), key=lambda one: str(one["id"]))  # as the page orders them
    open_submission(page, formgrader, first["student"])
    address = page.url
    page.locator("#half-test").focus()
    page.keyboard.press("Control+.")
    page.wait_for_url(lambda url: url.partition("?")[0] != address.partition("?")[0])
    expect(page.locator("#half-test")).to_be_focused()
    page.keyboard.press("Shift+Tab")  # not to the field before
    cell = page.locator(".nbgrader_cell", has=page.locator("#half-test"))
    expect(cell.get_by_role("button", name="No credit")).to_be_focused()


REMARK = "- Please write whole sentences. They are easier to read."
WAITS = re.compile("needs_manual_grade")


def test_an_unanswered_question_has_a_rubric_but_waits_for_nobody(
    graded: Graded, formgrader: Server, page: Page
) -> None:
    rubric = RubricButtons(graded.classroom, formgrader, page, "clara")
    expect(rubric.button("Reason", "2 points")).to_be_enabled()
    expect(rubric.score).to_have_attribute("placeholder", "0")
    expect(rubric.score).not_to_have_class(WAITS)


def test_a_rubric_fills_in_score_and_comment_by_keyboard(
    graded: Graded, formgrader: Server, page: Page
) -> None:
    rubric = RubricButtons(graded.classroom, formgrader, page)
    expect(page.locator("section.rubric")).to_have_count(1)  # and no forged one
    expect(rubric.comment).to_have_count(1)
    expect(rubric.status).to_contain_text("0 of 2 criteria chosen")
    best, example = rubric.button("Reason", "2 points"), rubric.button("Example", "1 point")
    expect(best).to_have_accessible_description(re.compile("names the redundancy of neighboring"))
    assert rubric.exported()[0] == "needs review"
    best.focus()
    with saved(page, "/api/comment/"):
        page.keyboard.press("Enter")
    expect(rubric.comment).to_have_value(rubrics.LINES["Reason", 2])
    expect(best).to_have_attribute("aria-pressed", "true")
    expect(rubric.status).to_contain_text("1 of 2 criteria chosen")
    expect(rubric.score).to_have_class(WAITS)
    for _ in range(3):  # past the other levels
        page.keyboard.press("Tab")
    expect(example).to_be_focused()
    with saved(page, "/api/comment/", "/api/grade/"):
        page.keyboard.press("Space")
    expect(rubric.score).to_have_value("3")
    expect(rubric.score).not_to_have_class(WAITS)
    rubric.click(rubric.button("Example", "0 points"))
    rubric.click(rubric.remark, scores=False)
    lines = [rubrics.LINES["Reason", 2], rubrics.LINES["Example", 0], REMARK]
    expect(rubric.comment).to_have_value("\n".join(lines))
    fill(page, "#reason-comment", "\n".join([*lines, "", "See me."]), "/api/comment/")
    assert rubric.exported() == ("graded", "5.0")
    assert_no_script_ran(page)

    rubric = RubricButtons(graded.classroom, formgrader, page)  # opened again
    for button in (best, rubric.button("Example", "0 points"), rubric.remark):
        expect(button).to_have_attribute("aria-pressed", "true")
    expect(rubric.status).to_have_text("2 of 3 points")
    assert_accessible(page, "section.rubric")


def test_a_choice_can_be_undone_and_the_levels_are_in_the_feedback(
    graded: Graded, formgrader: Server, page: Page
) -> None:
    rubric = RubricButtons(graded.classroom, formgrader, page)
    lines = [rubrics.LINES["Reason", 2], rubrics.LINES["Example", 0], REMARK, "", "Come by."]
    fill(page, "#reason-comment", "\n".join(lines), "/api/comment/")
    rubric.click(rubric.button("Example", "0 points"))  # undone: it waits again
    expect(rubric.score).to_have_value("")
    expect(rubric.score).to_have_class(WAITS)
    rubric.click(rubric.remark, scores=False)
    expect(rubric.comment).to_have_value(f"{lines[0]}\n\nCome by.")
    assert rubric.exported()[0] == "needs review"
    rubric.click(rubric.button("Example", "1 point"))
    assert rubric.exported() == ("graded", "6.0")
    graded.classroom.instructor.nbgrader("generate_feedback", NAME, "--student", "tom", "--force")
    page.goto(graded.feedback("tom"), wait_until="load")
    answer = page.get_by_role("article").filter(has_text="Come by.")
    expect(answer).to_contain_text("full credit, 3 of 3 points")
    expect(answer.get_by_role("listitem").filter(has_text="(2 of 2)")).to_contain_text(
        "Reason (2 of 2): names the redundancy of neighboring pixels. Exactly: pixels repeat."
    )


def test_a_person_grades_and_is_asked_again_when_the_answer_changes(
    graded: Graded, formgrader: Server, page: Page
) -> None:
    instructor, course = graded.classroom.instructor, graded.classroom.course
    open_submission(page, formgrader, "eve")
    expect(page.locator("body")).to_contain_text(OWN_WORDS)
    waits = re.compile("needs_manual_grade")
    expect(page.locator("#essay")).to_have_class(waits)
    fill(page, "#single", "1", "/api/grade/")
    fill(page, "#essay", "2.5", "/api/grade/")
    fill(page, "#essay_extra_credit", "0.5", "/api/grade/")
    fill(page, "#essay-comment", "Which *pixels*?", "/api/comment/")
    expect(page.locator("#essay")).not_to_have_class(waits)
    row = export(graded.classroom, "eve")
    assert (row["status"], row["raw_score"]) == ("graded", "4.0")
    edits = [
        (entry.action, *(entry.details[key] for key in ("student", "cell", "before", "now")))
        for entry in audit_log.read(course)
        if entry.action in {"score", "comment"} and entry.details["student"] == "eve"
    ]
    assert edits == [
        ("score", "eve", "single", None, 1.0),
        ("score", "eve", "essay", None, 2.5),
        ("score", "eve", "essay", 2.5, "2.5 + 0.5"),
        ("comment", "eve", "essay", "", "Which *pixels*?"),
    ]

    path = course / "submitted" / "eve" / NAME / "small.ipynb"
    nb = json.loads(path.read_bytes())
    lessons.cell(nb, "essay")["source"] = "Because I say so."
    path.write_text(json.dumps(nb), encoding="utf-8")
    instructor.nbgrader("autograde", NAME, "--student", "eve", "--force")
    open_submission(page, formgrader, "eve")
    expect(page.locator("body")).to_contain_text("Because I say so.")
    expect(page.locator("#essay")).to_have_value("2.5")
    expect(page.locator("#essay_extra_credit")).to_have_value("0.5")
    expect(page.locator("#essay-comment")).to_have_value("Which *pixels*?")
    expect(page.locator("#essay")).to_have_class(waits)
    row = export(graded.classroom, "eve")
    assert (row["status"], row["score"]) == ("needs review", "")
    assert row["reason"].startswith("essay: ")
