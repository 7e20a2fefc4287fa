"""The Check button's route on a real server, called as a page and as an attacker would call it."""

from __future__ import annotations

import functools
import http.client
import json
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from traitlets import Unicode
from traitlets.config import Configurable

from course import quiz
from course.server.check_result import check_answer
from course.server.keys import AnswerKeys, Key, UnknownQuestionError
from course.server.rate import RateLimit
from tests.browser.servers import Server, serve

SINGLE_CHOICE = "**Even?**\n\n- [ ] one\n  > It is odd.\n- [x] two\n  > Twice $1$.\n"
MULTIPLE_CHOICE = (
    "**Even?**\n\n- [x] two\n  > Yes.\n- [x] four\n  > Yes, too.\n- [ ] five\n  > Odd.\n"
)


EXERCISE = "def half(x):\n    ### BEGIN SOLUTION\n    return x / 2\n    ### END SOLUTION"


def write_notebook(path: Path, **questions: str) -> None:
    exercise = new_code_cell(EXERCISE, id="half")
    exercise.metadata["course"] = {"hints": ["Halves are $x/2$.", f"`/` in {path.stem}"]}
    exercise.metadata["nbgrader"] = {"grade_id": "half", "grade": False, "solution": True}
    cells = [exercise]
    for name, source in questions.items():
        cell = new_markdown_cell(source, id=name)
        cell.metadata["course"] = {"quiz": {"multiple": source == MULTIPLE_CHOICE}}
        cell.metadata["nbgrader"] = {"grade_id": name, "grade": True, "solution": True}
        cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


def tick(source: str, *indices: int) -> str:
    return quiz.mark(quiz.bare(source), frozenset(indices))


@pytest.fixture(scope="module")
def self_study_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A self-learner's server, which has the keys."""
    root = tmp_path_factory.mktemp("self-study")
    write_notebook(
        root / "source" / "01-one" / "one.ipynb", even=SINGLE_CHOICE, both=MULTIPLE_CHOICE
    )
    write_notebook(
        root / "source" / "02-two" / "two.ipynb", both=MULTIPLE_CHOICE.replace("five", "seven")
    )
    (root / "secret.ipynb").write_text("not for you")
    options = ["--RateLimit.checks=1000"]
    with serve("server", root, tmp_path_factory.mktemp("home") / "h", *options) as server:
        yield server


Post = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def post(self_study_server: Server) -> Post:
    return functools.partial(send, self_study_server)


def send(
    server: Server,
    body: object,
    headers: dict[str, str] | None = None,
    route: str = "course/check",
) -> tuple[int, dict[str, Any]]:
    url = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=120)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    default = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    try:
        connection.request(
            "POST", f"{url.path}{route}", content, default if headers is None else headers
        )
        reply = connection.getresponse()
        text = reply.read()
    finally:
        connection.close()
    return reply.status, json.loads(text)


def request(question: str, answer: str, path: str = "01-one/one.ipynb") -> dict[str, str]:
    return {"path": path, "question": question, "answer": answer}


def test_a_right_answer_is_explained(post: Post) -> None:
    status, verdict = post(request("even", tick(SINGLE_CHOICE, 1)))
    assert status == 200
    assert verdict["verdict"] == "right"
    assert verdict["explanations"] == [{"option": "two", "text": "Twice $1$.", "right": True}]


