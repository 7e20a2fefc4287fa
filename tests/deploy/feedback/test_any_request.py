"""The feedback service answers any request, whatever its bytes are."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.server.rate import RateLimit
from deploy.feedback import signed_token
from deploy.feedback.app import application
from deploy.feedback.signed_token import TokenReader
from tests.deploy.feedback.test_feedback import CLASS, SPELLINGS, ServiceClient

TEXTS = st.text(st.characters(categories=("Cs", "Lo", "Po", "Zs")), max_size=9) | st.sampled_from(
    [*SPELLINGS, "", "even", "both", "01-one/one.ipynb", "a" * 64, "\ud800", "\0", "../x.ipynb"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
CHECKS = st.fixed_dictionaries(
    {"path": st.just("x.ipynb"), "question": st.just("even") | TEXTS, "answer": TEXTS},
    optional={"extra": VALUES},
)
NOTICES = st.fixed_dictionaries(
    {"assignment": TEXTS, "time": TEXTS, "content": st.just("a" * 64) | TEXTS}
)
OBJECTS = (CHECKS | NOTICES).map(lambda value: json.dumps(value).encode())
BODIES = (
    OBJECTS
    | OBJECTS
    | OBJECTS
    | st.binary(max_size=200)
    | VALUES.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([b"[" * 60_000, b"9" * 60_000, b'{"path": 1e999}', b"\xff\xfe{\0}\0"])
)
GOOD = b"token " + signed_token.issue("k", "ada", [CLASS]).encode()
ODD_HEADERS = st.sampled_from([GOOD + b"=", GOOD.replace(b" ", b"\t"), b"token " + b"a" * 64, b""])
HEADERS = st.integers(0, 5).flatmap(  # mostly a valid one, so that the body is read
    lambda number: (
        st.just(GOOD)
        if number
        else ODD_HEADERS
        | st.binary(max_size=80).map(lambda token: b"Bearer " + re.sub(rb"[\r\n\0]", b"", token))
    )
)


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceClient]:
    """A service that knows its students by signed tokens, without a rate limit."""
    client = ServiceClient(tmp_path_factory.mktemp("service"))
    client.service.identity, client.service.key = TokenReader("k"), "k"
    client.service.new_limit = lambda: RateLimit(checks=10**6)
    yield client
    client.log.close()


@given(
    route=st.sampled_from(["check", "receipt"]),
    header=HEADERS,
    body=BODIES,
)
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_request_makes_the_service_fail(
    signed: ServiceClient, route: str, header: bytes, body: bytes
) -> None:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=application(signed.service))  # passes exceptions on
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            headers = {b"Authorization": header}
            return await client.post(f"/services/feedback/{route}", content=body, headers=headers)

    reply = asyncio.run(ask())
    assert reply.status_code in {200, 400, 403, 404, 413}
    assert reply.json()
