"""The hub signs who is asking, and nobody else can."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from deploy.feedback import signed_token
from deploy.feedback.identity import Person
from deploy.feedback.receipts import SubmissionNotice
from deploy.feedback.signed_token import TokenReader
from tests.deploy.feedback.test_feedback import CLASS


def test_it_names_its_owner() -> None:
    ada = TokenReader("k").read(signed_token.issue("k", "ada", [CLASS, "x"]))
    assert ada == Person("ada", frozenset({CLASS, "x"}))
    assert asyncio.run(TokenReader("k").identify(signed_token.issue("k", "ada", []))) == Person(
        "ada", frozenset()
    )


def test_a_forged_token_is_rejected() -> None:
    good = signed_token.issue("k", "ada", [CLASS])
    content, signature = good.rsplit(".", 1)
    ben = signed_token.issue("other", "ben", [CLASS])
    for forged in (
        "",
        ".",
        content,
        f"{content}.",
        f"{content}.{signature[:-6]}AAAAAA",
        f"{ben.rsplit('.', 1)[0]}.{signature}",
        ben,
        "\N{SNOWMAN}.\N{SNOWMAN}",
        "a.b",
        "a" * 64,
        "\ud800.a.b",
        # Other spellings of the same signature.
        f"{good}=",
        f"{good}\t",
        f" {good}",
        f"{content}.{signature}\n",
        good[:-1] + chr(ord(good[-1]) + 1),
    ):
        assert TokenReader("k").read(forged) is None, forged


def test_a_receipts_signature_is_no_token_and_a_token_confirms_no_receipt() -> None:
    notice = SubmissionNotice("ada", "01-one", "now", "c" * 64, "later")
    mark = notice.signature("k")
    for forged in (mark, f"a.b.{mark}", f"{mark}.{mark}.{mark}"):
        assert TokenReader("k").read(forged) is None
    token = signed_token.issue("k", "ada", [CLASS])
    assert not notice.is_confirmed_by(token.rpartition(".")[2], "k")
    assert notice.is_confirmed_by(mark, "k")
    assert not notice.is_confirmed_by(mark, "another key")


def test_many_groups_fit_into_a_token() -> None:
    groups = [f"course-{number}" for number in range(200)]
    token = signed_token.issue("k", "ada", groups)
    assert token.startswith(".")  # compressed
    assert TokenReader("k").read(token) == Person("ada", frozenset(groups))


def test_it_expires_after_a_month(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = signed_token.issue("k", "ada", [])
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 29 * 86_400)
    assert TokenReader("k").read(signed)
    monkeypatch.setattr(time, "time", lambda: now + 31 * 86_400)
    assert TokenReader("k").read(signed) is None


def test_it_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        TokenReader("")
    created = signed_token.load_or_create_key(tmp_path / "token.key")
    assert len(created) == 64
    assert signed_token.load_or_create_key(tmp_path / "token.key") == created
    assert (tmp_path / "token.key").stat().st_mode & 0o777 == 0o600
