"""The Check button's other end: a real server, asked as a page and as an attacker would ask."""

from __future__ import annotations

import http.client
import json
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from traitlets import Unicode
from traitlets.config import Configurable

from course import quiz
from course.server.check_result import judge
from course.server.keys import AnswerKeys, Key, UnknownQuestionError
from course.server.rate import RateLimit
from tests.browser.servers import Server, serve

ONE = "**Even?**\n\n- [ ] one\n  > It is odd.\n- [x] two\n  > Twice $1$.\n"
MANY = "**Even?**\n\n- [x] two\n  > Yes.\n- [x] four\n  > Yes, too.\n- [ ] five\n  > Odd.\n"


def write_notebook(path: Path, **questions: str) -> None:
    cells = []
    for name, source in questions.items():
        cell = new_markdown_cell(source, id=name)
        cell.metadata["course"] = {"quiz": {"multiple": source == MANY}}
        cell.metadata["nbgrader"] = {"grade_id": name, "grade": True, "solution": True}
        cells.append(cell)
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


def ticked(source: str, *indices: int) -> str:
    return quiz.mark(quiz.bare(source), frozenset(indices))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of somebody who studies alone: the keys lie beside the lessons."""
    root = tmp_path_factory.mktemp("alone")
    write_notebook(root / "source" / "01-one" / "one.ipynb", even=ONE, both=MANY)
    write_notebook(root / "source" / "02-two" / "two.ipynb", both=MANY.replace("five", "seven"))
    (root / "secret.ipynb").write_text("not for you")
    options = ["--RateLimit.checks=1000"]
    with serve("server", root, tmp_path_factory.mktemp("home") / "h", *options) as server:
        yield server


Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask(alone: Server) -> Ask:
    return lambda *args, **kwargs: send(alone, *args, **kwargs)


def send(
    server: Server, body: object, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    address = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    usual = {"Authorization": f"token {server.token}", "Content-Type": "application/json"}
    try:
        connection.request(
            "POST", f"{address.path}course/check", content, usual if headers is None else headers
        )
        reply = connection.getresponse()
        text = reply.read()
    finally:
        connection.close()
    return reply.status, json.loads(text)


def about(question: str, answer: str, path: str = "01-one/one.ipynb") -> dict[str, str]:
    return {"path": path, "question": question, "answer": answer}


def test_a_right_answer_comes_back_with_its_explanation(ask: Ask) -> None:
    status, verdict = ask(about("even", ticked(ONE, 1)))
    assert status == 200
    assert verdict["verdict"] == "right"
    assert verdict["explanations"] == [{"option": "two", "text": "Twice $1$."}]


def test_a_wrong_answer_gives_nothing_else_away(ask: Ask) -> None:
    status, verdict = ask(about("even", ticked(ONE, 0)))
    assert (status, verdict["verdict"]) == (200, "wrong")
    assert verdict["explanations"] == [{"option": "one", "text": "It is odd."}]
    assert "two" not in json.dumps(verdict)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "not JSON"),
        (b"[" * 50_000, 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        ([1], 400, "must be an object"),
        ({"path": "a.ipynb", "question": "even"}, 400, "answer must be text"),
        ({"path": 1, "question": "even", "answer": ""}, 400, "path must be text"),
        (about("even", ONE, "../secret.ipynb"), 403, "leads out"),
        (about("even", ONE, "01-one/../../x.ipynb"), 403, "leads out"),
        (about("even", ONE, "..\\secret.ipynb"), 403, "leads out"),
        (about("even", ONE, "/etc/x.ipynb"), 403, "leads out"),
        (about("even", ONE, "a\0.ipynb"), 403, "leads out"),
        (about("even", ONE, "secret.txt"), 400, "ending in .ipynb"),
        (about("odd", ONE), 404, "no assignment has a question"),
        (about("100%s", ONE), 404, "no assignment has a question"),
        (about("both", ticked(MANY, 0), "elsewhere/x.ipynb"), 404, "01-one, 02-two"),
        (about("even", "x" * 70_000), 413, "too long"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(
    ask: Ask, body: object, status: int, reason: str
) -> None:
    told, reply = ask(body)
    assert told == status
    assert reason in reply["message"]
    assert "not for you" not in json.dumps(reply)


def test_a_body_without_a_length_is_limited_too(alone: Server) -> None:
    address = urllib.parse.urlsplit(alone.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    connection.request(
        "POST",
        f"{address.path}course/check",
        iter([b"x" * 1000] * 100),
        {"Authorization": f"token {alone.token}"},
        encode_chunked=True,
    )
    reply = connection.getresponse()
    assert (reply.status, "too long" in json.loads(reply.read())["message"]) == (413, True)
    connection.close()


def test_a_stranger_is_turned_away(alone: Server) -> None:
    assert send(alone, about("even", ONE), headers={})[0] == 403
    assert send(alone, about("even", ONE), headers={"Authorization": "token wrong"})[0] == 403


def cookies_of(server: Server, page: str) -> list[str]:
    address = urllib.parse.urlsplit(server.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=30)
    try:
        connection.request("GET", f"{address.path}{page}")
        reply = connection.getresponse()
        reply.read()
    finally:
        connection.close()
    return [value.split(";")[0] for name, value in reply.getheaders() if name == "Set-Cookie"]


def test_a_forged_page_is_turned_away(alone: Server) -> None:
    """A browser sends the cookie of its own accord; the XSRF token only our page can send."""
    cookies = cookies_of(alone, "login") + cookies_of(alone, f"login?token={alone.token}")
    cookie = {"Cookie": "; ".join(cookies)}
    token = next(one.partition("=")[2] for one in cookies if one.startswith("_xsrf="))
    assert send(alone, about("even", ticked(ONE, 1)), headers=cookie)[0] == 403
    allowed = send(alone, about("even", ticked(ONE, 1)), headers={**cookie, "X-XSRFToken": token})
    assert allowed[1]["verdict"] == "right"


def test_without_keys_the_answer_is_saved_and_too_many_checks_wait(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    options = ["--RateLimit.checks=2", "--RateLimit.seconds=600"]
    with serve("server", tmp_path / "work", tmp_path / "home", *options) as server:
        status, verdict = send(server, about("even", ticked(ONE, 1)))
        assert (status, verdict["verdict"]) == (200, "saved")
        assert "graded when you submit" in verdict["message"]
        assert send(server, b"")[0] == 400
        status, refused = send(server, about("even", ticked(ONE, 1)))
        assert status == 429
        assert "wait" in refused["message"]


class Root(Configurable):
    """All that the keys ask of a server."""

    root_dir = Unicode()


def keys_of(folder: Path) -> AnswerKeys:
    return AnswerKeys(parent=Root(root_dir=str(folder)))


def test_keys_lie_in_the_servers_own_folder_or_beside_a_handed_out_one(tmp_path: Path) -> None:
    write_notebook(tmp_path / "source" / "01-one" / "one.ipynb", even=ONE)
    work = tmp_path / "work"
    work.mkdir()
    assert keys_of(tmp_path).at_hand
    assert not keys_of(work).at_hand
    (work / ".handed-out.json").write_text("{}")
    assert keys_of(work).folder == tmp_path / "source"
    assert AnswerKeys(source=str(tmp_path / "source")).at_hand
    assert not AnswerKeys(source=str(tmp_path / "nowhere")).at_hand


def test_only_assignment_folders_are_read(tmp_path: Path) -> None:
    source = tmp_path / "course" / "source"
    write_notebook(tmp_path / "private" / "diary.ipynb", secret=ONE)
    write_notebook(source / "01-one" / ".hidden.ipynb", hidden=ONE)
    write_notebook(source / "01-one" / "deep" / "deep.ipynb", deep=ONE)
    write_notebook(source / "01-one" / "one.ipynb", even=ONE)
    (source / "01-one" / "broken.ipynb").write_text("{}")
    (source / "01-one" / "odd.ipynb").write_text('{"cells": [3]}')
    (source / "01-one" / "link.ipynb").symlink_to(tmp_path / "private" / "diary.ipynb")
    (source / "linked").symlink_to(tmp_path / "private")
    keys = AnswerKeys(source=str(source))
    assert keys.find("x.ipynb", "even", quiz.parse(ONE)).assignment == "01-one"
    for name in ("secret", "hidden", "deep"):
        with pytest.raises(UnknownQuestionError, match=f"no assignment has a question “{name}”"):
            keys.find("01-one/one.ipynb", name, quiz.parse(ONE))


def test_a_name_in_two_lessons_is_told_apart_by_folder_or_by_text(tmp_path: Path) -> None:
    other = ONE.replace("one", "three").replace("two", "ten")
    write_notebook(tmp_path / "01-one" / "one.ipynb", same=ONE)
    write_notebook(tmp_path / "02-two" / "two.ipynb", same=other)
    keys = AnswerKeys(source=str(tmp_path))
    for path, answer, lesson in [
        ("02-two/two.ipynb", ONE, "02-two"),
        ("my copies/Untitled.ipynb", other, "02-two"),
        ("my copies/Untitled.ipynb", ONE, "01-one"),
    ]:
        assert keys.find(path, "same", quiz.parse(quiz.bare(answer))).assignment == lesson


@pytest.mark.parametrize(
    ("source", "indices", "verdict", "said"),
    [
        (ONE, [1], "right", 1),
        (ONE, [0], "wrong", 1),
        (ONE, [], "blank", 0),
        (ONE, [0, 1], "unclear", 0),
        (MANY, [0, 1], "right", 2),
        (MANY, [0], "wrong", 1),
        (MANY, [0, 2], "wrong", 2),
    ],
)
def test_a_verdict_explains_what_was_chosen(
    source: str, indices: list[int], verdict: str, said: int
) -> None:
    key = Key("01-one", quiz.parse(source), multiple=source == MANY)
    told = judge(quiz.parse(ticked(source, *indices)), key)
    assert told["verdict"] == verdict
    assert len(told["explanations"]) == said
    assert told["message"].endswith(".")


def test_a_part_of_the_right_options_is_right_so_far() -> None:
    key = Key("01-one", quiz.parse(MANY), multiple=True)
    assert "missing" in judge(quiz.parse(ticked(MANY, 1)), key)["message"]


def test_an_edited_option_is_for_a_person_to_judge() -> None:
    key = Key("01-one", quiz.parse(ONE), multiple=False)
    told = judge(quiz.parse("**Even?**\n\n- [x] nothing of the kind\n- [ ] two"), key)
    assert told["verdict"] == "unclear"
    assert "nothing of the kind" in told["message"]


def test_the_window_of_the_rate_limit_slides() -> None:
    limit = RateLimit(checks=2, seconds=10)
    waits = [limit.wait(now=now) for now in (0.0, 5.0, 9.0, 10.5, 11.0, 15.5)]
    assert waits == [0, 0, 1, 0, 4, 0]


def test_an_answer_can_not_keep_the_server_busy(ask: Ask) -> None:
    """Spaces that a careless pattern would try in every combination."""
    status, verdict = ask(about("even", f"- [{' ' * 60_000}y"))
    assert (status, verdict["verdict"]) == (200, "blank")
