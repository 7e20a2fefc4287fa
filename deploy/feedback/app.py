"""The routes of the service, called by students' servers.

``POST check`` and ``POST receipt`` take answers and submissions; ``GET deadlines`` tells due dates.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final, NoReturn

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect
from tornado import web

from course import quiz
from course.server.check_result import SAVED, CheckResult, check_answer
from course.server.handlers import MAX_BODY_BYTES, parse_request
from course.server.keys import AnswerKeys, Key, UnknownQuestionError
from course.server.rate import RateLimit
from deploy.feedback import receipts
from deploy.feedback.identity import Identity, Person, TooManyUnknownTokensError
from deploy.feedback.policy import Policy, PolicyError
from deploy.feedback.request_log import COUNTED_RESULTS, RequestLog, answer_hash

MAX_ANSWER_CHARS: Final = 16_000  # the longest question has 2,000; comparing takes time
_TOKEN: Final = re.compile(r"[!-~]{1,8000}")


class RefusedError(Exception):
    """A request that is refused, with the HTTP status and the reason for the student."""

    def __init__(self, status: int, reason: str, wait_s: float = 0.0) -> None:
        super().__init__(reason)
        self.status = status
        self.wait_s = wait_s


@dataclass
class CheckService:
    """Everything needed to answer.

    Attributes:
        identity: Finds the owner of a token.
        groups: The groups whose members may ask, the class first.
        keys: The instructor's notebooks.
        policy: What the instructor allows.
        log: Who asked what.
        new_limit: Creates the rate limit of one student.
        key: The hub's key that signs receipts; if empty, receipts aren't confirmed.
        deadlines: Returns for a student when each assignment is due and what lateness costs.
        now: Returns the time.
    """

    identity: Identity
    groups: tuple[str, ...]
    keys: AnswerKeys
    policy: Policy
    log: RequestLog
    new_limit: Callable[[], RateLimit] = field(default=RateLimit)
    key: str = ""
    deadlines: Callable[[str], dict[str, Any]] = field(default=lambda _: {})
    _limits: dict[tuple[str, str], RateLimit] = field(default_factory=dict)
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _refusal_limits: dict[tuple[str, str], RateLimit] = field(default_factory=dict)
    _expired_on: date | None = None

    async def check(self, token: str, body: bytes | None, client: str = "") -> CheckResult:
        """Check one answer.

        Args:
            token: Says who is asking.
            body: None if it was too long.
            client: The address the request came from.

        Raises:
            RefusedError: With the status and the reason.
        """
        person, body = await self._admit(token, body, client)
        try:
            path, question, answer = parse_request(body)
        except web.HTTPError as error:
            reason = str(error.log_message)
            self._refuse(person.name, reason, error.status_code, reason)
        if len(answer) > MAX_ANSWER_CHARS:
            message = f"the answer is too long; the limit is {MAX_ANSWER_CHARS:,} characters"
            self._refuse(person.name, "too long", 413, message)
        return self._check(person, path, question, quiz.parse(answer))

    async def receive(self, token: str, body: bytes | None, client: str = "") -> dict[str, str]:
        """Log a submission; return the time and the signature.

        Raises:
            RefusedError: With the status and the reason.
        """
        person, body = await self._admit(token, body, client)
        if not self.key:
            raise RefusedError(404, "this hub does not confirm receipts")
        try:
            notice = receipts.parse_notice(person.name, body, datetime.now(UTC).isoformat())
        except receipts.ReceiptError as error:
            self._refuse(person.name, str(error), 400, str(error))
        self.log.add_submission(notice)
        return {"time": notice.received, "mark": notice.signature(self.key)}

    async def due(self, token: str, body: bytes | None, client: str = "") -> dict[str, Any]:
        """Return when each assignment is due for this student, and what lateness costs.

        Raises:
            RefusedError: With the status and the reason.
        """
        person, _ = await self._admit(token, body, client, limit="due")
        return self.deadlines(person.name)

    async def _admit(
        self, token: str, body: bytes | None, client: str, limit: str = "check"
    ) -> tuple[Person, bytes]:
        """Return who is asking and the body, or refuse; each kind of request has its own limit."""
        self._expire()
        try:
            person = await self.identity.identify(token, client) if token else None
        except TooManyUnknownTokensError as error:
            reason = "too many requests from servers unknown to the hub"
            raise RefusedError(429, reason, error.wait_s) from error
        if person is None:
            message = "the hub does not know this server; restart it from the hub"
            self._refuse("", "unknown server", 403, message)
        if not person.groups & set(self.groups):
            message = f"only members of {self.groups[0]} can check answers"
            self._refuse(person.name, "not in the class", 403, message)
        wait_s = self._limits.setdefault((person.name, limit), self.new_limit()).try_acquire()
        if wait_s:
            message = f"too many checks; wait {math.ceil(wait_s)} seconds"
            self._refuse(person.name, "too many checks", 429, message, wait_s)
        if body is None:
            message = f"the request is too long; the limit is {MAX_BODY_BYTES:,} bytes"
            self._refuse(person.name, "too long", 413, message)
        return person, body

    def _expire(self) -> None:
        """Delete the rows whose time is up, at the first request of a day."""
        now = self.now()
        if self._expired_on != now.date():
            self._expired_on = now.date()
            with contextlib.suppress(PolicyError):  # which each check reports
                if days := self.policy.keep_days():
                    self.log.delete_older(days, now)

    def _refuse(
        self, name: str, reason: str, status: int, message: str, wait_s: float = 0.0
    ) -> NoReturn:
        """Refuse; log it once every half minute at most, so that no script fills the disk."""
        limit = self._refusal_limits.setdefault((name, reason), RateLimit(checks=1))
        if not limit.try_acquire():
            self.log.add(name, "", "", "", f"refused: {reason}")
        raise RefusedError(status, message, wait_s)

    def _check(self, person: Person, path: str, name: str, submitted: quiz.Question) -> CheckResult:
        try:
            key = self.keys.find(path, name, submitted, person.name)
        except UnknownQuestionError as error:
            self.log.add(person.name, "", name, "", "refused: unknown question")
            raise RefusedError(404, str(error)) from error
        try:
            rule = self.policy.rule(key.assignment)
        except PolicyError as error:
            self.log.add(person.name, key.assignment, name, "", f"refused: {error}")
            return SAVED
        if not rule.on:
            self.log.add(person.name, key.assignment, name, "", "saved")
            return SAVED
        question = (person.name, key.assignment, name)
        with self.log.transaction():
            try:
                result = check_answer(submitted, key)
            except ValueError as error:  # the instructor's mistake
                self.log.add(*question, "", f"refused: {error}")
                return SAVED
            if result["verdict"] not in COUNTED_RESULTS:
                self.log.add(*question, "", result["verdict"])
                return result
            answer = answer_hash(_answer_names(result, key))
            earlier = self.log.counted_answers(*question)
            used_up = rule.attempts and answer not in earlier and len(earlier) >= rule.attempts
            outcome = "refused: no attempts left" if used_up else result["verdict"]
            self.log.add(*question, answer, outcome)
        if used_up:
            raise RefusedError(
                403,
                f"You have used your {_attempts(rule.attempts)} on this question. Your answer is"
                " saved and will be graded when you submit the assignment.",
            )
        return _with_attempts_left(result, rule.attempts, len(earlier | {answer}))


def _answer_names(result: CheckResult, key: Key) -> Iterator[str]:
    """Yield names of the key's options that the answer resolves to; its spelling doesn't matter.

    Of an answer in fields: the text of each.
    """
    names = [option.name for option in key.question.options]
    for item in result["explanations"]:
        name = quiz.Option(item["option"], ticked=True).name
        yield name if names.count(name) == 1 else item["option"]


def _with_attempts_left(result: CheckResult, attempts: int, used: int) -> CheckResult:
    if result["verdict"] != "wrong" or not attempts:
        return result
    sentence = f"You have {_attempts(attempts - used)} left."
    return {**result, "message": f"{result['message']} {sentence}"}


def _attempts(count: int) -> str:
    return {0: "no attempts", 1: "1 attempt"}.get(count, f"{count} attempts")


def application(service: CheckService, prefix: str = "/services/feedback") -> FastAPI:
    """Return the ASGI application; all its routes start with the prefix."""
    app = FastAPI(openapi_url=None)

    @app.post(f"{prefix}/check")
    async def check(request: Request) -> JSONResponse:
        return await _respond(service.check, request)

    @app.post(f"{prefix}/receipt")
    async def receipt(request: Request) -> JSONResponse:
        return await _respond(service.receive, request)

    @app.get(f"{prefix}/deadlines")
    async def deadlines(request: Request) -> JSONResponse:
        return await _respond(service.due, request)

    @app.get(f"{prefix}/")
    async def alive() -> dict[str, Any]:
        return {"keys": service.keys.available}

    return app


async def _respond(
    handler: Callable[[str, bytes | None, str], Awaitable[Mapping[str, Any]]], request: Request
) -> JSONResponse:
    client = request.client.host if request.client else ""
    try:
        content = await handler(_token(request), await _body(request), client)
    except ClientDisconnect:
        return JSONResponse({"message": "the request is incomplete"}, status_code=400)
    except RefusedError as error:
        headers = {"Retry-After": str(math.ceil(error.wait_s))} if error.wait_s else {}
        return JSONResponse({"message": str(error)}, status_code=error.status, headers=headers)
    return JSONResponse(dict(content))


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_token = scheme.lower() in {"token", "bearer"} and _TOKEN.fullmatch(token)
    return token if is_token else ""


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)
