"""Read a lesson's table of objectives, whose links lead to the exercises and questions.

A row names what checks an objective by title, and links to an anchor above it:

    | measure a copy | [Exercise 2](#exercise-1-2), [questions 3, 5](#questions-1-3) |

The anchor of an exercise is in the cell that describes it. Questions in a row share the anchor
above the first of them. Both contain the lesson's number, because JupyterLab looks for an anchor
in all open notebooks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from autograder.publish.cell_roles import AuthoringError

HEADING: Final = "| objective | checked by |"
_LINK: Final = re.compile(r"\[([^\]]+)\]\(#([^)]+)\)")
_ANCHOR: Final = re.compile(r'<a id="((?:exercise|questions)-[^"]+)"></a>')
_NUMBER: Final = re.compile(r"\d+")


def checked_cells(nb: NotebookNode) -> Iterator[str]:
    r"""Yield the id of each graded cell that an objective of an instructor's notebook links to.

    Example:
        >>> from autograder.publish import build
        >>> nb = build.notebook_from_text("No objectives, no checks.")
        >>> list(checked_cells(nb))
        []

    Raises:
        AuthoringError: An objective links to nothing, or to something that doesn't exist.
    """
    targets = dict(_targets(nb))
    rows = [
        row
        for cell in nb.cells
        if cell.cell_type == "markdown" and HEADING in cell.source
        for row in cell.source.partition(HEADING)[2].strip().partition("\n\n")[0].splitlines()[1:]
    ]
    for row in rows:
        links = _LINK.findall(row.rpartition(" | ")[2])
        if not links:
            raise AuthoringError(f"the objective {row!r} has no link; write [Exercise 1](#anchor)")
        for text, anchor in links:
            kind = text.partition(" ")[0].lower().rstrip("s")
            for number in map(int, _NUMBER.findall(text)):
                if (kind, number, anchor) not in targets:
                    known = sorted({anchor for _, _, anchor in targets})
                    raise AuthoringError(
                        f"the objective {row!r} links to {kind} {number} at #{anchor}, which isn't"
                        f" there; the lesson's anchors are {', '.join(known) or 'missing'}"
                    )
                yield targets[kind, number, anchor]


def _targets(nb: NotebookNode) -> Iterator[tuple[tuple[str, int, str], str]]:
    """Yield a kind, a number and an anchor, with the graded cell that they stand for."""
    anchor, title, questions = "", "", 0
    for cell in nb.cells:
        if cells.is_quiz(cell):
            questions += 1
            yield ("question", questions, anchor), cell["id"]
        elif cells.is_test(cell):
            number = _NUMBER.search(title)
            if number and f'check("{title}"' in cell.source:
                yield ("exercise", int(number[0]), anchor), cell["id"]
        elif cell.cell_type == "markdown":
            if found := _ANCHOR.findall(cell.source):
                anchor = found[-1]
            if announced := re.findall(r"^\*\*(Exercise \d+)\.\*\*", cell.source, re.MULTILINE):
                title = announced[-1]
