"""From a click in the browser to a grade, and back to a feedback page that can't bite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.publish import build
from course import quiz
from tests.autograder import lessons
from tests.browser.lab import answer_by_clicking
from tests.browser.servers import serve
from tests.classroom.loop import Classroom

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
NAME = "01-small"
EVIL = "<script>window.bitten = true; alert(1)</script><img src=x onerror='window.bitten = true'>"


@dataclass(frozen=True)
class Graded:
    """A small course after grading: one student clicked, one typed, one means harm."""

    classroom: Classroom

    def verdicts(self, student: str) -> dict[str, float | None]:
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
    """A page of its own kind: it opens files, as a student does with feedback."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def graded(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    root = tmp_path_factory.mktemp("graded").resolve() / "room"
    classroom = Classroom(root)
    classroom.create([])
    text = classroom.course / "source" / NAME / "small.md"
    text.parent.mkdir()
    text.write_text(lessons.TEXT, encoding="utf-8")
    build.build_source(classroom.course, [NAME])
    classroom.instructor.nbgrader("generate_assignment", NAME)
    release = (classroom.course / "release" / NAME / "small.ipynb").read_bytes()

    def desk(student: str) -> Path:
        path = classroom.course / "submitted" / student / NAME / "small.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(release)
        return path

    answers: dict[str, Sequence[int]] = {"single": [1], "several": [0, 1]}
    answer_by_clicking(browser, desk("clara"), answers, root / "jupyter")

    typed = desk("tom")
    nb = json.loads(release)
    for name, ticks in answers.items():
        cell = lessons.cell(nb, name)
        cell["source"] = quiz.mark("".join(cell["source"]), set(ticks)).replace("[x]", "[X ]")
    typed.write_text(json.dumps(nb), encoding="utf-8")

    harm = desk("eve")
    nb = json.loads(release)
    lessons.cell(nb, "single")["source"] = f"{EVIL}\n\n- [x] {EVIL}"
    lessons.cell(nb, "double")["source"] = (
        f"from IPython.display import HTML, display\ndisplay(HTML({EVIL!r}))\nprint({EVIL!r})"
    )
    lessons.cell(nb, "half")["source"] = f"raise ValueError({EVIL!r})"
    nb["cells"].append(
        {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": f"Mine. {EVIL}"}
    )
    harm.write_text(json.dumps(nb), encoding="utf-8")

    classroom.autograde(NAME)
    classroom.instructor.nbgrader("generate_feedback", NAME)
    return Graded(classroom)


@pytest.mark.parametrize("student", ["clara", "tom"])
def test_what_was_clicked_or_typed_is_graded_right(graded: Graded, student: str) -> None:
    expected = {"single": 1.0, "several": 2.0, "double-test": 0.0, "half-test": 0.0}
    assert graded.verdicts(student) == expected


def assert_unharmed(page: Page) -> None:
    assert page.evaluate("window.bitten") is None


def test_the_feedback_page_shows_a_script_as_text(graded: Graded, page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    page.goto(graded.feedback("eve"), wait_until="load")
    assert_unharmed(page)
    expect(page.locator("body")).to_contain_text("window.bitten = true; alert(1)")
    assert page.locator("img[src='x']").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("student", ["clara", "eve"])
def test_the_feedback_page_is_accessible(
    graded: Graded, page: Page, student: str, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(graded.feedback(student), wait_until="load")
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")
    grave = [
        (one["id"], one["nodes"][0]["html"])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]
    assert grave == []
    expect(page.locator("nav")).to_contain_text(
        "✓ correct, 1 of 1 points" if student == "clara" else "…"
    )


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
        page.goto(f"{server.url}formgrader/submissions/{submissions['eve']}/?index=0")
        expect(page.locator("body")).to_contain_text("window.bitten = true; alert(1)")
        assert_unharmed(page)
        assert page.locator("img[src='x']").count() == 0
