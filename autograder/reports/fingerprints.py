r"""Fingerprints of code and prose for finding copies, by winnowing.

S. Schleimer, D. S. Wilkerson, A. Aiken, "Winnowing: Local Algorithms for Document Fingerprinting",
SIGMOD 2003. A text becomes tokens; each run of `K` tokens is hashed; of each window of `WINDOW`
hashes the smallest is kept. So any copied run of `K` + `WINDOW` - 1 tokens leaves a common
fingerprint, wherever it was moved to. Names become one token, comments and layout none, so renaming
and reformatting change nothing.

Students wrote the text: it is never run, and read by our own scanner in linear time.

Example:
    >>> a = code_fingerprints("total = 0\nfor x in numbers:\n    total += x * x\nreturn total / 2")
    >>> b = code_fingerprints("s=0  # sum\nfor n in data:\n  s += n*n\nreturn s/2")
    >>> a == b
    True
"""

from __future__ import annotations

import hashlib
import keyword
import re
from collections import deque
from typing import Final

K: Final = 6  # tokens of a fingerprint
WINDOW: Final = 3
MAX_CHARS: Final = 40_000  # of one answer; a lesson's longest has 2,600
MAX_WORDS: Final = 8_000

Fingerprints = frozenset[int]

_TOKEN: Final = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>[rRbBfFuU]{0,2}(?:"{3}[^"]*+(?:"{3})?|'{3}[^']*+(?:'{3})?|"[^"\n]*+"?|'[^'\n]*+'?))
    |(?P<name>[^\W\d]\w*+)
    |(?P<number>\d[\w.]*+)
    |(?P<space>\s++)
    |(?P<other>.)""",
    re.VERBOSE,
)
_WORD: Final = re.compile(r"\w+")
_KEPT_NAMES: Final = frozenset(keyword.kwlist)


def code_fingerprints(source: str) -> Fingerprints:
    """Return the fingerprints of Python code, even of code that doesn't compile."""
    return winnow(code_tokens(source))


def prose_fingerprints(text: str) -> Fingerprints:
    """Return the fingerprints of a written answer: of its words, without case and punctuation."""
    return winnow(_WORD.findall(text[:MAX_CHARS].casefold())[:MAX_WORDS], k=5)


def code_tokens(source: str) -> list[str]:
    """Return the tokens that decide: names are all one, strings and numbers stay as they are.

    Example:
        >>> code_tokens("total = 2  # start")
        ['n', '=', '2']
    """
    tokens: list[str] = []
    for match in _TOKEN.finditer(source[:MAX_CHARS]):
        kind, text = match.lastgroup, match[0]
        if kind == "name":
            # What follows a dot is a library's name, which a copier can't change.
            is_attribute = bool(tokens) and tokens[-1] == "."
            tokens.append(text if text in _KEPT_NAMES or is_attribute else "n")
        elif kind == "string":
            is_docstring = not tokens or tokens[-1] == ":"
            tokens += [] if is_docstring else [text]
        elif kind in {"number", "other"}:
            tokens.append(text)
    return tokens


def winnow(tokens: list[str], k: int = K, window: int = WINDOW) -> Fingerprints:
    """Return the smallest hash of each window; a short text has one fingerprint for all of it."""
    if not tokens:
        return frozenset()
    grams = [" ".join(tokens[i : i + k]) for i in range(max(1, len(tokens) - k + 1))]
    hashes = [_hash(gram) for gram in grams]
    chosen: set[int] = set()
    queue: deque[int] = deque()  # positions whose hashes increase
    for position, value in enumerate(hashes):
        while queue and hashes[queue[-1]] >= value:
            queue.pop()
        queue.append(position)
        if queue[0] <= position - window:
            queue.popleft()
        if position >= window - 1:
            chosen.add(hashes[queue[0]])
    if len(hashes) < window:
        chosen.add(min(hashes))
    return frozenset(chosen)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
