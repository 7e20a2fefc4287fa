"""Instant feedback: what the service says, to whom, how often, and what it writes down."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from course import quiz
from course.server.rate import RateLimit
from deploy.feedback.app import Service, application, source
from deploy.feedback.identity import Person
from deploy.feedback.policy import Policy, PolicyError
from deploy.feedback.record import Record, fingerprint
from tests.course.test_server import MANY, ONE, ticked, write_notebook

CLASS = "nbgrader-autoencoders"


class Tokens:
    """An identity without a hub."""

    async def whose(self, token: str) -> Person | None:
        people = {name: Person(name, frozenset({CLASS})) for name in ("ada", "ben")}
        return {**people, "guest": Person("guest", frozenset())}.get(token)


class Asker:
    """Asks the service as a student's server does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_notebook(folder / "source" / "01-one" / "one.ipynb", even=ONE, both=MANY)
        self.record = Record(folder / "asked.db")
        policy = Policy(folder / "feedback.toml")
        self.service = Service(Tokens(), CLASS, source(folder), policy, self.record)

    def policy(self, text: str) -> None:
        (self.folder / "feedback.toml").write_text(text, encoding="utf-8")

    def __call__(self, answer: str, question: str = "even", token: str = "ada") -> tuple[int, Any]:
        body = {"path": "01-one/one.ipynb", "question": question, "answer": answer}
        return self.send(json.dumps(body).encode(), token)

    def send(self, body: bytes, token: str = "ada") -> tuple[int, Any]:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=application(self.service))
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                header = {"Authorization": f"token {token}"}
                return await client.post("/services/feedback/check", content=body, headers=header)

        reply = asyncio.run(ask())
        return reply.status_code, reply.json()

    def log(self) -> list[tuple[str, str, str]]:
        with sqlite3.connect(self.folder / "asked.db") as database:
            found = database.execute("select student, question, said from asked").fetchall()
        database.close()
        return found


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[Asker]:
    asker = Asker(tmp_path)
    yield asker
    asker.record.close()


RIGHT, WRONG = ticked(ONE, 1), ticked(ONE, 0)


def test_right_and_wrong_come_with_the_explanation_of_what_was_chosen(ask: Asker) -> None:
    status, said = ask(RIGHT)
    assert (status, said["verdict"]) == (200, "right")
    assert said["explanations"] == [{"option": "two", "text": "Twice $1$."}]
    status, said = ask(WRONG, token="ben")
    assert (status, said["verdict"]) == (200, "wrong")
    assert "two" not in json.dumps(said)


def test_attempts_are_counted_for_each_student_and_question(ask: Asker) -> None:
    ask.policy("attempts = 1")
    assert ask(WRONG)[1]["message"] == "That is not right. No attempt is left."
    status, said = ask(RIGHT)
    assert status == 403
    assert "You have used your 1 attempt at this question" in said["message"]
    assert ask(RIGHT, token="ben")[1]["verdict"] == "right"
    assert ask(ticked(MANY, 0, 1), question="both")[1]["verdict"] == "right"


def test_the_same_answer_and_an_empty_one_cost_nothing(ask: Asker) -> None:
    ask.policy("attempts = 2")
    for _ in range(3):
        assert "1 attempt is left" in ask(WRONG)[1]["message"]
        assert ask(ticked(ONE))[1]["verdict"] == "blank"
    assert ask(RIGHT)[1]["verdict"] == "right"
    assert ask(WRONG)[1]["verdict"] == "wrong"


def test_an_exam_is_silent_and_a_broken_policy_is_an_exam(ask: Asker) -> None:
    ask.policy("[assignments.01-one]\non = false")
    assert ask(RIGHT)[1]["verdict"] == "saved"
    ask.policy("[assignments.01-one]\non = fals")
    assert ask(RIGHT)[1]["verdict"] == "saved"
    ask.policy("attempts = 3 # mended")
    assert ask(RIGHT)[1]["verdict"] == "right"


def test_no_limit_is_a_limit_of_nought(ask: Asker) -> None:
    ask.policy("attempts = 0")
    said = [ask(ticked(MANY, *some), question="both")[1] for some in ((0,), (1,), (2,), (0, 2))]
    assert {reply["verdict"] for reply in said} == {"wrong"}
    assert "attempt" not in said[-1]["message"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("attempts = -1", "attempts must be a whole number"),
        ("attempts = true", "attempts must be a whole number"),
        ("tries = 3", "only on and attempts can be set"),
        ("assignments = 3", r"\[assignments.NAME\]"),
        ("[assignments.x]\non = 1", "assignments.x: on must be true or false"),
        ("attempts", "can't be read"),
    ],
)
def test_a_broken_policy_says_what_is_wrong(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=reason):
        Policy(path).rule("01-one")


@pytest.mark.parametrize(
    ("token", "body", "status", "reason"),
    [
        ("", b"{}", 403, "does not know this server"),
        ("stranger", b"{}", 403, "does not know this server"),
        ("guest", b"{}", 403, f"only members of {CLASS}"),
        ("ada", b"{", 400, "not JSON"),
        ("ada", b'{"path": "../x.ipynb", "question": "", "answer": ""}', 403, "leads out"),
        ("ada", b'{"path": "x.ipynb", "question": "odd", "answer": ""}', 404, "no assignment"),
        ("ada", b"x" * 70_000, 413, "too long"),
    ],
)
def test_what_is_refused_says_why(
    ask: Asker, token: str, body: bytes, status: int, reason: str
) -> None:
    told, said = ask.send(body, token)
    assert told == status
    assert reason in said["message"]


def test_a_hasty_student_waits_and_the_others_do_not(ask: Asker) -> None:
    ask.service.limit = lambda: RateLimit(checks=2, seconds=600)
    assert [ask(WRONG)[0] for _ in range(3)] == [200, 200, 429]
    assert ask(WRONG, token="ben")[0] == 200


def test_everything_is_written_down(ask: Asker) -> None:
    ask.policy("attempts = 1")
    ask(WRONG)
    ask(RIGHT)
    ask(RIGHT, question="odd")
    assert ask.log() == [
        ("ada", "even", "wrong"),
        ("ada", "even", "refused: no attempts left"),
        ("ada", "odd", "refused: unknown question"),
    ]


def test_two_servers_can_not_spend_one_attempt_twice(ask: Asker) -> None:
    """Looking and writing down are one step, also for a second process on the same record."""
    second = Record(ask.folder / "asked.db")
    second._database.execute("pragma busy_timeout = 0").close()
    answer = fingerprint(option.name for option in quiz.parse(WRONG).options if option.ticked)
    with ask.record.alone():
        with pytest.raises(sqlite3.OperationalError, match="locked"), second.alone():
            pass
        ask.record.add("ada", "01-one", "even", answer, "wrong")
    assert second.tried("ada", "01-one", "even") == {answer}
    second.close()
