"""Reading what a kernel sends, so that a message never becomes a heap of things.

JSON grows when it is read: ``[],[],[],`` takes thirty times its length. Whatever is long is
therefore not read, but for the one thing that may be: a single string, with which a kernel answers
the judge.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from jupyter_client.session import Session

LONG: Final = 4_000_000  # bytes; a large figure has some 200,000
HEADS: Final = 100_000  # bytes of all that comes before the content; Jupyter's own have hundreds
MORE: Final = "\n[More was printed than is kept.]\n"
_PROMPT: Final = re.compile(r'\s*\{\s*"prompt"\s*:\s*(?=")')
_REST: Final = 100  # characters after the prompt: that it is no password


class Reader(Session):
    """Jupyter's own, for one kernel's messages.

    Example:
        >>> Reader().deserialize([b"", b"{" * HEADS, b"{}", b"{}", b"{}"])
        Traceback (most recent call last):
        ...
        ValueError: a message has 100,004 bytes before it begins
    """

    def deserialize(
        self, msg_list: list[Any], content: bool = True, copy: bool = True
    ) -> dict[str, Any]:
        """Read a message; put something short in place of a long content.

        Args:
            msg_list: Its parts: signature, header, parent, metadata, content, and more.
            content: Whether to read the content, too.
            copy: Whether the parts are bytes already.

        Raises:
            ValueError: It is no message, or not signed, or too much comes before the content.
        """
        parts = [part if copy else part.bytes for part in msg_list]
        heads = sum(map(len, parts[1:4]))
        if heads > HEADS:
            raise ValueError(f"a message has {heads:,} bytes before it begins")
        if len(parts) > 4 and len(parts[4]) > LONG:
            # Signed anew: the kernel has the key, so whoever speaks for it could do that as well.
            header, short = _shortened(json.loads(parts[1]), parts[4])
            parts[1], parts[4] = json.dumps(header).encode(), short
            parts[0] = self.sign(parts[1:5])
        return super().deserialize(parts, content, copy=True)


def _shortened(header: dict[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return a header and a content in place of a long one."""
    kind = header.get("msg_type")
    if kind == "input_request":
        return header, content if _one_string(content) else b'{"prompt": ""}'
    if kind == "execute_reply":
        error = {"status": "error", "ename": "Exception", "evalue": MORE.strip(), "traceback": []}
        return header, json.dumps(error).encode()
    said = {"name": "stdout", "text": MORE}
    return {**header, "msg_type": "stream"}, json.dumps(said).encode()


def _one_string(content: bytes) -> bool:
    """Whether a content is a prompt and next to nothing else."""
    try:
        text = content.decode()
        begin = _PROMPT.match(text)
        if begin is None:
            return False
        _, end = json.JSONDecoder().raw_decode(text, begin.end())
        return len(text) - end < _REST
    except ValueError:
        return False
