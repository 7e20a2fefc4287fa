"""Reject oversized kernel messages before parsing them.

Parsed JSON can take thirty times the memory of its text (``[],[],[],``). So a long content is
replaced by a short one, unless it is a single string: the form in which a kernel answers a test.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any, Final

from jupyter_client.session import Session

MAX_CONTENT_BYTES: Final = 4_000_000  # a large figure has about 200,000
MAX_HEADER_BYTES: Final = 100_000  # all parts before the content; Jupyter's own take hundreds
OUTPUT_TRUNCATED: Final = "\n[Output was cut off here because it is too long.]\n"
_PROMPT: Final = re.compile(r'\s*\{\s*"prompt"\s*:\s*(?=")')
_MAX_CHARS_AFTER_PROMPT: Final = 100  # for the other field, whether the input is a password


class LimitedSession(Session):
    """A Jupyter session that limits the size of what it parses.

    Example:
        >>> LimitedSession().deserialize([b"", b"{" * MAX_HEADER_BYTES, b"{}", b"{}", b"{}"])
        Traceback (most recent call last):
        ...
        ValueError: The headers of a message must have at most 100,000 bytes, got 100,004.
    """

    def deserialize(
        self, msg_list: list[Any], content: bool = True, copy: bool = True
    ) -> dict[str, Any]:
        """Parse a message, with a short content in place of one that is too long.

        ``msg_list`` are signature, header, parent, metadata, content and buffers, as bytes if
        ``copy`` and else as zmq frames.

        Raises:
            ValueError: The message is invalid, not signed, or its headers are too long.
        """
        parts = [part if copy else part.bytes for part in msg_list]
        header_bytes = sum(map(len, parts[1:4]))
        if header_bytes > MAX_HEADER_BYTES:
            raise ValueError(
                f"The headers of a message must have at most {MAX_HEADER_BYTES:,} bytes,"
                f" got {header_bytes:,}."
            )
        if len(parts) > 4 and len(parts[4]) > MAX_CONTENT_BYTES:
            # Signing it again gives nothing away: the kernel has the key anyway.
            header, short = _shorten(json.loads(parts[1]), parts[4])
            parts[1], parts[4] = json.dumps(header).encode(), short
            parts[0] = self.sign(parts[1:5])
        return super().deserialize(parts, content, copy=True)


def _shorten(header: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    kind = header.get("msg_type")
    if kind == "input_request":
        return header, content if _is_single_string(content) else b'{"prompt": ""}'
    if kind == "execute_reply":
        error = {"ename": "Exception", "evalue": OUTPUT_TRUNCATED.strip(), "traceback": []}
        return header, json.dumps({"status": "error", **error}).encode()
    stream = {"name": "stdout", "text": OUTPUT_TRUNCATED}
    return {**header, "msg_type": "stream"}, json.dumps(stream).encode()


def _is_single_string(content: bytes) -> bool:
    """Return whether the content is a prompt and next to nothing else."""
    with suppress(ValueError):
        text = content.decode()
        if match := _PROMPT.match(text):
            _, end = json.JSONDecoder().raw_decode(text, match.end())
            return len(text) - end < _MAX_CHARS_AFTER_PROMPT
    return False
