"""Receipts that the class's server confirms: it records a submission and signs the record.

Anyone can write a receipt, but only the hub's key can sign one. A confirmed receipt proves that
this student reported this content at this time by the server's clock.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from itsdangerous import Signer
from itsdangerous.encoding import base64_decode

from course.server.handlers import is_unicode

_SALT: Final = "course-receipt"  # tokens have another
_MAX_CHARS: Final = 200  # per field sent by a student's server
_LINES: Final = {
    "assignment": r"You handed in (.+)\.",
    "student": r"Student +(.+)",
    "time": r"Time +(.+)",
    "content": r"Content +SHA-256 ([0-9a-f]{64})",
    "received": r"Confirmed (\S+) [0-9a-f]{64}",
    "mark": r"Confirmed \S+ ([0-9a-f]{64})",
}


class ReceiptError(ValueError):
    """A receipt, or the notice it is made from, is invalid."""


@dataclass(frozen=True)
class SubmissionNotice:
    """A submission as a student's server reported it."""

    student: str
    assignment: str
    time: str  # of the submission, by the student's server
    content: str  # SHA-256 of what was submitted
    received: str  # time of the report, by the class's server, in ISO 8601

    def signature(self, key: str) -> str:
        """Return the hexadecimal HMAC that confirms the notice."""
        signer = Signer(key, salt=_SALT, key_derivation="hmac", digest_method=hashlib.sha256)
        return base64_decode(signer.get_signature(self._signed_text())).hex()

    def is_confirmed_by(self, signature: str, key: str) -> bool:
        """Return whether the signature is the key's."""
        # Receipts of version 0.2.0 were signed with the key itself.
        older = hmac.digest(key.encode(), self._signed_text(), hashlib.sha256).hex()
        return any(hmac.compare_digest(valid, signature) for valid in (self.signature(key), older))

    def _signed_text(self) -> bytes:
        fields = ["receipt", self.student, self.assignment, self.time, self.content, self.received]
        return json.dumps(fields).encode()


def parse_notice(student: str, body: bytes, received: str) -> SubmissionNotice:
    """Parse what a student's server sent.

    Raises:
        ReceiptError: With what is wrong with it.
    """
    try:
        content = json.loads(body)
        fields = [content[name] for name in ("assignment", "time", "content")]
    except (ValueError, RecursionError, LookupError, TypeError) as error:
        raise ReceiptError("a receipt must have `assignment`, `time` and `content`") from error
    if not all(is_unicode(field) and len(field) <= _MAX_CHARS for field in fields):
        raise ReceiptError(
            f"the fields of a receipt must be text of at most {_MAX_CHARS} characters"
        )
    if not re.fullmatch("[0-9a-f]{64}", fields[2]):
        raise ReceiptError("`content` must be a SHA-256 in hexadecimal")
    assignment, time, content_hash = fields
    return SubmissionNotice(student, assignment, time, content_hash, received)


def verify_receipt(path: Path, key: str) -> SubmissionNotice | None:
    """Read a receipt; return its content, or None if the signature isn't ours.

    Example:
        >>> path = Path("receipts/01-intro 2026-11-24 02.10.11 UTC.txt")
        >>> verify_receipt(path, "key")  # doctest: +SKIP
        SubmissionNotice(student='ada', ...)

    Raises:
        ReceiptError: It isn't a confirmed receipt.
    """
    text = path.read_text(encoding="utf-8", errors="replace")
    matches = {name: re.search(f"(?m)^{line}$", text) for name, line in _LINES.items()}
    fields = {name: match[1] for name, match in matches.items() if match}
    if len(fields) < len(_LINES):
        raise ReceiptError(f"{path} is not a confirmed receipt")
    signature = fields.pop("mark")
    notice = SubmissionNotice(**fields)
    return notice if notice.is_confirmed_by(signature, key) else None
