"""What of the instructor's notebook is not for students, and how to find it in what leaves.

The release is made by nbgrader's steps. This module says a second time, on its own, what
they should have made, and recognises an answer wherever it turns up: in another cell, in
metadata, in a file, also in base64, hexadecimal, or written with escapes.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import unquote

from nbformat import NotebookNode

from autograder import cells
from course import quiz
from course.quiz.text import normalized

STUB: Final = "# Your code here\nraise NotImplementedError"

EXPLANATION: Final = "an explanation"
HIDDEN_TEST: Final = "a hidden test"
KEY: Final = "the key"
RIGHT_OPTION: Final = "the right option"
SOLUTION: Final = "a solution"

# Signs without spaces. A shorter line, such as "return x / 2", stands in many an honest cell.
_SHORTEST: Final = 20
_SHORTEST_KEY: Final = 8
_BEGIN: Final = {"BEGIN SOLUTION": SOLUTION, "BEGIN HIDDEN TESTS": HIDDEN_TEST}
_END: Final = ("END SOLUTION", "END HIDDEN TESTS")
_MARKS: Final = (*_BEGIN, *_END, "BEGIN MARK SCHEME", "END MARK SCHEME")
_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")


@dataclass(frozen=True)
class Secret:
    """A line that students must not see.

    Attributes:
        kind: What it is: ``SOLUTION``, ``HIDDEN_TEST``, ``EXPLANATION``, ``KEY``, ``RIGHT_OPTION``.
        text: The line as the instructor wrote it.
        cell: The id of the instructor's cell that holds it.
    """

    kind: str
    text: str
    cell: str

    @cached_property
    def trace(self) -> str:
        """The line as it is looked for."""
        return _squeezed(self.text)


def cleared(cell: NotebookNode) -> str:
    r"""Return the text that students get for a cell of the instructor's notebook.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> exercise = {"nbgrader": {"solution": True, "grade": False}}
        >>> cell = new_code_cell("n = 1\n### BEGIN SOLUTION\nm = 2\n### END SOLUTION")
        >>> print(cleared(NotebookNode(cell, metadata=NotebookNode(exercise))))
        n = 1
        # Your code here
        raise NotImplementedError

    Args:
        cell: A cell from ``source/``.

    Returns:
        A question without ticks and explanations; code with the stub in place of each
        solution and without hidden tests; any other text as it is.
    """
    if cells.is_quiz(cell):
        return quiz.bare(str(cell.source))
    shown = []
    for kind, line in _lines(cell.source):
        if not kind:
            shown.append(line)
        elif "BEGIN SOLUTION" in line:
            indent = line[: len(line) - len(line.lstrip())]
            shown += [indent + stub for stub in STUB.split("\n")]
    if cells.is_answer(cell) and "BEGIN SOLUTION" not in cell.source:
        return STUB
    return "\n".join(shown)


def secrets(source: NotebookNode) -> list[Secret]:
    """Return the lines of the instructor's notebook that students must not see.

    Left out are lines that the same cell also shows, and lines so short that an honest cell
    may hold them; in their own cell, ``cleared`` takes care of those.
    """
    found: list[Secret] = []
    for cell in source.cells:
        found += _of_quiz(cell) if cells.is_quiz(cell) else _of_code(cell)
    shortest = {KEY: _SHORTEST_KEY}
    return [secret for secret in found if len(secret.trace) >= shortest.get(secret.kind, _SHORTEST)]


def leaks(text: str, kept: list[Secret]) -> Iterator[str]:
    r"""Say which secrets a text holds, whichever way they are written.

    Example:
        >>> kept = [Secret(SOLUTION, "return sum(a * b for a, b in pairs)", "count")]
        >>> list(leaks("# return sum(a*b for a, b in pairs)", kept))
        ["holds a solution of 'count': 'return sum(a * b for a, b in pairs)'"]

    Args:
        text: Any text that is about to leave.
        kept: What must not be in it.
    """
    for mark in _MARKS:
        if mark in text:
            yield f"holds the mark {mark!r}"
    written = [_squeezed(view) for view in _views(text)]
    for secret in kept:
        if any(secret.trace in view for view in written):
            yield f"holds {secret.kind} of {secret.cell!r}: {secret.text!r}"


def _of_quiz(cell: NotebookNode) -> Iterator[Secret]:
    for option in quiz.parse(cell.source).options:
        for line in option.explanation.split("\n"):
            yield Secret(EXPLANATION, line, cell["id"])
        if option.ticked:
            yield Secret(KEY, f"[x] {option.text}", cell["id"])
            yield Secret(RIGHT_OPTION, option.text, cell["id"])


def _of_code(cell: NotebookNode) -> Iterator[Secret]:
    lines = list(_lines(cell.source))
    answer = cells.is_answer(cell)
    if answer and not any(kind for kind, _ in lines):  # a solution that is the whole cell
        lines = [(SOLUTION, line) for _, line in lines]
    shown = {_squeezed(line) for kind, line in lines if not kind}
    for kind, line in lines:
        if kind and _squeezed(line) not in shown and not any(mark in line for mark in _MARKS):
            yield Secret(kind, line.strip(), cell["id"])


def _lines(source: str) -> Iterator[tuple[str, str]]:
    """Yield each line and what it belongs to: ``SOLUTION``, ``HIDDEN_TEST`` or nothing."""
    kind = ""
    for line in source.split("\n"):
        kind = next((kind for mark, kind in _BEGIN.items() if mark in line), kind)
        yield kind, line
        if any(mark in line for mark in _END):
            kind = ""


def _squeezed(text: str) -> str:
    """The text without what may differ between two copies of it: spaces, case, emphasis."""
    return "".join(normalized(text).split())


def _views(text: str) -> Iterator[str]:
    """Yield the text and what it says when its escapes and encodings are read."""
    yield text
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text)
    if "\\" in text:
        yield _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    tokens = _ENCODED.findall(text)
    if tokens:
        # A long text is encoded in lines; together they give it back.
        yield "".join(map(_from_base64, tokens))
        yield "".join(map(_from_hexadecimal, tokens))


def _from_base64(token: str) -> str:
    token = token.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4)).decode(errors="ignore")
    except binascii.Error:  # no encoding has this length
        return ""


def _from_hexadecimal(token: str) -> str:
    try:
        return bytes.fromhex(token).decode(errors="ignore")
    except ValueError:  # it holds other letters, or an odd number
        return ""
