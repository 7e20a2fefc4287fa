"""One JSON object a line for each request: what was asked, what came of it, how long it took.

Example:
    >>> record = logging.makeLogRecord({"msg": "request", "levelname": "INFO"})
    >>> record.facts = {"path": "/health", "status": 200}
    >>> json.loads(JsonLines().format(record))["status"]
    200

No drawing, no address and no name is logged: sizes, seconds and the route, nothing of a person.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Final

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from course.deployment.errors import RequestError

LOGGER: Final = logging.getLogger("course.deployment")


class JsonLines(logging.Formatter):
    """Formats a record, with the dict ``facts`` that it may carry, as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


CONFIG: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "course.deployment.logs.JsonLines"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "lines"},
    },
    "loggers": {
        name: {"handlers": ["stderr"], "level": "INFO", "propagate": False}
        for name in ("course.deployment", "uvicorn")
    },
}
"""For ``logging.config.dictConfig``: what ``python -m course serve`` writes to stderr."""


class RequestLog:
    """Middleware that logs each request when its response has been sent.

    It is the outermost but for `SafeHeaders`, and so the place where a mistake of ours ends: it is
    logged once, and the asker is told that much, with a 500.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begin = time.perf_counter()
        facts: dict[str, Any] = {"method": scope["method"], "bytes_in": 0, "bytes_out": 0}

        async def counted_receive() -> Message:
            message = await receive()
            facts["bytes_in"] += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
            facts["bytes_out"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, counted_receive, counted_send)
        except Exception:
            LOGGER.exception("a request failed")
            if "status" in facts:  # too late to say something else: the connection ends here
                raise
            sorry = RequestError(500, "Something broke here; it is logged")
            await JSONResponse(sorry.body, sorry.status)(scope, receive, counted_send)
        finally:
            route = scope.get("route")
            # What is no route of ours was chosen by the asker; it is not repeated.
            facts["route"] = getattr(route, "path", "other")
            facts["milliseconds"] = round(1000 * (time.perf_counter() - begin), 2)
            LOGGER.info("request", extra={"facts": facts})
