"""The two requests of a login by LTI 1.3: its start, and the message that the LMS sends.

jupyterhub-ltiauthenticator answers both. Here they set cookies that come back from another site,
log no messages, and let nobody else wait for the LMS.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final

from ltiauthenticator.lti13.error import InvalidAudienceError, ValidationError
from ltiauthenticator.lti13.handlers import LTI13CallbackHandler, LTI13LoginInitHandler
from tornado import web

KEYS_TIMEOUT_S: Final = 20.0  # for the LMS's public keys
# Not asyncio's own threads, which the hub needs even if the LMS lets these wait.
_THREADS: Final = ThreadPoolExecutor(4, "lti-keys")


class CrossSiteLoginHandler(LTI13LoginInitHandler):  # type: ignore[misc]  # untyped
    """The start of a login; its answer is posted by another site, the LMS.

    So the cookies with state and nonce must be sent from there. The hub's own cookies need not.
    """

    @property
    def log(self) -> logging.Logger:
        """The hub's log, without what the library writes at the level DEBUG."""
        return without_debug(super().log)

    def _set_oauth_cookie(self, key: str, value: str) -> None:
        options: dict[str, Any] = {"expires_days": 1, "httponly": True}
        if self.authenticator.get_uri_scheme(self.request) == "https":
            options |= {"samesite": "None", "secure": True}
        self._set_cookie(key, value, encrypted=True, **options)


class LaunchHandler(LTI13CallbackHandler):  # type: ignore[misc]  # untyped
    """The message that somebody comes from the LMS."""

    @property
    def log(self) -> logging.Logger:
        """The hub's log, without what the library writes at the level DEBUG: the whole message."""
        return without_debug(super().log)

    async def post(self) -> None:
        """Check the message, and log the person in.

        The check fetches the LMS's public keys, so it runs in a thread, and the hub answers others
        meanwhile.
        """
        loop = asyncio.get_running_loop()
        check = loop.run_in_executor(_THREADS, self.decode_and_validate_launch_request)
        try:
            claims = await asyncio.wait_for(check, KEYS_TIMEOUT_S)
        except TimeoutError:
            raise web.HTTPError(
                HTTPStatus.GATEWAY_TIMEOUT,
                "The learning management system doesn't answer. Please try again in a minute.",
            ) from None
        except InvalidAudienceError as error:
            raise web.HTTPError(HTTPStatus.UNAUTHORIZED, str(error)) from None
        except ValidationError as error:
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, str(error)) from None
        user = await self.login_user(claims)
        if user is None:
            raise web.HTTPError(HTTPStatus.FORBIDDEN, "This hub has no login by LTI.")
        await self.redirect_to_next_url(user)


def without_debug(log: logging.Logger) -> logging.Logger:
    """Return a log that writes to another one, but nothing at the level DEBUG.

    Example:
        >>> hub = logging.Logger("hub", logging.DEBUG)
        >>> hub.isEnabledFor(logging.DEBUG), without_debug(hub).isEnabledFor(logging.DEBUG)
        (True, False)
    """
    quiet = log.getChild("lti")
    quiet.setLevel(max(logging.INFO, log.getEffectiveLevel()))
    return quiet
