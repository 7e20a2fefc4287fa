"""Requests to the platform's services, with access tokens and only to the platform's hosts.

IMS Security Framework 1.0: a token is issued for a JWT that our private key has signed.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import Any, Final

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from autograder.lti.key import public_jwk
from autograder.lti.platform import LtiError, LtiPlatform

MAX_BYTES: Final = 10_000_000  # of one answer
MAX_PAGES: Final = 1000
RETRIES: Final = 5
BACKOFF_S: Final = 0.5  # then 1, 2, 4, ... seconds
MAX_WAIT_S: Final = 120  # however long the platform asks us to wait
_TIMEOUT_S: Final = (10, 60)  # to connect, and between two parts of an answer
_BUSY: Final = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_S: Final = 300
_EARLY_S: Final = 60  # a token is renewed before it expires


class LmsRefusedError(LtiError):
    """The platform answered that it won't.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, what: str, status: int) -> None:
        super().__init__(f"The LMS refused to {what}: {status} {responses.get(status, '')}.")
        self.status = status


@dataclass(frozen=True)
class Service:
    """One of the platform's services.

    Attributes:
        media_type: The type of what it takes and returns.
        scope: The right to use it.
    """

    media_type: str
    scope: str


@dataclass(frozen=True)
class _Token:
    value: str
    expires: float  # on the clock `time.monotonic`


class ServiceClient:
    """Requests to one platform.

    Args:
        platform: Where it is.
        key: Our private key.
    """

    def __init__(self, platform: LtiPlatform, key: RSAPrivateKey) -> None:
        self.platform, self._key = platform, key
        self._tokens: dict[str, _Token] = {}
        self._session = _make_session(platform.origins)

    def pages(self, url: str, service: Service, what: str) -> Iterator[Any]:
        """Yield the pages of a list as JSON, following the links of the platform.

        Args:
            url: The first page.
            service: The service it belongs to.
            what: What this does, for messages, such as ``read the roster``.

        Raises:
            LtiError: The platform refuses, can't be reached, or sends something else.
        """
        seen: set[str] = set()
        while url:
            if url in seen or len(seen) >= MAX_PAGES:
                raise LtiError(f"The LMS's answer to '{what}' has an endless number of pages.")
            seen.add(url)
            data, url = self._request(url, service, what)
            yield data

    def send(self, url: str, service: Service, what: str, body: Any, *, retry: bool = True) -> Any:
        """Post JSON; return the answer, or None if it is empty.

        Args:
            url: Where to.
            service: As for `pages`.
            what: As for `pages`.
            body: What to send.
            retry: Whether to send it again when the platform is busy: not what would then exist
                twice.

        Raises:
            LtiError: As `pages`.
        """
        return self._request(url, service, what, body, retry=retry)[0]

    def _request(
        self, url: str, service: Service, what: str, body: Any = None, *, retry: bool = True
    ) -> tuple[Any, str]:
        """Return the answer and the address of the next page; renew a token once."""
        self.platform.check_url(url, f"The address to {what}")
        method, content, headers = "GET", None, {"Accept": service.media_type}
        if body is not None:
            method, content = "POST", json.dumps(body).encode()
            headers["Content-Type"] = service.media_type
        for is_last in (False, True):
            headers["Authorization"] = f"Bearer {self._token(service.scope)}"
            status, answer, following = self._call(
                method, url, what, headers=headers, data=content, retry=retry
            )
            if status != HTTPStatus.UNAUTHORIZED or is_last:
                break
            self._tokens.pop(service.scope, None)  # the platform has forgotten it
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise LmsRefusedError(what, status)
        return (_parse(answer, what) if answer.strip() else None), following

    def _token(self, scope: str) -> str:
        """Return an access token for a scope; ask for one if the last has expired."""
        token = self._tokens.get(scope)
        if token is None or token.expires < time.monotonic():
            token = self._tokens[scope] = self._new_token(scope)
        return token.value

    def _new_token(self, scope: str) -> _Token:
        platform, now = self.platform, int(time.time())
        assertion = jwt.encode(
            {
                "iss": platform.client_id,
                "sub": platform.client_id,
                "aud": platform.audience or platform.token_url,
                "iat": now,
                "exp": now + _ASSERTION_S,
                "jti": secrets.token_urlsafe(16),
            },
            self._key,
            algorithm="RS256",
            headers={"kid": public_jwk(self._key)["kid"]},
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": assertion,
            "scope": scope,
        }
        what = "issue an access token"
        status, content, _ = self._call(
            "POST", platform.token_url, what, headers={"Accept": "application/json"}, data=form
        )
        if status != HTTPStatus.OK:
            raise LmsRefusedError(f"{what} for {scope.rpartition('/')[2]}", status)
        answer = _parse(content, what)
        value = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise LtiError("The LMS's answer holds no access token.")
        lifetime = answer.get("expires_in")
        lifetime = lifetime if isinstance(lifetime, int) else _EARLY_S
        return _Token(value, time.monotonic() + max(0, lifetime - _EARLY_S))

    def _call(
        self, method: str, url: str, what: str, *, retry: bool = True, **arguments: Any
    ) -> tuple[int, bytes, str]:
        """Return status, content and the address of the next page."""
        session = self._session if retry else _make_session(self.platform.origins, retries=0)
        try:
            with session.request(
                method, url, allow_redirects=False, stream=True, timeout=_TIMEOUT_S, **arguments
            ) as response:
                content = _read(response, what)
                following = response.links.get("next", {}).get("url", "")
                return response.status_code, content, following
        except LtiError:
            raise
        except (requests.RequestException, ValueError) as error:
            # The error itself may quote headers, and with them the token.
            raise LtiError(f"The LMS can't be reached to {what}: {type(error).__name__}.") from None


def _make_session(origins: list[str], retries: int = RETRIES) -> requests.Session:
    """Return a session that knows no other host, and waits for a busy one."""
    session = requests.Session()
    session.adapters.clear()
    session.auth = lambda request: request  # else a .netrc would replace the token
    policy = Retry(
        total=retries,
        allowed_methods=None,  # any
        status_forcelist=_BUSY if retries else (),
        backoff_factor=BACKOFF_S,
        retry_after_max=MAX_WAIT_S,
        raise_on_status=False,
        redirect=False,
    )
    for origin in origins:
        session.mount(f"{origin}/", HTTPAdapter(max_retries=policy))
    return session


def _read(response: requests.Response, what: str) -> bytes:
    content = bytearray()
    for part in response.iter_content(1 << 16):
        content += part
        if len(content) > MAX_BYTES:
            raise LtiError(f"The LMS's answer to '{what}' is larger than {MAX_BYTES:,} bytes.")
    return bytes(content)


def _parse(content: bytes, what: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise LtiError(f"The LMS's answer to '{what}' isn't JSON.") from None
