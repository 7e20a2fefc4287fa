"""Accounts of this machine, made for people who do not have one yet."""

from __future__ import annotations

import pwd
import secrets
import subprocess
from pathlib import Path
from typing import Final

# Without 0, O, 1, l and I, which look alike on a slip of paper.
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LENGTH: Final = 12
_PEOPLE: Final = 1000  # from this number on, accounts are of people; below, of the system
_MARK: Final = "autoencoders course"  # the full name of accounts that are made here


def exists(name: str) -> bool:
    """Whether this machine has an account of this name."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def unfit(name: str, *, stranger: bool = True) -> str:
    """Say why an account can't be a person's who logs in; nothing if it can, or is not there yet.

    Example:
        >>> unfit("root")
        "'root' is an account of the system"

    Args:
        name: The account.
        stranger: Whether an account that was not made here may be one. Where logins are not checked
            by this machine, it must not: a login elsewhere with its name would get it here.
    """
    try:
        person = pwd.getpwnam(name)
    except KeyError:
        return ""
    if person.pw_uid < _PEOPLE or person.pw_uid in {65_534, 2**32 - 2}:  # nobody, old and new
        return f"{name!r} is an account of the system"
    if not stranger and person.pw_gecos.split(",")[0] != _MARK:
        return f"{name!r} is an account of this machine already, and was not made for the class"
    return ""


def make(name: str, homes: Path) -> None:
    """Make an account whose home only its owner can enter; one that exists stays as it is.

    Example:
        >>> make("ada", Path("/home"))  # doctest: +SKIP

    Args:
        name: The account.
        homes: The folder of the homes.

    Raises:
        subprocess.CalledProcessError: With what ``useradd`` said.
    """
    if exists(name):
        return
    homes.mkdir(parents=True, exist_ok=True)
    home = homes / name
    given = ["--create-home", "--home-dir", str(home), "--shell", "/bin/bash", "--comment", _MARK]
    _run("useradd", *given, name)
    home.chmod(0o700)


def set_password(name: str) -> str:
    """Give an account a new random password and return it."""
    password = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    _run("chpasswd", said=f"{name}:{password}\n")
    return password


def remove(name: str) -> None:
    """Remove an account with its home."""
    if exists(name):
        _run("userdel", "--remove", "--force", name)


def _run(*command: str, said: str = "") -> None:
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False)  # noqa: S603  (our own words)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed for {command[-1]}: {done.stderr.strip()}")
