"""A login by LTI logs no message, and nobody else waits for the LMS."""

from __future__ import annotations

import asyncio
import logging
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from ltiauthenticator.lti13.error import InvalidAudienceError, TokenError
from tornado import web

from deploy.hub import lti_handlers
from deploy.hub.lti_handlers import CrossSiteLoginHandler, LaunchHandler


def launch_handler(check: Any) -> LaunchHandler:
    """A handler whose message is checked by this function."""
    handler = LaunchHandler.__new__(LaunchHandler)
    handler.decode_and_validate_launch_request = check
    return handler


@pytest.mark.parametrize("kind", [CrossSiteLoginHandler, LaunchHandler])
def test_what_the_library_logs_for_debugging_is_not_written(
    kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    hub = logging.getLogger("a hub")
    handler = kind.__new__(kind)
    handler.application = SimpleNamespace(settings={"log": hub})
    with caplog.at_level(logging.DEBUG, hub.name):
        handler.log.debug("id_token")
        handler.log.warning("refused")
    assert caplog.messages == ["refused"]
    with caplog.at_level(logging.ERROR, hub.name):
        handler.log.warning("refused")
    assert caplog.messages == ["refused"]


def test_others_are_answered_while_a_message_is_checked() -> None:
    others_answered = threading.Event()
    checking = threading.Event()
    joined: list[Any] = []

    def check() -> dict[str, str]:
        checking.set()
        assert others_answered.wait(60)
        return {"sub": "u1"}

    async def log_in(claims: Any) -> str:
        joined.append(claims)
        return "ada"

    async def redirect(user: str) -> None:
        joined.append(user)

    async def serve() -> None:
        handler = launch_handler(check)
        handler.login_user, handler.redirect_to_next_url = log_in, redirect
        login = asyncio.create_task(handler.post())
        await asyncio.to_thread(checking.wait)
        others_answered.set()
        await login

    asyncio.run(serve())
    assert joined == [{"sub": "u1"}, "ada"]


def test_a_silent_platform_ends_the_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lti_handlers, "KEYS_TIMEOUT_S", 0.05)
    released = threading.Event()
    try:
        with pytest.raises(web.HTTPError, match="doesn't answer") as caught:
            asyncio.run(launch_handler(released.wait).post())
    finally:
        released.set()
    assert caught.value.status_code == 504


@pytest.mark.parametrize(
    ("error", "status"), [(TokenError("forged"), 400), (InvalidAudienceError("other"), 401)]
)
def test_a_wrong_message_is_refused(error: Exception, status: int) -> None:
    def check() -> None:
        raise error

    with pytest.raises(web.HTTPError, match=str(error)) as caught:
        asyncio.run(launch_handler(check).post())
    assert caught.value.status_code == status
