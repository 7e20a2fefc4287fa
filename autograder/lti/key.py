"""Our RSA key: the platform knows its public part, and the private part never leaves its file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from autograder.lti.platform import LtiError

_BITS: Final = 3072
_EXPONENT: Final = 65537


def create(path: Path) -> None:
    """Write a new private key that only its owner can read.

    Raises:
        FileExistsError: The file is there already; it is never replaced.
    """
    key = generate_private_key(_EXPONENT, _BITS)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(text)


def load(path: Path) -> RSAPrivateKey:
    """Read the private key.

    Raises:
        LtiError: There is none, others can read it, or it isn't an RSA key.
    """
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError as error:
        raise LtiError(
            f"{path}: {error.strerror}. Create the key with: python -m autograder lms key"
        ) from error
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise LtiError(f"Others can read {path}. Make it private: chmod 600 {path}")
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        # The cause would quote the file, so it is left out.
        raise LtiError(f"{path} isn't an RSA key in PEM without a password.") from None
    return key


def public_jwk(key: RSAPrivateKey) -> dict[str, Any]:
    """Return the public part as a JSON Web Key; its id is the key's thumbprint (RFC 7638)."""
    jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    required = {name: jwk[name] for name in ("e", "kty", "n")}
    text = json.dumps(required, separators=(",", ":"), sort_keys=True)
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    return {**required, "alg": "RS256", "use": "sig", "kid": digest.rstrip(b"=").decode()}


def public_pem(key: RSAPrivateKey) -> str:
    """Return the public part as PEM, for platforms that ask for that."""
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
