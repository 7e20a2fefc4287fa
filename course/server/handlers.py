"""The extension's routes: ``POST course/check``, ``course/help`` and ``course/restore``."""

from __future__ import annotations

import json
import math
from pathlib import PurePosixPath
from typing import Any, ClassVar, Final, TypedDict, TypeGuard

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web

from course import quiz
from course.quiz import kinds
from course.server.check_result import SAVED, CheckResult, check_answer
from course.server.feedback import FeedbackService
from course.server.keys import AnswerKeys, Exercise, UnknownQuestionError
from course.server.rate import RateLimit

CHECK_FIELDS: Final = ("path", "question", "answer")
MAX_BODY_BYTES: Final = 64 * 1024  # the longest question of the course needs about 2,000
_TOO_LARGE: Final = f"the request is larger than {MAX_BODY_BYTES:,} bytes"


class Help(TypedDict):
    """The reply to a request for help.

    Attributes:
        steps: How many steps of help each exercise has: its hints and the worked solution.
        text: The step asked for, in Markdown; empty without an exercise.
    """

    steps: dict[str, int]
    text: str


class JsonHandler(APIHandler):
    """Replies to a small JSON object. The base class handles XSRF, origin and authentication."""

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

    def read_body(self, *fields: str) -> list[str]:
        """Return the fields of the request, the notebook's path first."""
        if len(self.received) > MAX_BODY_BYTES:
            raise web.HTTPError(413, _TOO_LARGE)
        return parse_request(bytes(self.received), fields)

    def limit_rate(self) -> None:
        """Refuse the request if there have been too many."""
        wait = math.ceil(self.rate.try_acquire())
        if wait:
            self.set_header("Retry-After", str(wait))
            raise web.HTTPError(429, f"too many checks; try again in {wait} seconds")


@web.stream_request_body  # a body that is too large is refused unread
class CheckHandler(JsonHandler):
    """Checks one answer."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def post(self) -> None:
        """Reply with a `CheckResult`, or with 4xx and the reason as ``message``."""
        self.limit_rate()
        path, question, answer = self.read_body(*CHECK_FIELDS)
        self.finish(json.dumps(await self._check(path, question, answer)))

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


@web.stream_request_body
class HelpHandler(JsonHandler):
    """Gives self-learners hints and worked solutions; a class's server has none."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def post(self) -> None:
        """Reply with a `Help`: what there is for a notebook, or one step for one exercise."""
        path, name, step = self.read_body("path", "exercise", "step")
        # A class with a feedback service limits attempts at questions; help would be out of place.
        exercises = {} if self.service.available else self.keys.exercises(path)
        steps = {name: len(exercise.hints) + 1 for name, exercise in exercises.items()}
        reply: Help = {"steps": steps, "text": ""}
        if name:
            if name not in exercises:
                raise web.HTTPError(404, f"there is no help with “{name[:80]}” here")
            self.limit_rate()
            reply["text"] = _step(exercises[name], step)
        self.finish(json.dumps(reply))


@web.stream_request_body
class RestoreHandler(JsonHandler):
    """Restores one damaged question from its released text, which the notebook holds."""

    @web.authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # jupyter_server gives it no types
    async def post(self) -> None:
        """Reply with the restored ``source``, or with 4xx and the reason as ``message``."""
        self.limit_rate()
        _, released, answer, kind = self.read_body("path", "released", "answer", "kind")
        try:
            source = kinds.named(kind).restore(released, answer)
        except ValueError as error:
            raise web.HTTPError(400, str(error)) from error
        self.finish(json.dumps({"source": source}))


def _step(exercise: Exercise, step: str) -> str:
    """Return a hint, counted from 1, or after the last one the worked solution."""
    texts = [*exercise.hints, f"~~~python\n{exercise.solution}\n~~~"]
    numbers = [str(number) for number in range(1, len(texts) + 1)]
    if step not in numbers:
        raise web.HTTPError(400, f"step must be between 1 and {len(texts)}, got {step[:80]!r}")
    return texts[numbers.index(step)]


def parse_request(body: bytes, fields: tuple[str, ...] = CHECK_FIELDS) -> list[str]:
    """Return the fields of a request, of which one is ``path``.

    Raises:
        web.HTTPError: 400 for invalid JSON or fields, 403 for a path outside the server's folder.
    """
    try:
        request: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise web.HTTPError(400, "the request is not valid JSON") from error
    if not isinstance(request, dict):
        raise web.HTTPError(400, f"the request must be an object with {', '.join(fields)}")
    for name in fields:
        if not is_unicode(request.get(name)):
            raise web.HTTPError(400, f"{name} must be a string of valid Unicode characters")
    path = request["path"]
    parsed = PurePosixPath(path.replace("\\", "/"))
    if parsed.is_absolute() or ".." in parsed.parts or "\0" in path:
        raise web.HTTPError(403, "the path must stay inside the server's folder")
    if parsed.suffix != ".ipynb":
        raise web.HTTPError(400, "the path must end in .ipynb")
    return [request[name] for name in fields]


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
