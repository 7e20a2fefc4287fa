"""The start page's content: lessons, progress, and the assignments of a class."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList
from nbgrader.utils import notebook_hash

from course import quiz
from course.deadlines import DueDate, LateRule, write_public
from course.lessons import LESSONS
from course.server.home import Home, LessonState, read_home
from course.server.home_handlers import STATIC
from course.server.updates import Updates
from tests.browser import lab as labs
from tests.browser.servers import Server, serve
from tests.course.server.test_submit import TIME, StudentFolder

EVEN = "**Even?**\n\n- [ ] one\n- [ ] two\n"
INTRO, LAB = "01-intro/intro.ipynb", "05-autoencoder-lab/lab.ipynb"


def home(root: Path, manager: Any = None, due: dict[str, Any] | None = None) -> Home:
    return asyncio.run(read_home(root, manager, due or {}, "", Updates()))


def lesson(content: Home, name: str) -> LessonState:
    (state,) = (state for state in content["lessons"] if state["name"] == name)
    return state


def write_lesson(path: Path, *, passed: bool, answered: bool) -> None:
    output = new_output("stream", text="✓ Exercise 1: correct (2 points)\n")
    test = new_code_cell("assert half", id="half-test", outputs=[output] if passed else [])
    test.metadata["nbgrader"] = {
        "cell_type": "code",
        "grade": True,
        "grade_id": "half-test",
        "locked": True,
        "points": 2,
        "schema_version": 3,
        "solution": False,
        "task": False,
    }
    source = quiz.mark(EVEN, frozenset({0} if answered else ()))
    labs.write(labs.lesson(labs.question("even", source), test), path)


def test_progress_is_read_from_the_notebooks(tmp_path: Path) -> None:
    write_lesson(tmp_path / INTRO, passed=True, answered=True)
    write_lesson(tmp_path / LAB, passed=False, answered=True)
    content = home(tmp_path)
    (intro,) = lesson(content, "01-intro")["notebooks"]
    assert (intro["path"], intro["exercises"], intro["questions"]) == (INTRO, (1, 1), (1, 1))
    assert (intro["begun"], intro["done"]) == (True, True)
    (lab,) = lesson(content, "05-autoencoder-lab")["notebooks"]
    assert (lab["exercises"], lab["questions"]) == ((0, 1), (1, 1))
    assert (lab["begun"], lab["done"]) == (True, False)
    assert lesson(content, "02-curse-of-dimensionality")["notebooks"] == []
    assert not content["in_class"]


def test_an_untouched_lesson_has_not_begun(tmp_path: Path) -> None:
    write_lesson(tmp_path / INTRO, passed=False, answered=False)
    (intro,) = lesson(home(tmp_path), "01-intro")["notebooks"]
    assert (intro["begun"], intro["done"]) == (False, False)


def test_what_is_not_a_notebook_is_reported_or_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "01-intro"
    folder.mkdir(parents=True)
    (folder / "broken.ipynb").write_text('{"cells": "<b>none</b>"}')
    (folder / "deep.ipynb").write_text("[" * 100_000)
    os.mkfifo(folder / "pipe.ipynb")
    write_lesson(tmp_path / "outside.ipynb", passed=True, answered=True)
    (folder / "link.ipynb").symlink_to(tmp_path / "outside.ipynb")
    notebooks = lesson(home(tmp_path / "root"), "01-intro")["notebooks"]
    assert [notebook["path"] for notebook in notebooks] == [
        "01-intro/broken.ipynb",
        "01-intro/deep.ipynb",
    ]
    assert all("not a notebook" in notebook["trouble"] for notebook in notebooks)
    assert not any(notebook["done"] for notebook in notebooks)


class Student(StudentFolder):
    """A student whose server lists the class's assignments, as nbgrader does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.exchange / "autoencoders" / "feedback").mkdir()
        outbound = self.exchange / "autoencoders" / "outbound"
        (outbound / "exam").mkdir()
        (outbound / "exam" / "exam.ipynb").write_text("{}")
        (self.home / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.Exchange.root = {str(self.exchange)!r}\n"
            f"c.Exchange.cache = {str(self.home / 'cache')!r}\n"
            "c.CourseDirectory.course_id = 'autoencoders'\n"
            "c.CourseDirectory.student_id = 'ada'\n"
        )
        self.manager = AssignmentList()
        self.manager.root_dir = str(self.home)

    def content(self, due: dict[str, Any] | None = None) -> Home:
        return home(self.home, self.manager, due)


