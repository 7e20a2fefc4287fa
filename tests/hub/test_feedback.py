"""Instant feedback: what the service says, to whom, how often, and what it writes down."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from course import quiz
from course.server.rate import RateLimit
from course.server.receipts import Receipt
from deploy.feedback import receipts, signed_token
from deploy.feedback.app import Service, application, source
from deploy.feedback.identity import Hub, HubBusyError, Person
from deploy.feedback.policy import Policy, PolicyError
from deploy.feedback.receipts import Told
from deploy.feedback.record import Record, fingerprint
from deploy.feedback.signed_token import TokenReader
from tests.course.server.test_server import MULTIPLE_CHOICE, SINGLE_CHOICE, tick, write_notebook

CLASS = "nbgrader-autoencoders"
GRADERS = "formgrade-autoencoders"


class Tokens:
    """An identity without a hub."""

    async def whose(self, token: str, asker: str = "") -> Person | None:
        if token == "flood":
            assert asker == "127.0.0.1"
            raise HubBusyError(12.5)
        people = {name: Person(name, frozenset({CLASS})) for name in ("ada", "ben")}
        people["ines"] = Person("ines", frozenset({GRADERS}))
        return {**people, "guest": Person("guest", frozenset())}.get(token)


class Asker:
    """Asks the service as a student's server does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_notebook(
            folder / "source" / "01-one" / "one.ipynb", even=SINGLE_CHOICE, both=MULTIPLE_CHOICE
        )
        self.record = Record(folder / "asked.db")
        policy = Policy(folder / "feedback.toml")
        self.service = Service(Tokens(), (CLASS, GRADERS), source(folder), policy, self.record)

    def policy(self, text: str) -> None:
        (self.folder / "feedback.toml").write_text(text, encoding="utf-8")

    def __call__(self, answer: str, question: str = "even", token: str = "ada") -> tuple[int, Any]:
        body = {"path": "01-one/one.ipynb", "question": question, "answer": answer}
        return self.send(json.dumps(body).encode(), token)

    def send(self, body: bytes, token: str = "ada", what: str = "check") -> tuple[int, Any]:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=application(self.service))
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                header = {"Authorization": f"token {token}"}
                return await client.post(f"/services/feedback/{what}", content=body, headers=header)

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


RIGHT, WRONG = tick(SINGLE_CHOICE, 1), tick(SINGLE_CHOICE, 0)


def test_right_and_wrong_come_with_the_explanation_of_what_was_chosen(ask: Asker) -> None:
    status, said = ask(RIGHT)
    assert (status, said["verdict"]) == (200, "right")
    assert said["explanations"] == [{"option": "two", "text": "Twice $1$."}]
    status, said = ask(WRONG, token="ben")
    assert (status, said["verdict"]) == (200, "wrong")
    assert "two" not in json.dumps(said)


def test_attempts_are_counted_for_each_student_and_question(ask: Asker) -> None:
    ask.policy("attempts = 1")
    assert ask(WRONG)[1]["message"] == "Not quite. No attempt is left."
    status, said = ask(RIGHT)
    assert status == 403
    assert "You have used your 1 attempt at this question" in said["message"]
    assert ask(RIGHT, token="ben")[1]["verdict"] == "right"
    assert ask(tick(MULTIPLE_CHOICE, 0, 1), question="both")[1]["verdict"] == "right"


def test_the_same_answer_and_an_empty_one_cost_nothing(ask: Asker) -> None:
    ask.policy("attempts = 2")
    for _ in range(3):
        assert "1 attempt is left" in ask(WRONG)[1]["message"]
        assert ask(tick(SINGLE_CHOICE))[1]["verdict"] == "blank"
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
    said = [
        ask(tick(MULTIPLE_CHOICE, *some), question="both")[1] for some in ((0,), (1,), (2,), (0, 2))
    ]
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
        ("flood", b"{}", 429, "too many servers that the hub does not know"),
        ("guest", b"{}", 403, f"only members of {CLASS}"),
        ("ada", b"{", 400, "not valid JSON"),
        (
            "ada",
            b'{"path": "../x.ipynb", "question": "", "answer": ""}',
            403,
            "inside the server's folder",
        ),
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


def test_refusals_are_written_down_but_do_not_fill_the_disk(ask: Asker) -> None:
    ask.service.limit = lambda: RateLimit(checks=3, seconds=600)
    for _ in range(5):
        for token in ("guest", "stranger"):
            ask(WRONG, token=token)
        ask.send(b"{")
    ask.send(b"x" * 70_000, "ben")
    assert sorted(ask.log()) == [
        ("", "", "refused: unknown server"),
        ("ada", "", "refused: the request is not valid JSON"),
        ("ada", "", "refused: too many checks"),
        ("ben", "", "refused: too long"),
        ("guest", "", "refused: not in the class"),
    ]


def test_instructors_may_try_it(ask: Asker) -> None:
    assert ask(RIGHT, token="ines")[1]["verdict"] == "right"


