"""Instant feedback: what the service answers, to whom, how often, and what it logs."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from course import quiz
from course.server.keys import AnswerKeys
from course.server.rate import RateLimit
from course.server.receipts import Receipt
from deploy.feedback import receipts
from deploy.feedback.app import CheckService, application
from deploy.feedback.identity import Person, TooManyUnknownTokensError
from deploy.feedback.policy import Policy, PolicyError
from deploy.feedback.receipts import SubmissionNotice
from deploy.feedback.request_log import RequestLog, answer_hash
from tests.course.server.test_server import MULTIPLE_CHOICE, SINGLE_CHOICE, tick, write_notebook

CLASS = "nbgrader-autoencoders"
GRADERS = "formgrade-autoencoders"


class StaticTokens:
    """Identifies tokens without a hub."""

    async def identify(self, token: str, client: str = "") -> Person | None:
        if token == "flood":
            assert client == "127.0.0.1"
            raise TooManyUnknownTokensError(12.5)
        people = {name: Person(name, frozenset({CLASS})) for name in ("ada", "ben")}
        people["ines"] = Person("ines", frozenset({GRADERS}))
        return {**people, "guest": Person("guest", frozenset())}.get(token)


class ServiceClient:
    """Calls the service as a student's server does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_notebook(
            folder / "source" / "01-one" / "one.ipynb", even=SINGLE_CHOICE, both=MULTIPLE_CHOICE
        )
        self.log = RequestLog(folder / "asked.db")
        policy = Policy(folder / "feedback.toml")
        keys = AnswerKeys(source=str(folder / "source"))
        self.service = CheckService(StaticTokens(), (CLASS, GRADERS), keys, policy, self.log)

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
                path = f"/services/feedback/{what}"
                if what == "deadlines":
                    return await client.get(path, headers=header)
                return await client.post(path, content=body, headers=header)

        reply = asyncio.run(ask())
        return reply.status_code, reply.json()

    def rows(self) -> list[tuple[str, str, str]]:
        with sqlite3.connect(self.folder / "asked.db") as database:
            rows = database.execute("select student, question, said from asked").fetchall()
        database.close()
        return rows


@pytest.fixture
def ask(tmp_path: Path) -> Iterator[ServiceClient]:
    client = ServiceClient(tmp_path)
    yield client
    client.log.close()


RIGHT, WRONG = tick(SINGLE_CHOICE, 1), tick(SINGLE_CHOICE, 0)


def test_a_result_explains_only_the_chosen_options(ask: ServiceClient) -> None:
    status, reply = ask(RIGHT)
    assert (status, reply["verdict"]) == (200, "right")
    assert reply["explanations"] == [{"option": "two", "text": "Twice $1$.", "right": True}]
    status, reply = ask(WRONG, token="ben")
    assert (status, reply["verdict"]) == (200, "wrong")
    assert "two" not in json.dumps(reply)


def test_attempts_are_counted_per_student_and_question(ask: ServiceClient) -> None:
    ask.policy("attempts = 1")
    assert ask(WRONG)[1]["message"] == "Not quite. You have no attempts left."
    status, reply = ask(RIGHT)
    assert status == 403
    assert "You have used your 1 attempt on this question" in reply["message"]
    assert ask(RIGHT, token="ben")[1]["verdict"] == "right"
    assert ask(tick(MULTIPLE_CHOICE, 0, 1), question="both")[1]["verdict"] == "right"


def test_repeated_and_empty_answers_cost_no_attempt(ask: ServiceClient) -> None:
    ask.policy("attempts = 2")
    for _ in range(3):
        assert "You have 1 attempt left" in ask(WRONG)[1]["message"]
        assert ask(tick(SINGLE_CHOICE))[1]["verdict"] == "blank"
    assert ask(RIGHT)[1]["verdict"] == "right"
    assert ask(WRONG)[1]["verdict"] == "wrong"


LONG_CHOICE = """**What does an encoder do?**

- [ ] It sorts the pictures of a large collection.
- [x] It turns a picture into a short code.
- [ ] It draws a picture of a number.
"""
LONG_WRONG = tick(LONG_CHOICE, 0)
SPELLINGS = [
    LONG_WRONG,
    LONG_WRONG.replace("sorts", "sort"),
    LONG_WRONG.replace("pictures", "picturse"),
    LONG_WRONG.replace("pictures", "PICTURES").replace("[x]", "[✓]"),
    LONG_WRONG.replace("a large collection", "a  *large* colection"),
    LONG_WRONG + "- [ ] something of my own\n",
]


def test_attempts_are_counted_by_the_options_chosen_not_by_their_spelling(
    ask: ServiceClient,
) -> None:
    write_notebook(ask.folder / "source" / "01-one" / "one.ipynb", even=LONG_CHOICE)
    ask.policy("attempts = 2")
    for answer in SPELLINGS:
        assert "You have 1 attempt left" in ask(answer)[1]["message"], answer
    assert ask(tick(LONG_CHOICE, 1))[1]["verdict"] == "right"
    with contextlib.closing(ask.log._database.cursor()) as cursor:
        assert len(set(cursor.execute("select answer from asked where counted").fetchall())) == 2


