"""Ask the class's feedback service, which holds the keys, on behalf of the student."""

from __future__ import annotations

import json
import os
import urllib.request
from contextlib import suppress
from typing import Any, Final, cast

from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from traitlets import Float, Unicode
from traitlets.config import LoggingConfigurable

from course.server.check_result import SAVED, CheckResult
from course.server.receipts import Receipt

URL_VARIABLE: Final = "COURSE_FEEDBACK_URL"
# The first is valid for the feedback service only; on a cluster, the hub's token is sent instead.
TOKEN_VARIABLES: Final = ("COURSE_FEEDBACK_TOKEN", "JUPYTERHUB_API_TOKEN")
_STATUSES_FOR_STUDENTS: Final = (400, 403, 404, 413, 429)
_MAX_PAGE_DELAY_S: Final = 3.0  # pages wait for the deadlines


class FeedbackService(LoggingConfigurable):
    """The hub's feedback service, if it has one.

    Example:
        >>> FeedbackService(url="").available  # a laptop, or a hub without the service
        False
    """

    url = Unicode(help=f"The service's URL. If empty, ${URL_VARIABLE}.").tag(config=True)
    seconds = Float(10.0, min=0.1, help="Timeout for its reply, in seconds.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._deadlines: dict[str, Any] = {}

    @property
    def base_url(self) -> str:
        """The service's URL without a trailing slash, or an empty string."""
        return (self.url or os.environ.get(URL_VARIABLE, "")).rstrip("/")

    @property
    def available(self) -> bool:
        """True if both the URL and the token are known."""
        return bool(self.base_url and self.token)

    @property
    def token(self) -> str:
        """The token that identifies the student to the service, or an empty string."""
        return next((os.environ[name] for name in TOKEN_VARIABLES if os.environ.get(name)), "")

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request to the service."""
        return {"Authorization": f"token {self.token}", "Content-Type": "application/json"}

    async def check(self, path: str, question: str, answer: str) -> CheckResult:
        """Return the service's result, or `SAVED` if it can't be reached.

        Raises:
            web.HTTPError: The service refuses, for example because no attempts are left.
        """
        try:
            reply = await AsyncHTTPClient().fetch(
                f"{self.base_url}/check",
                method="POST",
                headers=self.headers,
                body=json.dumps({"path": path, "question": question, "answer": answer}),
                request_timeout=self.seconds,
            )
            return cast("CheckResult", json.loads(reply.body))
        except HTTPClientError as error:
            if error.code in _STATUSES_FOR_STUDENTS and error.response is not None:
                raise web.HTTPError(error.code, _reason(error.response.body)) from error
            self.log.warning("The feedback service failed: %s", error)
        except (OSError, ValueError) as error:
            self.log.warning("Can't reach the feedback service: %s", error)
        return SAVED

    async def deadlines(self) -> dict[str, Any]:
        """Return what the service says about this student's deadlines, by assignment.

        While the service doesn't answer, what it said last holds.
        """
        if not self.available:
            return {}
        try:
            reply = await AsyncHTTPClient().fetch(
                f"{self.base_url}/deadlines",
                headers=self.headers,
                request_timeout=min(self.seconds, _MAX_PAGE_DELAY_S),
            )
            self._deadlines = dict(json.loads(reply.body))
        except (HTTPClientError, OSError, ValueError, TypeError) as error:
            self.log.warning("The feedback service doesn't tell the deadlines: %s", error)
        return self._deadlines


def read_deadlines(timeout_s: float = _MAX_PAGE_DELAY_S) -> dict[str, Any]:
    """Return the same without a running server; empty if there is no answer."""
    service = FeedbackService()
    if not service.available:
        return {}
    request = urllib.request.Request(f"{service.base_url}/deadlines", headers=service.headers)  # noqa: S310  (the class's own URL)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:  # noqa: S310  (as above)
            return dict(json.loads(reply.read()))
    except (OSError, ValueError, TypeError) as error:
        service.log.warning("The feedback service doesn't tell the deadlines: %s", error)
        return {}


def confirm_receipt(receipt: Receipt, timeout_s: float = 5.0) -> tuple[str, str] | None:
    """Report a submission to the class's server; return its time and signature if it answers."""
    service = FeedbackService()
    if not service.available:
        return None
    content = {name: getattr(receipt, name) for name in ("assignment", "time", "content")}
    request = urllib.request.Request(  # noqa: S310  (the class's own URL)
        f"{service.base_url}/receipt", data=json.dumps(content).encode(), headers=service.headers
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as reply:  # noqa: S310  (as above)
            confirmation = json.loads(reply.read())
        return str(confirmation["time"]), str(confirmation["mark"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        service.log.warning("The receipt was not confirmed: %s", error)
        return None


def _reason(body: bytes) -> str:
    with suppress(ValueError, LookupError, TypeError):
        message = json.loads(body)["message"]
        if isinstance(message, str):
            return message
    return "the feedback service refused the request"