def test_a_wrong_answer_reveals_only_the_chosen_option(post: Post) -> None:
    status, verdict = post(request("even", tick(SINGLE_CHOICE, 0)))
    assert (status, verdict["verdict"]) == (200, "wrong")
    assert verdict["explanations"] == [{"option": "one", "text": "It is odd.", "right": False}]
    assert "two" not in json.dumps(verdict)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "not valid JSON"),
        (b"[" * 50_000, 400, "not valid JSON"),
        (b"\xff\xfe", 400, "not valid JSON"),
        ([1], 400, "must be an object"),
        ({"path": "a.ipynb", "question": "even"}, 400, "answer must be a string"),
        ({"path": 1, "question": "even", "answer": ""}, 400, "path must be a string"),
        (request("even", SINGLE_CHOICE, "../secret.ipynb"), 403, "inside the server's folder"),
        (request("even", SINGLE_CHOICE, "01-one/../../x.ipynb"), 403, "inside the server's folder"),
        (request("even", SINGLE_CHOICE, "..\\secret.ipynb"), 403, "inside the server's folder"),
        (request("even", SINGLE_CHOICE, "/etc/x.ipynb"), 403, "inside the server's folder"),
        (request("even", SINGLE_CHOICE, "a\0.ipynb"), 403, "inside the server's folder"),
        (request("even", SINGLE_CHOICE, "secret.txt"), 400, "must end in .ipynb"),
        (request("odd", SINGLE_CHOICE), 404, "no assignment has a question"),
        (request("100%s", SINGLE_CHOICE), 404, "no assignment has a question"),
        (request("both", tick(MULTIPLE_CHOICE, 0), "elsewhere/x.ipynb"), 404, "01-one, 02-two"),
        (request("even", "x" * 70_000), 413, "larger than 65,536 bytes"),
    ],
)
def test_an_invalid_request_gets_the_reason(
    post: Post, body: object, status: int, reason: str
) -> None:
    actual, reply = post(body)
    assert actual == status
    assert reason in reply["message"]
    assert "not for you" not in json.dumps(reply)


def damage(released: str, answer: str) -> dict[str, str]:
    return {
        "path": "01-one/one.ipynb",
        "released": released,
        "answer": answer,
        "kind": "choice",
    }


def test_a_question_is_restored_with_the_answer_that_can_be_read(post: Post) -> None:
    left = damage(quiz.bare(SINGLE_CHOICE), "nonsense\n- [x] Two.\n- [x] three")
    assert post(left, route="course/restore") == (200, {"source": tick(SINGLE_CHOICE, 1)})
    assert post(damage("Hm", ""), route="course/restore") == (200, {"source": "Hm"})
    status, reply = post(damage("- [ ] a\n- [ ] a", ""), route="course/restore")
    assert (status, "are the same" in reply["message"]) == (400, True)


def test_a_body_without_content_length_is_limited_too(self_study_server: Server) -> None:
    url = urllib.parse.urlsplit(self_study_server.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=120)
    connection.request(
        "POST",
        f"{url.path}course/check",
        iter([b"x" * 1000] * 100),
        {"Authorization": f"token {self_study_server.token}"},
        encode_chunked=True,
    )
    reply = connection.getresponse()
    assert reply.status == 413
    assert "larger than 65,536 bytes" in json.loads(reply.read())["message"]
    connection.close()


def ask(
    server: Server, exercise: str = "", step: str = "", path: str = "01-one/one.ipynb"
) -> tuple[int, dict[str, Any]]:
    body = {"path": path, "exercise": exercise, "step": step}
    return send(server, body, route="course/help")


def test_a_self_learner_gets_one_step_of_help_at_a_time(self_study_server: Server) -> None:
    steps = {"half": 3}
    assert ask(self_study_server) == (200, {"steps": steps, "text": ""})
    texts = ["Halves are $x/2$.", "`/` in one", "~~~python\ndef half(x):\n    return x / 2\n~~~"]
    for number, text in enumerate(texts, start=1):
        reply = ask(self_study_server, "half", str(number))
        assert reply == (200, {"steps": steps, "text": text})
    reply = ask(self_study_server, "half", "2", "02-two/two.ipynb")
    assert reply == (200, {"steps": steps, "text": "`/` in two"})


@pytest.mark.parametrize(
    ("arguments", "status", "reason"),
    [
        (("half", "4"), 400, "step must be between 1 and 3, got '4'"),
        (("half", "0"), 400, "got '0'"),
        (("half", "٣"), 400, "got '٣'"),
        (("half", 1), 400, "step must be a string"),
        (("third", "1"), 404, "there is no help with “third” here"),
        (("half", "1", "../secret.ipynb"), 403, "inside the server's folder"),
    ],
)
def test_an_invalid_request_for_help_gets_the_reason(
    self_study_server: Server, arguments: tuple[Any, ...], status: int, reason: str
) -> None:
    actual, reply = ask(self_study_server, *arguments)
    assert actual == status
    assert reason in reply["message"]


def test_a_notebook_outside_its_folder_gets_help_too(self_study_server: Server) -> None:
    assert ask(self_study_server, path="one.ipynb")[1]["steps"] == {"half": 3}


