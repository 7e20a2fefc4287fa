"""From clicks in the browser to a grade and a feedback page that runs no student's script."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.publish import build
from course import quiz
from tests.autograder import lessons
from tests.browser.axe import assert_accessible
from tests.browser.lab import answer_by_clicking, new_context
from tests.browser.servers import serve
from tests.classroom.loop import Classroom

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

NAME = "01-small"
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
    text.write_text(lessons.TEXT.replace("**Which one?**", formula), encoding="utf-8")
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
    expected = {"single": 1.0, "several": 2.0, "double-test": 0.0, "half-test": 0.0}
    assert graded.points(student) == expected


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


def test_formgrader_shows_a_script_as_text(graded: Graded, page: Page, tmp_path: Path) -> None:
    course = graded.classroom.course
    options = [
        "--ServerApp.jpserver_extensions={'nbgrader.server_extensions.formgrader': True}",
        f"--CourseDirectory.root={course}",
        "--CourseDirectory.course_id=autoencoders",
    ]
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    with serve("server", course, tmp_path / "home", *options) as server:
        listing = f"{server.url}formgrader/api/submitted_notebooks/{NAME}/small"
        page.goto(f"{server.url}formgrader?token={server.token}")
        reply = page.request.get(f"{listing}?token={server.token}")
        submissions = {one["student"]: one["id"] for one in reply.json()}
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{server.url}formgrader/submissions/{submissions['eve']}/?index=0")
        expect(page.locator("body")).to_contain_text("window.compromised = true; alert(1)")
        assert_no_script_ran(page)
        assert page.locator("img[src='x']").count() == 0
        assert [url for url in requests if not url.startswith(f"{server.url}formgrader")] == []
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
