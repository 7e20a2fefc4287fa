"""Log one JSON object per request: route, status, sizes and duration.

Example:
    >>> record = logging.makeLogRecord({"msg": "request", "levelname": "INFO"})
    >>> record.fields = {"path": "/health", "status": 200}
    >>> json.loads(JsonFormatter().format(record))["status"]
    200

No personal data is logged: no drawing, no address, no name.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from course.deployment.errors import RequestError

LOGGER: Final = logging.getLogger("course.deployment")


class JsonFormatter(logging.Formatter):
    """Formats a record and its optional dict ``fields`` as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without a newline."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{record.msecs:03.0f}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


CONFIG: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "course.deployment.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "loggers": {
        name: {"handlers": ["stderr"], "level": "INFO", "propagate": False}
        for name in ("course.deployment", "uvicorn")
    },
}
"""For ``logging.config.dictConfig``: what ``python -m course serve`` writes to stderr."""


class RequestLogMiddleware:
    """Middleware that logs each request after its response.

    Only `SecurityHeaders` is further out, so unexpected exceptions end here: they are logged once,
    and the client gets a 500 without details.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the request and log it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start = time.perf_counter()
        fields: dict[str, Any] = {"method": scope["method"], "bytes_in": 0, "bytes_out": 0}

        async def counted_receive() -> Message:
            message = await receive()
            fields["bytes_in"] += len(message.get("body", b""))
            return message

        async def counted_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields["status"] = message["status"]
            fields["bytes_out"] += len(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, counted_receive, counted_send)
        except Exception:
            LOGGER.exception("request failed")
            if "status" in fields:  # the response has begun; all that is left is to break it off
                raise
            response = RequestError(500, "Internal error; see the server's log").response()
            await response(scope, receive, counted_send)
        finally:
            # An unknown path is the client's text, perhaps personal data: it is not logged.
            fields["route"] = getattr(scope.get("route"), "path", "other")
            fields["milliseconds"] = round(1000 * (time.perf_counter() - start), 2)
            LOGGER.info("request", extra={"fields": fields})
