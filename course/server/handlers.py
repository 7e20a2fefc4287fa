"""The one address of the extension: ``POST course/check``."""

from __future__ import annotations

import json
import math
from pathlib import PurePosixPath
from typing import Any, ClassVar, Final

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from course import quiz
from course.server.check_result import SAVED, CheckResult, judge
from course.server.feedback import FeedbackService
from course.server.keys import AnswerKeys, UnknownQuestionError
from course.server.rate import RateLimit

LONGEST: Final = 64 * 1024  # bytes of a request; the longest question of the course has some 2 000
_FIELDS: Final = ("path", "question", "answer")


@web.stream_request_body  # so that a huge body is turned away unread
class CheckHandler(APIHandler):
    """Check one answer. Jupyter's own base class sees to XSRF, origin and authentication."""

    auth_resource: ClassVar[str] = "contents"  # whoever may read the notebook may check it

    def initialize(self, keys: AnswerKeys, rate: RateLimit, service: FeedbackService) -> None:
        """Take what the server made once."""
        self.keys = keys
        self.rate = rate
        self.service = service
        self.received = bytearray()

    async def prepare(self) -> None:  # type: ignore[override]  # as APIHandler, its own base, does
        """Refuse what can be refused before the body is read."""
        await super().prepare()
        length = self.request.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length[:9]) > LONGEST:
            self.set_header("Connection", "close")
            raise web.HTTPError(413, _TOO_LONG)

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body; what goes beyond the limit is dropped."""
        self.received += chunk[: LONGEST + 1 - len(self.received)]

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def post(self) -> None:
        """Reply with a ``Verdict``, or with 4xx and the reason as ``message``."""
        wait = self.rate.wait()
        if wait:
            self.set_header("Retry-After", str(math.ceil(wait)))
            raise web.HTTPError(429, f"too many checks; wait {math.ceil(wait)} seconds")
        if len(self.received) > LONGEST:
            raise web.HTTPError(413, _TOO_LONG)
        self.finish(json.dumps(await self._check(*fields(bytes(self.received)))))

    async def _check(self, path: str, question: str, answer: str) -> CheckResult:
        if not self.keys.at_hand:
            if self.service.at_hand:
                return await self.service.check(path, question, answer)
            return SAVED
        told = quiz.parse(answer)
        try:
            return judge(told, self.keys.find(path, question, told))
        except UnknownQuestionError as error:
            raise web.HTTPError(404, str(error)) from error


_TOO_LONG: Final = f"the request is too long; {LONGEST} bytes are the limit"


def fields(body: bytes) -> tuple[str, str, str]:
    """Return path, question and answer, or raise 400 or 403 and say what is wrong with them."""
    try:
        request: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise web.HTTPError(400, "the request is not JSON") from error
    if not isinstance(request, dict):
        raise web.HTTPError(400, f"the request must be an object with {', '.join(_FIELDS)}")
    for name in _FIELDS:
        if not isinstance(request.get(name), str):
            raise web.HTTPError(400, f"{name} must be text")
    path, question, answer = (request[name] for name in _FIELDS)
    place = PurePosixPath(path.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or "\0" in path:
        raise web.HTTPError(403, "the path leads out of the server's folder")
    if place.suffix != ".ipynb":
        raise web.HTTPError(400, "the path must be a notebook's, ending in .ipynb")
    return path, question, answer
