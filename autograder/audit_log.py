"""The audit log: who changed grades, extensions or rules, when, and what.

``.grading/audit.jsonl`` in the course folder has a line for each action, from a command or from the
course page. Lines are only ever added. Each contains the hash of the line before it, so `check`
finds a line that was changed or removed later.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from logging import Logger
from pathlib import Path
from typing import Any, Final

from autograder.score_history import FOLDER, current_user, utc_now
from autograder.student_names import printable

FILE: Final = "audit.jsonl"
_START: Final = "0" * 16  # what the first line has instead of a hash
_BLOCK_BYTES: Final = 1 << 16  # longer than any line

# The person whose request a server is working on; the account of the server is of less interest.
acting_user: ContextVar[str] = ContextVar("acting_user", default="")


@dataclass(frozen=True)
class AuditEntry:
    """One action.

    Attributes:
        time: When, in UTC and ISO 8601.
        by: Who.
        action: The command, such as ``grade``.
        details: What it was applied to and what it did.
    """

    time: str
    by: str
    action: str
    details: Mapping[str, Any]

    def __str__(self) -> str:
        """Return the action on a line.

        Example:
            >>> print(AuditEntry("2026-03-01T12:00:00+00:00", "grace", "extend", {"hours": 48}))
            2026-03-01T12:00:00+00:00 grace extend hours=48
        """
        details = (f"{name}={value}" for name, value in self.details.items())
        return printable(" ".join([self.time, self.by, self.action, *details]))


def record(root: Path, action: str, by: str = "", **details: Any) -> None:
    """Add an action to the course's log.

    Example:
        >>> record(Path("/srv/course"), "extend", student="ada", hours=48)  # doctest: +SKIP

    Raises:
        OSError: The log can't be written.
    """
    folder = root / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "r+b") as file:
        _lock(file.fileno())
        end = file.seek(0, os.SEEK_END)
        file.seek(max(0, end - _BLOCK_BYTES))
        last = file.read()
        entry = {
            "time": utc_now(),
            "by": by or acting_user.get() or current_user(),
            "action": action,
            **details,
            "previous": _hash(last.splitlines()[-1]) if last else _START,
        }
        cut_off = b"" if not last or last.endswith(b"\n") else b"\n"
        file.write(
            cut_off
            + json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace")
            + b"\n"
        )


def try_record(root: Path, action: str, log: Logger, **details: Any) -> None:
    """Add an action that is done already: a failure is logged, and nothing else fails."""
    try:
        record(root, action, **details)
    except OSError as error:
        log.error("The audit log in %s can't be written: %s", root / FOLDER, error)  # noqa: TRY400  (no traceback needed)


def read(root: Path) -> list[AuditEntry]:
    """Return all actions, the oldest first."""
    entries = []
    for line in _lines(root):
        try:
            details = dict(json.loads(line))
        except (TypeError, ValueError):
            continue  # cut off by a crash, or edited
        details.pop("previous", None)
        time, by, action = (str(details.pop(name, "")) for name in ("time", "by", "action"))
        entries.append(AuditEntry(time, by, action, details))
    return entries


def check(root: Path) -> list[int]:
    """Return the numbers of the lines before which something was changed or removed."""
    broken, expected = [], _START
    for number, line in enumerate(_lines(root), start=1):
        try:
            previous = json.loads(line).get("previous")
        except (ValueError, AttributeError):
            previous = None
        if previous != expected:
            broken.append(number)
        expected = _hash(line)
    return broken


def _lines(root: Path) -> list[bytes]:
    try:
        return (root / FOLDER / FILE).read_bytes().splitlines()
    except OSError:
        return []


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:16]


def _lock(fd: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        return
    fcntl.flock(fd, fcntl.LOCK_EX)