class TestReceipt:
    """What was handed in is written down by the server's clock, and signed."""

    RECEIPT = Receipt("c", "01-one", "ada", "2026-11-24 02:10:11.000001 UTC", {"a": "b" * 64})

    def sent(self, **other: object) -> bytes:
        own = {name: getattr(self.RECEIPT, name) for name in ("assignment", "time", "content")}
        return json.dumps({**own, **other}).encode()

    def test_a_confirmed_receipt_can_be_told_from_a_forged_one(
        self, ask: Asker, tmp_path: Path
    ) -> None:
        ask.service.key = "k"
        before = datetime.now(UTC)
        status, said = ask.send(self.sent(), what="receipt")
        assert status == 200
        assert before <= datetime.fromisoformat(said["time"]) <= datetime.now(UTC)
        path = tmp_path / "receipt.txt"
        confirmed = replace(self.RECEIPT, confirmed=(said["time"], said["mark"]))
        path.write_text(confirmed.text())
        told = receipts.checked(path, "k")
        assert told == Told("ada", "01-one", self.RECEIPT.time, confirmed.content, said["time"])
        assert receipts.checked(path, "another key") is None
        for forged in (
            replace(confirmed, student="ben"),
            replace(confirmed, time="2026-11-23 02:10:11.000001 UTC"),
            replace(confirmed, files={"a": "c" * 64}),
            replace(confirmed, confirmed=("2026-11-23T00:00:00+00:00", said["mark"])),
        ):
            path.write_text(forged.text())
            assert receipts.checked(path, "k") is None
        path.write_text(self.RECEIPT.text())
        with pytest.raises(receipts.ReceiptError, match="is not a receipt that was confirmed"):
            receipts.checked(path, "k")
        row = ask.record._database.execute("select time, student, content from handed_in")
        assert row.fetchall() == [(said["time"], "ada", confirmed.content)]

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"{", "must have an assignment"),
            (b"[]", "must have an assignment"),
            (b'{"assignment": 1, "time": "", "content": ""}', "short texts"),
            (b'{"assignment": "a", "time": "t", "content": "c"}', "must be a SHA-256"),
        ],
    )
    def test_what_is_no_receipt_is_not_signed(self, ask: Asker, body: bytes, reason: str) -> None:
        ask.service.key = "k"
        status, said = ask.send(body, what="receipt")
        assert (status, reason in said["message"]) == (400, True)

    def test_strangers_get_no_mark_and_without_a_key_nobody_does(self, ask: Asker) -> None:
        assert ask.send(self.sent(), what="receipt")[0] == 404
        ask.service.key = "k"
        assert ask.send(self.sent(), "stranger", "receipt")[0] == 403


class TestBadge:
    """Who asks is signed by the hub, and nobody else can sign it."""

    def test_it_says_who_it_is(self) -> None:
        ada = TokenReader("k").read(signed_token.issue("k", "ada", [CLASS, "x"]))
        assert ada == Person("ada", frozenset({CLASS, "x"}))
        assert asyncio.run(TokenReader("k").whose(signed_token.issue("k", "ada", []))) == Person(
            "ada", frozenset()
        )

    def test_a_forged_one_is_nobodys(self) -> None:
        good = signed_token.issue("k", "ada", [CLASS])
        told, mark = good.split(".")
        ben = signed_token.issue("other", "ben", [CLASS])
        for forged in (
            "",
            ".",
            told,
            f"{told}.",
            f"{told}.{mark[:-6]}AAAAA=",
            f"{ben.split('.')[0]}.{mark}",
            ben,
            "\N{SNOWMAN}.\N{SNOWMAN}",
            "a.b",
        ):
            assert TokenReader("k").read(forged) is None, forged

    def test_an_old_one_is_void(self) -> None:
        signed = signed_token.issue("k", "ada", [], now=1_000_000)
        assert TokenReader("k").read(signed, now=1_000_000 + 29 * 86_400)
        assert TokenReader("k").read(signed, now=1_000_000 + 31 * 86_400) is None

    def test_there_is_no_badge_without_a_key(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="must not be empty"):
            TokenReader("")
        made = signed_token.key(tmp_path / "badge.key")
        assert len(made) == 64
        assert signed_token.key(tmp_path / "badge.key") == made
        assert (tmp_path / "badge.key").stat().st_mode & 0o777 == 0o600


class TestHubsWord:
    """On a cluster the hub is asked, and a class does not ask it more than it must."""

    @pytest.fixture
    def word(self, monkeypatch: pytest.MonkeyPatch) -> Hub:
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "service")
        monkeypatch.setenv("JUPYTERHUB_OAUTH_ACCESS_SCOPES", '["access:services!service=feedback"]')
        found = Hub()
        self.asked: list[str] = []

        async def user_for_token(token: str, **_: object) -> dict[str, Any] | None:
            self.asked.append(token)
            await asyncio.sleep(0.01)
            if token not in {"ada", "service", "closed"}:
                return None
            kind = "service" if token == "service" else "user"
            scopes = [] if token == "closed" else ["access:services!service=feedback"]
            return {"kind": kind, "name": token, "groups": [CLASS], "scopes": scopes}

        monkeypatch.setattr(found._hub, "user_for_token", user_for_token)
        return found

    def test_one_question_answers_all_who_ask_at_once_and_later(self, word: Hub) -> None:
        async def ask() -> list[Person | None]:
            first = await asyncio.gather(*(word.whose("ada") for _ in range(50)))
            return [*first, await word.whose("ada")]

        assert asyncio.run(ask()) == [Person("ada", frozenset({CLASS}))] * 51
        assert self.asked == ["ada"]

    def test_strangers_wait_and_the_known_do_not(self, word: Hub) -> None:
        async def ask() -> None:
            assert await word.whose("ada", "10.0.0.1")
            for number in range(30):
                assert await word.whose(f"guess {number}", "10.0.0.1") is None
            with pytest.raises(HubBusyError):
                await word.whose("one more", "10.0.0.1")
            assert await word.whose("ada", "10.0.0.1")
            assert await word.whose("guess 1", "10.0.0.1") is None
            assert await word.whose("elsewhere", "10.0.0.2") is None

        asyncio.run(ask())
        assert len(self.asked) == 32

    @pytest.mark.parametrize("token", ["service", "closed", "nobody"])
    def test_who_may_not_come_is_nobody(self, word: Hub, token: str) -> None:
        assert asyncio.run(word.whose(token)) is None


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
