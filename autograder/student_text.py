"""The text of an instructor's cell as students get it: without answers and hidden tests."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from course.quiz import kinds

CODE_STUB: Final = "# Your code here\nraise NotImplementedError"
# By language, as notebooks name it: the stub must fail where that is possible.
CODE_STUBS: Final = {
    "python": CODE_STUB,
    "bash": "# Your code here\nfalse",
    "java": "// Your code here",
    "julia": '# Your code here\nerror("Not implemented")',
    "matlab": "% Your code here\nerror('Not implemented')",
    "octave": "% Your code here\nerror('Not implemented')",
    "R": '# Your code here\nstop("Not implemented")',
    "sas": "/* Your code here */\n %notImplemented;",
    "scheme": '; Your code here\n(error "student" "Not implemented")',
}
TEXT_STUB: Final = "YOUR ANSWER HERE"  # nbgrader's
# With which nbgrader released an assignment that was not written for this course.
NBGRADER_STUBS: Final = (
    "# YOUR CODE HERE\nraise NotImplementedError()",
    "# YOUR CODE HERE\nfail()",
    "% YOUR CODE HERE\nerror('No Answer Given!')",
    "/* YOUR CODE HERE */\n %notImplemented;",
    "// YOUR CODE HERE",
)


@dataclass(frozen=True)
class Stubs:
    """What takes the place of a solution in a release."""

    code: Mapping[str, str] = field(default_factory=lambda: CODE_STUBS)  # by language
    text: str = TEXT_STUB


COURSE_STUBS: Final = Stubs()

HIDDEN_TEST: Final = "a hidden test"
MARK_SCHEME: Final = "a mark scheme"
SOLUTION: Final = "a solution"

_BEGIN: Final = {
    "BEGIN SOLUTION": SOLUTION,
    "BEGIN HIDDEN TESTS": HIDDEN_TEST,
    "BEGIN MARK SCHEME": MARK_SCHEME,
}
_END: Final = ("END SOLUTION", "END HIDDEN TESTS", "END MARK SCHEME")
MARKERS: Final = (*_BEGIN, *_END)


def language(nb: NotebookNode) -> str:
    """Return the language of a notebook's code, as its kernel names it."""
    kernel = nb.metadata.get("kernelspec", {})
    name = kernel.get("language") or nb.metadata.get("language_info", {}).get("name")
    return str(name or "python")


def student_text(cell: NotebookNode, language: str = "python", stubs: Stubs = COURSE_STUBS) -> str:
    r"""Return the text that students get for one of the instructor's cells.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> exercise = {"nbgrader": {"solution": True, "grade": False}}
        >>> cell = new_code_cell("n = 1\n### BEGIN SOLUTION\nm = 2\n### END SOLUTION")
        >>> print(student_text(NotebookNode(cell, metadata=NotebookNode(exercise))))
        n = 1
        # Your code here
        raise NotImplementedError

    Returns:
        A question without ticks and explanations; code or text with a stub in place of each
        solution, without hidden tests and mark schemes; any other text unchanged.
    """
    is_code = cell.cell_type == "code"
    return _with_stub(cell, stubs.code.get(language, CODE_STUB) if is_code else stubs.text)


def released_texts(cell: NotebookNode) -> set[str]:
    r"""Return the texts of an instructor's cell in which a student has written nothing.

    They are those with which it may have been released, with any stub; a text cell may also be
    empty, or without its stub or its question.

    Example:
        >>> from nbformat.v4 import new_code_cell
        >>> exercise = {"nbgrader": {"solution": True, "grade": True}}
        >>> cell = NotebookNode(new_code_cell("n = 1"), metadata=NotebookNode(exercise))
        >>> "# YOUR CODE HERE\nraise NotImplementedError()" in released_texts(cell)
        True
    """
    own = cells.stubs(cell)
    if cell.cell_type == "code":
        return {_with_stub(cell, stub) for stub in (*CODE_STUBS.values(), *NBGRADER_STUBS, *own)}
    texts = (TEXT_STUB, *own)
    return {"", _with_stub(cell, ""), *texts, *(_with_stub(cell, stub) for stub in texts)}


def _with_stub(cell: NotebookNode, stub: str) -> str:
    if cells.is_quiz(cell):
        return kinds.of(cell).bare(str(cell.source))
    if cells.is_answer(cell) and "BEGIN SOLUTION" not in cell.source:
        return stub
    visible = []
    for kind, line in classified_lines(cell.source):
        if not kind:
            visible.append(line)
        elif "BEGIN SOLUTION" in line:
            indent = line[: len(line) - len(line.lstrip())]
            visible.append(textwrap.indent(stub, indent))
    return "\n".join(visible)


def classified_lines(source: str) -> Iterator[tuple[str, str]]:
    """Yield each line with its kind, such as ``SOLUTION``; an empty string if students see it."""
    kind = ""
    for line in source.split("\n"):
        kind = next((kind for marker, kind in _BEGIN.items() if marker in line), kind)
        yield kind, line
        if any(marker in line for marker in _END):
            kind = ""