def test_help_needs_a_token_too(self_study_server: Server) -> None:
    body = {"path": "01-one/one.ipynb", "exercise": "half", "step": "3"}
    status, reply = send(self_study_server, body, headers={}, route="course/help")
    assert status == 403
    assert "x / 2" not in json.dumps(reply)


def test_a_class_with_a_feedback_service_gives_no_help(tmp_path: Path) -> None:
    """Not even if its server can read the instructor's notebooks."""
    write_notebook(tmp_path / "source" / "01-one" / "one.ipynb", even=SINGLE_CHOICE)
    options = ["--FeedbackService.url=http://127.0.0.1:9"]
    token = {"COURSE_FEEDBACK_TOKEN": "any"}
    with serve("server", tmp_path, tmp_path / "home", *options, variables=token) as server:
        assert ask(server) == (200, {"steps": {}, "text": ""})
        assert ask(server, "half", "1")[0] == 404


def test_a_request_without_a_valid_token_is_refused(self_study_server: Server) -> None:
    assert send(self_study_server, request("even", SINGLE_CHOICE), headers={})[0] == 403
    assert (
        send(
            self_study_server,
            request("even", SINGLE_CHOICE),
            headers={"Authorization": "token wrong"},
        )[0]
        == 403
    )


def cookies_of(server: Server, page: str) -> list[str]:
    url = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=120)
    try:
        connection.request("GET", f"{url.path}{page}")
        reply = connection.getresponse()
        reply.read()
    finally:
        connection.close()
    return [value.split(";")[0] for name, value in reply.getheaders() if name == "Set-Cookie"]


def test_a_forged_page_is_refused(self_study_server: Server) -> None:
    """A browser sends the cookie with any page's request; the XSRF token only our page can send."""
    cookies = cookies_of(self_study_server, "login")
    cookies += cookies_of(self_study_server, f"login?token={self_study_server.token}")
    headers = {"Cookie": "; ".join(cookies)}
    right = request("even", tick(SINGLE_CHOICE, 1))
    assert send(self_study_server, right, headers=headers)[0] == 403
    headers["X-XSRFToken"] = next(c.partition("=")[2] for c in cookies if c.startswith("_xsrf="))
    assert send(self_study_server, right, headers=headers)[1]["verdict"] == "right"