@pytest.fixture
def student(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Student:
    student = Student(tmp_path.resolve())
    monkeypatch.chdir(student.home)  # a server runs in its folder, and nbgrader looks there
    return student


def test_released_assignments_are_fetched_or_not(student: Student) -> None:
    due = {"exam": {"due": "2099-12-24T12:00:00+00:00"}}
    content = student.content(due)
    assert content["in_class"]
    intro, exam = lesson(content, "01-intro"), lesson(content, "exam")
    assert intro["assignment"] == {
        "course_id": "autoencoders",
        "fetched": True,
        "notebooks": [INTRO],
        "submissions": [],
    }
    assert [notebook["path"] for notebook in intro["notebooks"]] == [INTRO]
    assert exam["assignment"] is not None
    assert not exam["assignment"]["fetched"]
    assert (exam["lesson"], exam["notebooks"]) == (None, [])
    expected = {"due": "2099-12-24T12:00:00+00:00", "rule": "", "notes": [], "late": ""}
    assert exam["deadline"] == expected
    assert intro["deadline"] is None
    assert lesson(content, "03-pca-comparison")["assignment"] is None


def test_without_the_service_the_exchange_tells_the_public_part(student: Student) -> None:
    course = student.exchange / "autoencoders"
    due = datetime(2026, 1, 1, tzinfo=UTC)
    rule = LateRule(penalty=10, cut_off_s=0)
    write_public(course, {"exam": DueDate(due=due, rule=rule)})
    deadline = lesson(student.content(), "exam")["deadline"]
    assert deadline is not None
    assert deadline["rule"] == str(rule)
    assert deadline["late"].endswith("late: no points")
    # The service knows this student's own due date; what it says wins.
    own = {"exam": {"due": "2099-01-01T00:00:00", "extension_s": 3600}, "x": {"due": "<b>"}}
    deadline = lesson(student.content(own), "exam")["deadline"]
    assert deadline is not None
    assert (deadline["due"], deadline["rule"]) == ("2099-01-01T00:00:00+00:00", str(rule))
    assert deadline["notes"] == ["Includes your extension of 1 h."]


def test_a_fetched_lesson_is_offered_when_it_is_corrected(student: Student) -> None:
    config = student.home / "nbgrader_config.py"
    plugin = "c.ExchangeFactory.fetch_assignment = 'course.server.fetch.FetchAssignment'\n"
    config.write_text(config.read_text() + plugin)
    release = student.exchange / "autoencoders" / "outbound" / "exam" / "exam.ipynb"
    write_lesson(release, passed=False, answered=False)
    reply = student.manager.fetch_assignment("autoencoders", "exam")
    assert reply["success"], reply
    own = student.home / "exam" / "exam.ipynb"
    write_lesson(own, passed=False, answered=True)
    assert student.content()["corrected"] == []
    release.write_text(release.read_text().replace("Even?", "Is it even?"))
    assert student.content()["corrected"] == ["exam/exam.ipynb"]


# nbgrader leaves the feedback pages that it compares open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_submissions_come_with_receipt_and_feedback(student: Student) -> None:
    student.submit()
    assignment = lesson(student.content(), "01-intro")["assignment"]
    assert assignment is not None
    receipt = f"receipts/01-intro {TIME.replace(':', '.')}.txt"
    assert assignment["submissions"] == [
        {
            "time": "2026-11-24T02:10:11.000001+00:00",
            "receipt": receipt,
            "feedback": [],
            "fetchable": False,
        }
    ]
    assert (student.home / receipt).is_file()
    (copy,) = student.cached
    name = notebook_hash(secret=(copy / "submission_secret.txt").read_text(), notebook_id="intro")
    feedback = student.exchange / "autoencoders" / "feedback" / f"{name}.html"
    feedback.write_text("<p>Well done.</p>")
    assignment = lesson(student.content(), "01-intro")["assignment"]
    assert assignment is not None
    assert assignment["submissions"][0]["fetchable"]
    student.manager.fetch_feedback("autoencoders", "01-intro")
    assignment = lesson(student.content(), "01-intro")["assignment"]
    assert assignment is not None
    (submission,) = assignment["submissions"]
    assert submission["feedback"] == [f"01-intro/feedback/{TIME}/intro.html"]
    assert not submission["fetchable"]


def test_folders_with_any_name_in_the_cache_do_no_harm(student: Student) -> None:
    student.submit()
    (copy,) = student.cached
    for name in ("ada+01-intro+yesterday", "ada+<b>+2026", "ada+..+2026-01-01 00:00:00 UTC"):
        (copy.parent / name).mkdir()
    content = student.content()
    assignment = lesson(content, "01-intro")["assignment"]
    assert assignment is not None
    assert [item["time"][:4] for item in assignment["submissions"]] == ["2026"]
    assert [state["name"] for state in content["lessons"]][-1] == "exam"


def test_an_exchange_that_fails_is_reported(
    student: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = student.home / "nbgrader_config.py"
    plugin = "c.Authenticator.plugin_class = 'nbgrader.auth.JupyterHubAuthPlugin'\n"
    config.write_text(config.read_text() + plugin)
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN", raising=False)  # no hub answers
    content = student.content()
    assert content["in_class"]
    assert "can't be listed right now" in content["trouble"]
    assert lesson(content, "01-intro")["notebooks"]  # what is in the folder can still be opened


def test_without_an_exchange_there_is_no_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    manager = AssignmentList()
    manager.root_dir = str(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(tmp_path / 'none')!r}\n"
    )
    content = home(tmp_path, manager)
    assert not content["in_class"]
    assert not (tmp_path / "none").exists()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    root = tmp_path_factory.mktemp("work")
    write_lesson(root / INTRO, passed=True, answered=False)
    with serve("server", root, tmp_path_factory.mktemp("home") / "h") as server:
        yield server


def get(server: Server, path: str, token: str = "") -> HTTPResponse:
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(f"{server.url}{path}", headers=headers)
    reply: HTTPResponse = urllib.request.urlopen(request, timeout=120)
    return reply


def final_address(server: Server, path: str) -> str:
    with get(server, path) as reply:
        return str(reply.url)


def test_the_content_is_for_the_owner_only(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server, "course/home")
    assert caught.value.code == 403
    caught.value.close()


def test_the_server_replies_with_the_content(server: Server) -> None:
    with get(server, "course/home", server.token) as reply:
        content = json.loads(reply.read())
        assert reply.headers["Cache-Control"] == "no-store"
    exercises = [
        lesson["notebooks"] and lesson["notebooks"][0]["exercises"] for lesson in content["lessons"]
    ]
    assert exercises == [[1, 1], *([] for _ in LESSONS[1:])]
    assert content["digits"] == "digits/"


def post(server: Server, path: str) -> tuple[int, Any]:
    headers = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{server.url}{path}", data=b"{}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_folder_that_was_not_handed_out_is_not_updated(server: Server) -> None:
    assert post(server, "course/update")[0] == 404  # nothing was handed out here
    with get(server, f"course/deadline?path={INTRO}", server.token) as reply:
        assert json.loads(reply.read()) is None
    for path in ("course/update", "course/deadline?path=a"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(server, path)
        assert caught.value.code in {403, 405}
        caught.value.close()


@pytest.mark.parametrize("path", ["course", "course/lab", "course/static/home.js"])
def test_only_the_owner_gets_anything(server: Server, path: str) -> None:
    assert "/login" in final_address(server, path)


def test_the_page_loads_its_own_files_only(server: Server) -> None:
    with get(server, "course", server.token) as reply:
        policy = reply.headers["Content-Security-Policy"]
        page = reply.read().decode()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script>" not in page
    with get(server, "course/static/home.js", server.token) as reply:
        assert reply.read() == (STATIC / "home.js").read_bytes()
        assert "javascript" in reply.headers["Content-Type"]


@pytest.mark.parametrize("path", ["..%2f..%2f__init__.py", "%2fetc%2fpasswd", "none.js"])
def test_no_other_file_is_served(server: Server, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server, f"course/static/{path}", server.token)
    assert caught.value.code in {403, 404}
    caught.value.close()


def test_a_server_that_installs_nothing_says_so(server: Server) -> None:
    for path in ("course/home", "course/tensorflow"):
        with get(server, path, server.token) as reply:
            content = json.loads(reply.read())
        assert (content["tensorflow"] if content else None) is None
    assert post(server, "course/tensorflow") == (200, None)
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(server, "course/tensorflow")
    assert caught.value.code == 403
    caught.value.close()
