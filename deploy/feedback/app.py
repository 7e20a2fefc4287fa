"""The addresses of the service: ``POST check`` and ``POST receipt``, from a student's server."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from tornado import web

from course import quiz
from course.server.check_result import SAVED, CheckResult, check_answer
from course.server.handlers import MAX_BODY_BYTES, parse_request
from course.server.keys import AnswerKeys, UnknownQuestionError
from course.server.rate import RateLimit
from deploy.feedback import receipts
from deploy.feedback.identity import HubBusyError, Identity, Person
from deploy.feedback.policy import Policy, PolicyError
from deploy.feedback.record import JUDGED, Record, fingerprint

_SCHEMES: Final = ("token ", "bearer ")


class Refused(Exception):  # noqa: N818  (a refusal is an answer, not an error)
    """A question that is not answered, with the status and the reason for the student."""

    def __init__(self, status: int, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.status = status
        self.wait = wait


@dataclass
class Service:
    """All that an answer needs.

    Attributes:
        identity: Tells whose token it is.
        groups: The groups whose members may ask, the class's first.
        keys: The instructor's notebooks.
        policy: What the instructor allows.
        record: Who asked what.
        limit: Makes the limit of one student's rate.
        key: The hub's, with which receipts are confirmed; may be empty.
    """

    identity: Identity
    groups: tuple[str, ...]
    keys: AnswerKeys
    policy: Policy
    record: Record
    limit: Callable[[], RateLimit] = field(default=RateLimit)
    key: str = ""
    _limits: dict[str, RateLimit] = field(default_factory=dict)
    _written: dict[tuple[str, str], RateLimit] = field(default_factory=dict)

    async def check(self, token: str, body: bytes | None, asker: str = "") -> CheckResult:
        """Judge one answer.

        Args:
            token: What tells who asks.
            body: The request; None if it is too long.
            asker: The address from which it came.

        Raises:
            Refused: With the status and the reason.
        """
        person, body = await self._let_in(token, body, asker)
        try:
            path, question, answer = parse_request(body)
        except web.HTTPError as error:
            self._write_down(person.name, f"{error.log_message}")
            raise Refused(error.status_code, str(error.log_message)) from error
        return self._judge(person, path, question, quiz.parse(answer))

    async def receive(self, token: str, body: bytes | None, asker: str = "") -> dict[str, str]:
        """Write down that something was handed in; return the time and the mark.

        Raises:
            Refused: With the status and the reason.
        """
        person, body = await self._let_in(token, body, asker)
        if not self.key:
            raise Refused(404, "receipts are not confirmed here")
        try:
            said = receipts.told(person.name, body, datetime.now(UTC).isoformat())
        except receipts.ReceiptError as error:
            self._write_down(person.name, str(error))
            raise Refused(400, str(error)) from error
        self.record.receive(said)
        return {"time": said.received, "mark": said.mark(self.key)}

    async def _let_in(self, token: str, body: bytes | None, asker: str) -> tuple[Person, bytes]:
        """Return who asks, and what, unless they may not."""
        try:
            person = await self.identity.whose(token, asker) if token else None
        except HubBusyError as busy:
            raise Refused(429, "too many servers that the hub does not know", busy.wait) from busy
        if person is None:
            self._write_down("", "unknown server")
            raise Refused(403, "the hub does not know this server; restart it from the hub")
        if not person.groups & set(self.groups):
            self._write_down(person.name, "not in the class")
            raise Refused(403, f"only members of {self.groups[0]} can ask")
        wait = self._limits.setdefault(person.name, self.limit()).try_acquire()
        if wait:
            seconds = math.ceil(wait)
            self._write_down(person.name, "too many checks")
            raise Refused(429, f"too many checks; wait {seconds} seconds", wait)
        if body is None:
            self._write_down(person.name, "too long")
            raise Refused(413, f"the request is too long; {MAX_BODY_BYTES} bytes are the limit")
        return person, body

    def _write_down(self, name: str, refused: str) -> None:
        """Write a refusal down, once in half a minute: no script shall fill the disk with them."""
        if not self._written.setdefault((name, refused), RateLimit(checks=1)).try_acquire():
            self.record.add(name, "", "", "", f"refused: {refused}")

    def _judge(self, person: Person, path: str, name: str, told: quiz.Question) -> CheckResult:
        try:
            key = self.keys.find(path, name, told)
        except UnknownQuestionError as error:
            self.record.add(person.name, "", name, "", "refused: unknown question")
            raise Refused(404, str(error)) from error
        try:
            rule = self.policy.rule(key.assignment)
        except PolicyError as error:
            self.record.add(person.name, key.assignment, name, "", f"refused: {error}")
            return SAVED
        if not rule.on:
            self.record.add(person.name, key.assignment, name, "", "saved")
            return SAVED
        asked = (person.name, key.assignment, name)
        with self.record.alone():
            answer = fingerprint(option.name for option in told.options if option.ticked)
            verdict = check_answer(told, key)
            if verdict["verdict"] not in JUDGED:
                self.record.add(*asked, "", verdict["verdict"])
                return verdict
            tried = self.record.tried(*asked)
            used_up = rule.attempts and answer not in tried and len(tried) >= rule.attempts
            said = "refused: no attempts left" if used_up else verdict["verdict"]
            self.record.add(*asked, answer, said)
        if used_up:
            many = "1 attempt" if rule.attempts == 1 else f"{rule.attempts} attempts"
            raise Refused(
                403,
                f"You have used your {many} at this question. Your answer is saved; it is"
                " graded when you submit the assignment.",
            )
        return _with_what_is_left(verdict, rule.attempts, len(tried | {answer}))


def _with_what_is_left(verdict: CheckResult, attempts: int, used: int) -> CheckResult:
    if verdict["verdict"] != "wrong" or not attempts:
        return verdict
    left = attempts - used
    words = {0: "No attempt is left.", 1: "1 attempt is left."}.get(
        left, f"{left} attempts are left."
    )
    return {**verdict, "message": f"{verdict['message']} {words}"}


def application(service: Service, prefix: str = "/services/feedback") -> FastAPI:
    """Return the ASGI application.

    Args:
        service: What answers.
        prefix: What its address begins with.
    """
    app = FastAPI(openapi_url=None)

    @app.post(f"{prefix}/check")
    async def check(request: Request) -> JSONResponse:
        return await _replied(service.check, request)

    @app.post(f"{prefix}/receipt")
    async def receipt(request: Request) -> JSONResponse:
        return await _replied(service.receive, request)

    @app.get(f"{prefix}/")
    async def alive() -> dict[str, Any]:
        return {"keys": service.keys.available}

    return app


async def _replied(
    answer: Callable[[str, bytes | None, str], Awaitable[Mapping[str, Any]]], request: Request
) -> JSONResponse:
    asker = request.client.host if request.client else ""
    try:
        found = await answer(_token(request), await _body(request), asker)
    except Refused as refused:
        headers = {"Retry-After": str(math.ceil(refused.wait))} if refused.wait else {}
        content = {"message": str(refused)}
        return JSONResponse(content, status_code=refused.status, headers=headers)
    return JSONResponse(dict(found))


def _token(request: Request) -> str:
    header = request.headers.get("Authorization", "")
    for scheme in _SCHEMES:
        if header.lower().startswith(scheme):
            return header[len(scheme) :].strip()
    return ""


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def source(folder: Path) -> AnswerKeys:
    """Return the keys of a course folder."""
    return AnswerKeys(source=str(folder / "source"))
