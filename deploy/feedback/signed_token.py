"""Tokens that say which student a server belongs to, signed by the hub when it starts the server.

The hub and the service share a key, so a whole class can ask at once while the hub is busy starting
servers, and no hub token, which would allow more than this service, leaves a student's server.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from deploy.feedback.identity import Person

KEY_VARIABLE: Final = "COURSE_BADGE_KEY"  # the environment variable that holds the key
MAX_AGE_S: Final = 30 * 24 * 3600  # a server gets a new token whenever it starts
_SALT: Final = "course-feedback"  # receipts have another, so neither passes for the other
_FORM: Final = re.compile(r"\.?[\w-]+\.[\w-]+\.([\w-]+)", re.ASCII)


def load_or_create_key(path: Path) -> str:
    """Return the key in a file that only root can read; create it if it doesn't exist."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")


def issue(key: str, name: str, groups: Iterable[str]) -> str:
    """Return a token that names an account and its groups, signed with the key.

    Example:
        >>> TokenReader("secret").read(issue("secret", "ada", ["class"]))
        Person(name='ada', groups=frozenset({'class'}))
    """
    return str(_serializer(key).dumps({"name": name, "groups": sorted(groups)}))


class TokenReader:
    """Verifies tokens with the key that hub and service share.

    Raises:
        ValueError: The key is empty.
    """

    def __init__(self, key: str) -> None:
        if not key:
            raise ValueError("the token key must not be empty; the hub creates one")
        self._serializer = _serializer(key)

    async def identify(self, token: str, client: str = "") -> Person | None:  # noqa: ARG002  (as others)
        """Return the token's owner, or None if it is forged or expired."""
        return self.read(token)

    def read(self, token: str) -> Person | None:
        """Return the token's owner, or None if it is forged or expired."""
        try:
            # The library would accept other spellings of a signature, too.
            form = _FORM.fullmatch(token)
            if not form or base64_encode(base64_decode(form[1])) != form[1].encode():
                return None
            content = self._serializer.loads(token, max_age=MAX_AGE_S)
        except BadData:
            return None
        return Person(content["name"], frozenset(content["groups"]))


def _serializer(key: str) -> URLSafeTimedSerializer:
    # The cluster's hub signs the same format without this library: zero-to-jupyterhub/values.yaml.
    signing = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(key, salt=_SALT, signer_kwargs=signing)
