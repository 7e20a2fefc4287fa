"""The learning management system, in LTI's terms the platform: its addresses and our key."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from traitlets import Dict, Enum, List, Unicode
from traitlets.config import Configurable

from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.score_history import FOLDER

KEY_FILE: Final = "lti-key.pem"
USERNAMES: Final = ("email", "username", "sourcedid", "sub")
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")  # a test platform may do without TLS


class LtiError(CourseError):
    """The platform is not set up, or refuses; the message says why."""


class LtiPlatform(Configurable):
    """How to reach the platform; on a hub, the table ``[lti]`` of its settings sets all of this.

    Example:
        >>> LtiPlatform(client_id="10000000000001").is_configured
        False
    """

    client_id = Unicode(help="Our id at the platform, which it shows after registration.").tag(
        config=True
    )
    token_url = Unicode(help="Where the platform issues access tokens.").tag(config=True)
    audience = Unicode(
        help="What the platform expects as `aud` in our requests for tokens; by default token_url."
    ).tag(config=True)
    line_items_url = Unicode(
        help="The course's line items (AGS). A hub learns it at the first login."
    ).tag(config=True)
    memberships_url = Unicode(
        help="The course's roster (NRPS). A hub learns it at the first login."
    ).tag(config=True)
    hosts = List(
        Unicode(), help="Further hosts that belong to the platform, such as lms.example:8443."
    ).tag(config=True)
    username = Enum(
        USERNAMES,
        "email",
        help="Which of the platform's names becomes the student's id: the part of `email` before"
        " the @, `username` (Moodle), `sourcedid` or `sub`, the platform's own number.",
    ).tag(config=True)
    key_file = Unicode(
        help="The private key; by default .grading/lti-key.pem in the course folder."
    ).tag(config=True)
    users = Dict(
        help="Student ids by the platform's user ids. A hub knows those who have logged in."
    ).tag(config=True)

    @property
    def is_configured(self) -> bool:
        """Whether anything can be sent."""
        return bool(self.client_id and self.token_url and self.line_items_url)

    @property
    def origins(self) -> list[str]:
        """The only addresses that are ever called: those of the token server and of `hosts`.

        Raises:
            LtiError: One of them isn't an address that may be called.
        """
        scheme = _split("token_url", self.token_url).scheme
        urls = [self.token_url, *(f"{scheme}://{host}" for host in self.hosts)]
        return list(dict.fromkeys(origin(_split("hosts", url)) for url in urls))

    def key_path(self, root: Path) -> Path:
        """Return the file of the private key."""
        return Path(self.key_file) if self.key_file else root / FOLDER / KEY_FILE

    def check(self, *needed: str) -> None:
        """Refuse incomplete settings.

        Raises:
            LtiError: A setting is missing, or names a host that isn't the platform's.
        """
        for name in ("client_id", "token_url", *needed):
            if not getattr(self, name):
                raise LtiError(f"LtiPlatform.{name} isn't set. docs/lms.md says how to set up LTI.")
        for name in needed:
            self.check_url(getattr(self, name), f"LtiPlatform.{name}")

    def check_url(self, url: str, name: str) -> None:
        """Refuse an address that isn't the platform's.

        Raises:
            LtiError: With the host, and how to allow it.
        """
        parts = _split(name, url)
        if origin(parts) not in self.origins:
            raise LtiError(
                f"{name} leads to {parts.netloc!a}, which isn't a host of the platform. If it is"
                f" one, add it to LtiPlatform.hosts."
            )


def origin(parts: SplitResult) -> str:
    """Return scheme, host and port of an address.

    Example:
        >>> origin(urlsplit("https://LMS.example:8443/token?x=1"))
        'https://lms.example:8443'
    """
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port not in {None, default} else ""
    return f"{parts.scheme}://{host}{port}"


def _split(name: str, url: str) -> SplitResult:
    """Split an address that may be called: HTTPS, and no user name in it."""
    try:
        parts = urlsplit(url)
        is_valid = parts.port is None or parts.port > 0
    except ValueError:
        is_valid = False
    is_plain = url.isascii() and url.isprintable() and not any(mark in url for mark in " \\@")
    if not (is_valid and is_plain and parts.hostname):
        raise LtiError(f"{name} = {url!a} isn't an address.")
    if parts.scheme != "https" and (parts.scheme != "http" or parts.hostname not in _LOOPBACK):
        raise LtiError(f"{name} = {url!a} must start with https://.")
    return parts
