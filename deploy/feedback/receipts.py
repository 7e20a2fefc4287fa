"""Receipts that the class's server has confirmed: it writes down what it was told, and signs it.

A student can write any receipt; the mark in a confirmed one is made with the hub's key. So it shows
that this student said, at this time by the server's clock, that this content was handed in.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LONGEST: Final = 200  # characters of what a student's server says
_LINES: Final = {
    "assignment": r"You handed in (.+)\.",
    "student": r"Student +(.+)",
    "time": r"Time +(.+)",
    "content": r"Content +SHA-256 ([0-9a-f]{64})",
    "received": r"Confirmed (\S+) [0-9a-f]{64}",
    "mark": r"Confirmed \S+ ([0-9a-f]{64})",
}


class ReceiptError(ValueError):
    """What was told is no receipt."""


@dataclass(frozen=True)
class Told:
    """What the server was told, and when.

    Attributes:
        student: Who told it.
        assignment: Such as ``01-intro``.
        time: When it was handed in, by the student's server.
        content: Its SHA-256.
        received: When it was told, by the class's server, as ISO 8601 writes it.
    """

    student: str
    assignment: str
    time: str
    content: str
    received: str

    def mark(self, key: str) -> str:
        """Return what confirms it: an HMAC, in hexadecimal."""
        # The word in front keeps it apart from badges, which the same key signs.
        words = ["receipt", self.student, self.assignment, self.time, self.content, self.received]
        return hmac.digest(key.encode(), json.dumps(words).encode(), hashlib.sha256).hex()


def told(student: str, body: bytes, received: str) -> Told:
    """Read what a student's server says.

    Raises:
        ReceiptError: With what is wrong with it.
    """
    try:
        found = json.loads(body)
        words = [found[name] for name in ("assignment", "time", "content")]
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise ReceiptError("a receipt must have an assignment, a time and a content") from error
    if not all(isinstance(word, str) and len(word) <= _LONGEST for word in words):
        raise ReceiptError("what a receipt holds must be short texts")
    if not re.fullmatch("[0-9a-f]{64}", words[2]):
        raise ReceiptError("content must be a SHA-256")
    return Told(student, words[0], words[1], words[2], received)


def checked(path: Path, key: str) -> Told | None:
    """Read a receipt; return what it says if the mark in it is ours.

    Example:
        >>> checked(Path("receipts/01-intro 2026-11-24 02.10.11 UTC.txt"), "key")  # doctest: +SKIP
        Told(student='ada', ...)

    Raises:
        ReceiptError: It is no receipt, or none that was confirmed.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    found = {name: re.search(f"(?m)^{line}$", text) for name, line in _LINES.items()}
    words = {name: match[1] for name, match in found.items() if match}
    if len(words) < len(_LINES):
        raise ReceiptError(f"{path} is not a receipt that was confirmed")
    mark = words.pop("mark")
    said = Told(**words)
    return said if hmac.compare_digest(said.mark(key), mark) else None
