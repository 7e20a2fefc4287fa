"""Accounts on this machine for members of the class who have none yet."""

from __future__ import annotations

import pwd
import re
import secrets
import subprocess
from pathlib import Path
from typing import Final

ACCOUNT_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}")  # what Debian's useradd accepts
# Without 0, O, 1, l and I, which look alike on paper.
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH: Final = 12
_MIN_USER_UID: Final = 1000  # lower ids belong to the system
_FULL_NAME: Final = "autoencoders course"  # the full name of accounts created here


def account_exists(name: str) -> bool:
    """Return whether this machine has an account of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def why_unusable(name: str, *, allow_existing: bool = True) -> str:
    """Return why nobody may log in with this account; empty if it is fine or doesn't exist yet.

    Example:
        >>> why_unusable("root")
        "'root' is a system account"

    Args:
        name: The account.
        allow_existing: Allow accounts that were not created here. Must be false if another system
            checks logins, because the owner of that name there would get the account here.
    """
    try:
        account = pwd.getpwnam(name)
    except KeyError:
        return ""
    nobody = {65_534, 2**32 - 2}  # old and new
    if account.pw_uid < _MIN_USER_UID or account.pw_uid in nobody:
        return f"{name!r} is a system account"
    if not allow_existing and account.pw_gecos.split(",")[0] != _FULL_NAME:
        return f"{name!r} already exists on this machine and was not created for the class"
    return ""


def create_account(name: str, homes: Path) -> None:
    """Create an account whose home only its owner can enter; leave an existing one unchanged.

    Raises:
        RuntimeError: With the error message of ``useradd``.
    """
    if account_exists(name):
        return
    homes.mkdir(parents=True, exist_ok=True)
    home = homes / name
    options = ["--home-dir", str(home), "--shell", "/bin/bash", "--comment", _FULL_NAME]
    _run("useradd", "--create-home", *options, name)
    home.chmod(0o700)


def set_password(name: str) -> str:
    """Give an account a new random password and return it."""
    password = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    _run("chpasswd", stdin=f"{name}:{password}\n")
    return password


def remove(name: str) -> None:
    """Delete an account and its home."""
    if account_exists(name):
        _run("userdel", "--remove", "--force", name)


def _run(*command: str, stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)  # noqa: S603  (no user input)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed for {command[-1]}: {done.stderr.strip()}")
