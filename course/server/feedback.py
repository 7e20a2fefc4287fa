"""Asking the class's feedback service, which holds the keys, with the student's own badge."""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, Final, cast

from tornado import web
from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from traitlets import Float, Unicode
from traitlets.config import LoggingConfigurable

from course.server.check_result import SAVED, CheckResult
from course.server.receipts import Receipt

URL: Final = "COURSE_FEEDBACK_URL"
# What is sent to it: a badge that is good for nothing else; on a cluster, the hub's token.
TOKENS: Final = ("COURSE_FEEDBACK_TOKEN", "JUPYTERHUB_API_TOKEN")
_REFUSALS: Final = (400, 403, 404, 413, 429)


class FeedbackService(LoggingConfigurable):
    """The service of a hub, if there is one.

    Example:
        >>> FeedbackService(url="").at_hand  # a laptop, or a hub without the service
        False
    """

    url = Unicode(help=f"The service's address; if empty, what the variable {URL} says.").tag(
        config=True
    )
    seconds = Float(10.0, min=0.1, help="How long to wait for its reply.").tag(config=True)

    @property
    def address(self) -> str:
        """Where the service is, or nothing."""
        return (self.url or os.environ.get(URL, "")).rstrip("/")

    @property
    def at_hand(self) -> bool:
        """Whether there is a service that knows us."""
        return bool(self.address and self.token)

    @property
    def token(self) -> str:
        """What tells the service who asks, or nothing."""
        return next((os.environ[name] for name in TOKENS if os.environ.get(name)), "")

    async def check(self, path: str, question: str, answer: str) -> CheckResult:
        """Return the service's verdict; without a reply, that the answer is saved.

        Args:
            path: The notebook's place on the server.
            question: The question's name.
            answer: The student's copy of the question.

        Raises:
            web.HTTPError: The service refuses, and says why: too many attempts, for one.
        """
        try:
            reply = await AsyncHTTPClient().fetch(
                f"{self.address}/check",
                method="POST",
                headers={
                    "Authorization": f"token {self.token}",
                    "Content-Type": "application/json",
                },
                body=json.dumps({"path": path, "question": question, "answer": answer}),
                request_timeout=self.seconds,
            )
            return cast("CheckResult", json.loads(reply.body))
        except HTTPClientError as error:
            if error.code in _REFUSALS and error.response is not None:
                raise web.HTTPError(error.code, _reason(error.response.body)) from error
            self.log.warning("The feedback service failed: %s", error)
        except (OSError, ValueError) as error:
            self.log.warning("The feedback service can't be reached: %s", error)
        return SAVED


def confirmed(receipt: Receipt, seconds: float = 5.0) -> tuple[str, str] | None:
    """Tell the class's server what was handed in; return its time and its mark, if it answers.

    Args:
        receipt: What was handed in.
        seconds: How long to wait; the student waits as long.
    """
    service = FeedbackService()
    if not service.at_hand:
        return None
    told = {name: getattr(receipt, name) for name in ("assignment", "time", "content")}
    request = urllib.request.Request(  # noqa: S310  (the class's own address)
        f"{service.address}/receipt",
        data=json.dumps(told).encode(),
        headers={"Authorization": f"token {service.token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=seconds) as reply:  # noqa: S310  (as above)
            found = json.loads(reply.read())
        return str(found["time"]), str(found["mark"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        service.log.warning("The receipt is not confirmed: %s", error)
        return None


def _reason(body: bytes) -> str:
    try:
        reply: Any = json.loads(body)
    except ValueError:
        reply = {}
    message = reply.get("message") if isinstance(reply, dict) else None
    return message if isinstance(message, str) else "the feedback service refused"
