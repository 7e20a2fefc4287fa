"""A badge: who a server is, signed by the hub when it starts the server, checked without the hub.

The hub and the service share a key. So a whole class can ask at one moment while the hub starts
servers; and no hub token, which opens more than this service, ever leaves a student's server.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from deploy.feedback.identity import Person

KEY: Final = "COURSE_BADGE_KEY"  # the variable that tells the service the key
_LASTS: Final = 30 * 24 * 3600  # seconds; a server that runs longer gets a new one when restarted


def key(path: Path) -> str:
    """Return the key, which is made when first wanted and which root alone can read."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def issue(key: str, name: str, groups: Iterable[str], now: float | None = None) -> str:
    """Return a badge.

    Example:
        >>> TokenReader("secret").read(issue("secret", "ada", ["class"]))
        Person(name='ada', groups=frozenset({'class'}))

    Args:
        key: The hub's and the service's.
        name: The account.
        groups: Its groups.
        now: Seconds since 1970; if None, the clock's.
    """
    until = int((time.time() if now is None else now) + _LASTS)
    told = json.dumps({"name": name, "groups": sorted(groups), "until": until}).encode()
    return f"{_text(told)}.{_text(_mark(key, told))}"


class TokenReader:
    """Tells whose badge it is.

    Args:
        key: The hub's and the service's.
    """

    def __init__(self, key: str) -> None:
        if not key:
            raise ValueError("a badge's key must not be empty; the hub makes one")
        self._key = key

    async def whose(self, token: str, asker: str = "") -> Person | None:  # noqa: ARG002  (as others)
        """Return the person, or None if the badge is forged, or too old."""
        return self.read(token)

    def read(self, badge: str, now: float | None = None) -> Person | None:
        """Return the person, or None if the badge is forged, or too old."""
        told, _, mark = badge.partition(".")
        try:
            content = base64.urlsafe_b64decode(told)
            same = hmac.compare_digest(base64.urlsafe_b64decode(mark), _mark(self._key, content))
        except (binascii.Error, ValueError):
            return None
        if not same:
            return None
        found = json.loads(content)
        if found["until"] < (time.time() if now is None else now):
            return None
        return Person(found["name"], frozenset(found["groups"]))


def _mark(key: str, told: bytes) -> bytes:
    return hmac.digest(key.encode(), told, hashlib.sha256)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode("ascii")