def test_a_spelling_gives_no_further_attempt(ask: ServiceClient) -> None:
    ask.policy("attempts = 1")
    assert ask(tick(MULTIPLE_CHOICE, 0), question="both")[1]["verdict"] == "wrong"
    for number in range(20):
        other = tick(MULTIPLE_CHOICE, 0, 1) + f"\n- [ ] {number}" + " " * number
        assert ask(other.replace("- [x]", "*  [X ]"), question="both")[0] == 403


def test_attempts_of_an_earlier_version_count(ask: ServiceClient) -> None:
    ask.policy("attempts = 1")
    chosen = quiz.parse(WRONG).ticked
    ask.log.add("ada", "01-one", "even", answer_hash(o.name for o in chosen), "wrong")
    assert ask(WRONG)[1]["verdict"] == "wrong"
    assert ask(RIGHT)[0] == 403


def test_a_key_that_can_not_be_compared_gives_no_feedback(ask: ServiceClient) -> None:
    double = "**Which?**\n\n- [x] one\n- [ ] one\n"
    write_notebook(ask.folder / "source" / "01-one" / "one.ipynb", even=double)
    assert ask(tick(double, 0))[1]["verdict"] == "saved"


def test_an_exam_and_a_broken_policy_give_no_feedback(ask: ServiceClient) -> None:
    ask.policy("[assignments.01-one]\non = false")
    assert ask(RIGHT)[1]["verdict"] == "saved"
    ask.policy("[assignments.01-one]\non = fals")
    assert ask(RIGHT)[1]["verdict"] == "saved"
    ask.policy("attempts = 3 # fixed")
    assert ask(RIGHT)[1]["verdict"] == "right"


