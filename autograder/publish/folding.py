"""Read a line as a person sees it, and name it in a message."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

from course.quiz.boxes import INVISIBLE

_DASHES: Final = re.compile("[‐‑‒–—−⁃－]")
_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")


def at(number: int, line: str) -> str:
    """Return a line's number and the beginning of its text."""
    text = " ".join(line.split())
    text = text if len(text) <= 60 else text[:59] + "…"
    return f"line {number}, {text!r}"


def fold(line: str) -> str:
    r"""Return a line without entities, widths, escapes and hidden characters.

    Example:
        >>> fold(r"&gt; \[x\] － ［ ］")
        '> [x] - [ ]'
    """
    line = unicodedata.normalize("NFKC", html.unescape(line))
    line = _DASHES.sub("-", _INVISIBLE.sub("", line))
    return re.sub(r"\\([^\w\s])", r"\1", line)
