"""The extension's only route: ``POST course/check``."""

from __future__ import annotations

import json
import math
from pathlib import PurePosixPath
from typing import Any, ClassVar, Final, TypeGuard

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from course import quiz
from course.server.check_result import SAVED, CheckResult, check_answer
from course.server.feedback import FeedbackService
from course.server.keys import AnswerKeys, UnknownQuestionError
from course.server.rate import RateLimit

MAX_BODY_BYTES: Final = 64 * 1024  # the longest question of the course needs about 2,000
_TOO_LARGE: Final = f"the request is larger than {MAX_BODY_BYTES:,} bytes"
_FIELDS: Final = ("path", "question", "answer")


@web.stream_request_body  # a body that is too large is refused unread
class CheckHandler(APIHandler):
    """Checks one answer. The base class handles XSRF, origin and authentication."""

    auth_resource: ClassVar[str] = "contents"  # who may read the notebook may check it

    def initialize(self, keys: AnswerKeys, rate: RateLimit, service: FeedbackService) -> None:
        """Take the objects that all requests share."""
        self.keys, self.rate, self.service = keys, rate, service
        self.received = bytearray()

    async def prepare(self) -> None:  # type: ignore[override]  # async in APIHandler, too
        """Refuse a body that is announced as too large."""
        await super().prepare()
        length = self.request.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length[:9]) > MAX_BODY_BYTES:
            self.set_header("Connection", "close")
            raise web.HTTPError(413, _TOO_LARGE)

    def data_received(self, chunk: bytes) -> None:
        """Collect the body, up to one byte more than the limit."""
        self.received += chunk[: MAX_BODY_BYTES + 1 - len(self.received)]

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def post(self) -> None:
        """Reply with a `CheckResult`, or with 4xx and the reason as ``message``."""
        wait = math.ceil(self.rate.try_acquire())
        if wait:
            self.set_header("Retry-After", str(wait))
            raise web.HTTPError(429, f"too many checks; try again in {wait} seconds")
        if len(self.received) > MAX_BODY_BYTES:
            raise web.HTTPError(413, _TOO_LARGE)
        self.finish(json.dumps(await self._check(*parse_request(bytes(self.received)))))

    async def _check(self, path: str, question: str, answer: str) -> CheckResult:
        if not self.keys.available:
            if self.service.available:
                return await self.service.check(path, question, answer)
            return SAVED
        parsed = quiz.parse(answer)
        try:
            return check_answer(parsed, self.keys.find(path, question, parsed))
        except UnknownQuestionError as error:
            raise web.HTTPError(404, str(error)) from error


def parse_request(body: bytes) -> tuple[str, str, str]:
    """Return path, question and answer of a request.

    Raises:
        web.HTTPError: 400 for invalid JSON or fields, 403 for a path outside the server's folder.
    """
    try:
        request: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise web.HTTPError(400, "the request is not valid JSON") from error
    if not isinstance(request, dict):
        raise web.HTTPError(400, f"the request must be an object with {', '.join(_FIELDS)}")
    for name in _FIELDS:
        if not is_unicode(request.get(name)):
            raise web.HTTPError(400, f"{name} must be a string of valid Unicode characters")
    path, question, answer = (request[name] for name in _FIELDS)
    parsed = PurePosixPath(path.replace("\\", "/"))
    if parsed.is_absolute() or ".." in parsed.parts or "\0" in path:
        raise web.HTTPError(403, "the path must stay inside the server's folder")
    if parsed.suffix != ".ipynb":
        raise web.HTTPError(400, "the path must end in .ipynb")
    return path, question, answer


def is_unicode(value: object) -> TypeGuard[str]:
    r"""Return whether a JSON value is a string that can be written as UTF-8.

    Example:
        >>> is_unicode("é"), is_unicode("\ud800"), is_unicode(1)
        (True, False, False)
    """
    try:
        return isinstance(value, str) and value.encode() is not None
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