def test_zero_attempts_means_unlimited(ask: ServiceClient) -> None:
    ask.policy("attempts = 0")
    replies = [
        ask(tick(MULTIPLE_CHOICE, *some), question="both")[1] for some in ((0,), (1,), (2,), (0, 2))
    ]
    assert {reply["verdict"] for reply in replies} == {"wrong"}
    assert "attempt" not in replies[-1]["message"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("attempts = -1", "attempts: Input should be greater than or equal to 0"),
        ("attempts = true", "attempts: Input should be a valid integer"),
        ("tries = 3", "tries: .* only `on` .*`attempts` .*`keep_days` can be set"),
        ("assignments = 3", "assignments: Input should be a valid dictionary"),
        ("[assignments.x]\non = 1", "assignments.x.on: Input should be a valid boolean"),
        ("attempts", "can't be read"),
    ],
)
def test_an_invalid_policy_names_the_setting(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "feedback.toml"
    path.write_text(text)
    with pytest.raises(PolicyError, match=reason):
        Policy(path).rule("01-one")


@pytest.mark.parametrize(
    ("token", "body", "status", "reason"),
    [
        ("", b"{}", 403, "does not know this server"),
        ("stranger", b"{}", 403, "does not know this server"),
        ("flood", b"{}", 429, "too many requests from servers unknown to the hub"),
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
        (
            "ada",
            b'{"path": "x.ipynb", "question": "even", "answer": "%s"}' % (b"x" * 20_000),
            413,
            "the answer is too long",
        ),
        (
            "ada",
            b'{"path": "x.ipynb", "question": "\\ud800", "answer": ""}',
            400,
            "question must be a string of valid Unicode",
        ),
    ],
)
def test_a_refusal_gives_the_reason(
    ask: ServiceClient, token: str, body: bytes, status: int, reason: str
) -> None:
    actual_status, reply = ask.send(body, token)
    assert actual_status == status
    assert reason in reply["message"]


def test_the_rate_limit_applies_per_student(ask: ServiceClient) -> None:
    ask.service.new_limit = lambda: RateLimit(checks=2, seconds=600)
    assert [ask(WRONG)[0] for _ in range(3)] == [200, 200, 429]
    assert ask(WRONG, token="ben")[0] == 200


def test_every_request_is_logged(ask: ServiceClient) -> None:
    ask.policy("attempts = 1")
    ask(WRONG)
    ask(RIGHT)
    ask(RIGHT, question="odd")
    assert ask.rows() == [
        ("ada", "even", "wrong"),
        ("ada", "even", "refused: no attempts left"),
        ("ada", "odd", "refused: unknown question"),
    ]


def test_repeated_refusals_are_logged_once(ask: ServiceClient) -> None:
    ask.service.new_limit = lambda: RateLimit(checks=3, seconds=600)
    for _ in range(5):
        for token in ("guest", "stranger"):
            ask(WRONG, token=token)
        ask.send(b"{")
    ask.send(b"x" * 70_000, "ben")
    assert sorted(ask.rows()) == [
        ("", "", "refused: unknown server"),
        ("ada", "", "refused: the request is not valid JSON"),
        ("ada", "", "refused: too many checks"),
        ("ben", "", "refused: too long"),
        ("guest", "", "refused: not in the class"),
    ]


def test_instructors_may_check_answers(ask: ServiceClient) -> None:
    assert ask(RIGHT, token="ines")[1]["verdict"] == "right"


class TestReceipt:
    """Submissions are logged by the server's clock, and signed."""

    RECEIPT = Receipt("c", "01-one", "ada", "2026-11-24 02:10:11.000001 UTC", {"a": "b" * 64})

    def notice(self) -> bytes:
        names = ("assignment", "time", "content")
        return json.dumps({name: getattr(self.RECEIPT, name) for name in names}).encode()

    def test_a_forged_receipt_fails_verification(self, ask: ServiceClient, tmp_path: Path) -> None:
        ask.service.key = "k"
        before = datetime.now(UTC)
        status, reply = ask.send(self.notice(), what="receipt")
        assert status == 200
        assert before <= datetime.fromisoformat(reply["time"]) <= datetime.now(UTC)
        path = tmp_path / "receipt.txt"
        confirmed = replace(self.RECEIPT, confirmed=(reply["time"], reply["mark"]))
        path.write_text(confirmed.text())
        notice = receipts.verify_receipt(path, "k")
        assert notice == SubmissionNotice(
            "ada", "01-one", self.RECEIPT.time, confirmed.content, reply["time"]
        )
        assert receipts.verify_receipt(path, "another key") is None
        for forged in (
            replace(confirmed, student="ben"),
            replace(confirmed, time="2026-11-23 02:10:11.000001 UTC"),
            replace(confirmed, files={"a": "c" * 64}),
            replace(confirmed, confirmed=("2026-11-23T00:00:00+00:00", reply["mark"])),
        ):
            path.write_text(forged.text())
            assert receipts.verify_receipt(path, "k") is None
        path.write_text(self.RECEIPT.text())
        with pytest.raises(receipts.ReceiptError, match="is not a confirmed receipt"):
            receipts.verify_receipt(path, "k")
        row = ask.log._database.execute("select time, student, content from handed_in")
        assert row.fetchall() == [(reply["time"], "ada", confirmed.content)]

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            (b"{", "must have `assignment`"),
            (b"[]", "must have `assignment`"),
            (b'{"assignment": 1, "time": "", "content": ""}', "text of at most 200 characters"),
            (b'{"assignment": "a", "time": "t", "content": "c"}', "`content` must be a SHA-256"),
            (b'{"assignment": "\\ud800", "time": "t", "content": "c"}', "must be text"),
        ],
    )
    def test_an_invalid_notice_is_not_signed(
        self, ask: ServiceClient, body: bytes, reason: str
    ) -> None:
        ask.service.key = "k"
        status, reply = ask.send(body, what="receipt")
        assert (status, reason in reply["message"]) == (400, True)

    def test_receipts_of_version_0_2_0_are_valid(self, tmp_path: Path) -> None:
        receipt, received = self.RECEIPT, "2026-11-24T02:10:12+00:00"
        fields = ["receipt", "ada", "01-one", receipt.time, receipt.content, received]
        mark = hmac.digest(b"k", json.dumps(fields).encode(), "sha256").hex()
        path = tmp_path / "receipt.txt"
        path.write_text(replace(receipt, confirmed=(received, mark)).text())
        assert receipts.verify_receipt(path, "k")
        assert receipts.verify_receipt(path, "another key") is None

    def test_no_receipt_is_signed_for_unknown_servers_or_without_a_key(
        self, ask: ServiceClient
    ) -> None:
        assert ask.send(self.notice(), what="receipt")[0] == 404
        ask.service.key = "k"
        assert ask.send(self.notice(), "stranger", "receipt")[0] == 403


def test_two_processes_can_not_use_the_same_attempt(ask: ServiceClient) -> None:
    """Counting and adding an attempt are one transaction, for other processes too."""
    second = RequestLog(ask.folder / "asked.db")
    second._database.execute("pragma busy_timeout = 0").close()
    answer = answer_hash(option.name for option in quiz.parse(WRONG).options if option.ticked)
    with ask.log.transaction():
        with pytest.raises(sqlite3.OperationalError, match="locked"), second.transaction():
            pass
        ask.log.add("ada", "01-one", "even", answer, "wrong")
    assert second.counted_answers("ada", "01-one", "even") == {answer}
    second.close()


def test_the_record_is_kept_as_long_as_the_policy_says(ask: ServiceClient) -> None:
    ask.policy("keep_days = 30")
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ask.log.add_submission(SubmissionNotice("ada", "01-one", "", "0" * 64, first.isoformat()))
    ask.log.add("ben", "01-one", "even", "", "wrong")
    ask.log._database.execute("update asked set time = ?", (first.isoformat(),)).close()

    def rows_after(days: int) -> int:
        ask.service.now = lambda: first + timedelta(days=days)
        ask(RIGHT, token="stranger")
        tables = ("asked where student = 'ben'", "handed_in")
        queries = [f"select count(*) from {table}" for table in tables]
        return sum(ask.log._database.execute(query).fetchone()[0] for query in queries)

    assert rows_after(29) == 2
    ask.policy("keep_days = 0")
    assert rows_after(500) == 2
    ask.policy("keep_days = 30")
    assert rows_after(501) == 0