def test_without_keys_the_answer_is_saved_and_checks_are_limited(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    options = ["--RateLimit.checks=2", "--RateLimit.seconds=600"]
    with serve("server", tmp_path / "work", tmp_path / "home", *options) as server:
        assert ask(server) == (200, {"steps": {}, "text": ""})
        assert ask(server, "half", "1")[0] == 404
        status, verdict = send(server, request("even", tick(SINGLE_CHOICE, 1)))
        assert (status, verdict["verdict"]) == (200, "saved")
        assert "graded after you submit" in verdict["message"]
        assert send(server, b"")[0] == 400
        status, refused = send(server, request("even", tick(SINGLE_CHOICE, 1)))
        assert status == 429
        assert "too many checks; try again in" in refused["message"]


class Root(Configurable):
    """A stand-in for the server, with all that `AnswerKeys` reads from it."""

    root_dir = Unicode()


def keys_for(folder: Path) -> AnswerKeys:
    return AnswerKeys(parent=Root(root_dir=str(folder)))


def test_keys_are_found_in_the_root_folder_or_next_to_a_handout(tmp_path: Path) -> None:
    write_notebook(tmp_path / "source" / "01-one" / "one.ipynb", even=SINGLE_CHOICE)
    work = tmp_path / "work"
    work.mkdir()
    assert keys_for(tmp_path).available
    assert not keys_for(work).available
    (work / ".handed-out.json").write_text("{}")
    assert keys_for(work).folder == tmp_path / "source"
    assert AnswerKeys(source=str(tmp_path / "source")).available
    assert not AnswerKeys(source=str(tmp_path / "nowhere")).available


def test_only_assignment_folders_are_read(tmp_path: Path) -> None:
    source = tmp_path / "course" / "source"
    write_notebook(tmp_path / "private" / "diary.ipynb", secret=SINGLE_CHOICE)
    write_notebook(source / "01-one" / ".hidden.ipynb", hidden=SINGLE_CHOICE)
    write_notebook(source / "01-one" / "deep" / "deep.ipynb", deep=SINGLE_CHOICE)
    write_notebook(source / "01-one" / "one.ipynb", even=SINGLE_CHOICE)
    (source / "01-one" / "broken.ipynb").write_text("{}")
    (source / "01-one" / "odd.ipynb").write_text('{"cells": [3]}')
    (source / "01-one" / "link.ipynb").symlink_to(tmp_path / "private" / "diary.ipynb")
    (source / "linked").symlink_to(tmp_path / "private")
    keys = AnswerKeys(source=str(source))
    assert keys.find("x.ipynb", "even", quiz.parse(SINGLE_CHOICE)).assignment == "01-one"
    for name in ("secret", "hidden", "deep"):
        with pytest.raises(UnknownQuestionError, match=f"no assignment has a question “{name}”"):
            keys.find("01-one/one.ipynb", name, quiz.parse(SINGLE_CHOICE))


def test_folder_or_text_distinguishes_equal_names(tmp_path: Path) -> None:
    other = SINGLE_CHOICE.replace("one", "three").replace("two", "ten")
    write_notebook(tmp_path / "01-one" / "one.ipynb", same=SINGLE_CHOICE)
    write_notebook(tmp_path / "02-two" / "two.ipynb", same=other)
    keys = AnswerKeys(source=str(tmp_path))
    for path, answer, lesson in [
        ("02-two/two.ipynb", SINGLE_CHOICE, "02-two"),
        ("my copies/Untitled.ipynb", other, "02-two"),
        ("my copies/Untitled.ipynb", SINGLE_CHOICE, "01-one"),
    ]:
        assert keys.find(path, "same", quiz.parse(quiz.bare(answer))).assignment == lesson


@pytest.mark.parametrize(
    ("source", "indices", "verdict", "explanations"),
    [
        (SINGLE_CHOICE, [1], "right", 1),
        (SINGLE_CHOICE, [0], "wrong", 1),
        (SINGLE_CHOICE, [], "blank", 0),
        (SINGLE_CHOICE, [0, 1], "unclear", 0),
        (MULTIPLE_CHOICE, [0, 1], "right", 2),
        (MULTIPLE_CHOICE, [0], "wrong", 1),
        (MULTIPLE_CHOICE, [0, 2], "wrong", 2),
    ],
)
def test_the_chosen_options_are_explained(
    source: str, indices: list[int], verdict: str, explanations: int
) -> None:
    key = Key("01-one", quiz.parse(source), multiple=source == MULTIPLE_CHOICE)
    result = check_answer(quiz.parse(tick(source, *indices)), key)
    assert result["verdict"] == verdict
    assert len(result["explanations"]) == explanations
    assert result["message"].endswith(".")


@pytest.mark.parametrize(
    ("indices", "rights", "message"),
    [
        ([0], [True], "Correct so far, but incomplete. 1 more to find."),
        ([0, 2], [True, False], "Not quite. 1 more to find."),
        ([0, 1, 2], [True, True, False], "Not quite."),
        ([2], [False], "Not quite. 2 more to find."),
    ],
)
def test_each_chosen_option_is_marked_and_missing_ones_are_counted(
    indices: list[int], rights: list[bool], message: str
) -> None:
    key = Key("01-one", quiz.parse(MULTIPLE_CHOICE), multiple=True)
    result = check_answer(quiz.parse(tick(MULTIPLE_CHOICE, *indices)), key)
    assert [explanation["right"] for explanation in result["explanations"]] == rights
    assert result["message"] == message


def test_an_edited_option_is_unclear() -> None:
    key = Key("01-one", quiz.parse(SINGLE_CHOICE), multiple=False)
    result = check_answer(quiz.parse("**Even?**\n\n- [x] nothing of the kind\n- [ ] two"), key)
    assert result["verdict"] == "unclear"
    assert "nothing of the kind" in result["message"]


def test_the_window_of_the_rate_limit_slides() -> None:
    limit = RateLimit(checks=2, seconds=10)
    waits = [limit.try_acquire(now=now) for now in (0.0, 5.0, 9.0, 10.5, 11.0, 15.5)]
    assert waits == [0, 0, 1, 0, 4, 0]


def test_parsing_an_answer_takes_linear_time(post: Post) -> None:
    """A regular expression that backtracks would try these spaces in every combination."""
    status, verdict = post(request("even", f"- [{' ' * 60_000}y"))
    assert (status, verdict["verdict"]) == (200, "unclear")
