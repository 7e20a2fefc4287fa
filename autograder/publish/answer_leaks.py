"""Find the instructor's answers in anything that is about to be published.

Independently of nbgrader's steps, an answer is recognized wherever it turns up: in another cell,
in metadata or in a file, also in base64, in hexadecimal or with escapes.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from nbformat import NotebookNode

from autograder import cells, rubric
from autograder.student_text import MARKERS, SOLUTION, classified_lines
from course import quiz
from course.quiz import kinds, pool
from course.quiz.text import normalized

EXPLANATION: Final = "an explanation"
HINT: Final = "a hint"
KEY: Final = "the key"
RIGHT_OPTION: Final = "the right option"
RUBRIC: Final = "a rubric"

# Non-space characters. A shorter line, such as "return x / 2", occurs in innocent cells too.
MIN_SECRET_CHARS: Final = 20
MIN_KEY_CHARS: Final = 8
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")


@dataclass(frozen=True)
class Secret:
    """A line that students must not see.

    Attributes:
        kind: One of `student_text`, or ``HINT``, ``EXPLANATION``, ``KEY``,
            ``RIGHT_OPTION`` or ``RUBRIC``.
        text: The line as the instructor wrote it.
        cell: The id of the instructor's cell.
    """

    kind: str
    text: str
    cell: str

    @cached_property
    def pattern(self) -> str:
        """The normalized line to search for."""
        return _normalize(self.text)


def find_secrets(source: NotebookNode) -> list[Secret]:
    """Return the lines of the instructor's notebook that students must not see.

    Omits lines that the same cell also shows, and lines so short that they may occur elsewhere;
    in their own cell, `student_text` removes those.
    """
    return [
        secret
        for cell in source.cells
        for secret in (_quiz_secrets(cell) if cells.is_quiz(cell) else _code_secrets(cell))
        if len(secret.pattern) >= (MIN_KEY_CHARS if secret.kind == KEY else MIN_SECRET_CHARS)
    ]


def find_leaks(text: str, secrets: list[Secret]) -> Iterator[str]:
    r"""Yield a phrase for each secret or marker in a text, in whatever encoding.

    Example:
        >>> secrets = [Secret(SOLUTION, "return sum(a * b for a, b in pairs)", "count")]
        >>> list(find_leaks("# return sum(a*b for a, b in pairs)", secrets))
        ["contains a solution of cell 'count': 'return sum(a * b for a, b in pairs)'"]
    """
    for marker in MARKERS:
        if marker in text:
            yield f"contains the marker {marker!r}"
    views = [_normalize(view) for view in _decoded_views(text)]
    for secret in secrets:
        if any(secret.pattern in view for view in views):
            yield f"contains {secret.kind} of cell {secret.cell!r}: {secret.text!r}"


def _quiz_secrets(cell: NotebookNode) -> Iterator[Secret]:
    kind = kinds.of(cell)
    for explanation in kind.explanations(cell.source):
        for line in explanation.split("\n"):
            yield Secret(EXPLANATION, line, cell["id"])
    for text in kind.key_texts(cell.source):
        yield Secret(KEY, text, cell["id"])
    if kind.name == cells.DEFAULT_KIND:
        for variant in pool.split(cell.source) if cells.is_pool(cell) else (cell.source,):
            for option in quiz.parse(variant).ticked:
                yield Secret(RIGHT_OPTION, option.text, cell["id"])


def _code_secrets(cell: NotebookNode) -> Iterator[Secret]:
    for hint in cells.hints(cell):
        for line in hint.split("\n"):
            yield Secret(HINT, line.strip(), cell["id"])
    lines = list(classified_lines(cell.source))
    if cells.is_answer(cell) and not any(kind for kind, _ in lines):  # all of it is the solution
        lines = [(SOLUTION, line) for _, line in lines]
    visible = {_normalize(line) for kind, line in lines if not kind}
    for kind, line in lines:
        is_marker = any(marker in line for marker in MARKERS)
        if kind and not is_marker and _normalize(line) not in visible:
            yield Secret(kind, line.strip(), cell["id"])
    if cells.is_manual(cell) and (graded_by := rubric.read(cell)):
        shown = "\n".join(visible)
        for text in graded_by.texts():
            if _normalize(text) not in shown:
                yield Secret(RUBRIC, text, cell["id"])


def _normalize(text: str) -> str:
    """Drop what may differ between two copies of a text: spaces, case, emphasis."""
    return "".join(normalized(text).split())


def _decoded_views(text: str) -> Iterator[str]:
    """Yield the text itself and with its escapes and encodings decoded."""
    yield text
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text)
    if "\\" in text:
        yield _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    if tokens := _ENCODED.findall(text):
        # Long texts are encoded line by line, so the decoded lines are joined.
        for decoder in (_from_base64, bytes.fromhex):
            yield "".join(_decode(decoder, token) for token in tokens)


def _from_base64(token: str) -> bytes:
    return base64.urlsafe_b64decode(token + "===")  # superfluous padding is ignored


def _decode(decoder: Callable[[str], bytes], token: str) -> str:
    try:
        return decoder(token).decode(errors="ignore")
    except ValueError:  # not in this encoding
        return ""
