"""Reading what a student handed in: any file at all, without ever failing.

A notebook that can't be read is not an error of the run but a fact about one
submission: it comes back as a reason in plain words, and the next one is graded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from autograder import cells

MAX_BYTES: Final = 64 * 2**20  # bytes; a lesson with all its figures has some 2 MB


@dataclass(frozen=True)
class SubmittedCell:
    """What counts of a cell: its kind, its text, and what it says it is."""

    kind: str
    source: str
    id: str = ""
    grade_id: str = ""


@dataclass(frozen=True)
class Submission:
    """A student's notebook as plain data.

    Attributes:
        cells: The cells in the student's order; empty if the notebook can't be read.
        unreadable: Why it can't be read, or an empty string.
        notes: What else a person should know, such as another file name.
        file: The name of the file that was read, if it is not the expected one.
    """

    cells: tuple[SubmittedCell, ...] = ()
    unreadable: str = ""
    notes: tuple[str, ...] = ()
    file: str = ""


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    text = value.encode("utf-8", "replace").decode("utf-8")  # half a character is none
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _cell(value: Any) -> SubmittedCell | None:
    if not isinstance(value, dict):
        return None
    identity, kind = value.get("id"), value.get("cell_type")
    return SubmittedCell(
        kind=kind if isinstance(kind, str) and kind in {"code", "markdown"} else "raw",
        source=_text(value.get("source", value.get("input"))),  # "input": notebooks of format 3
        id=identity if isinstance(identity, str) else "",
        grade_id=cells.grade_id(value),
    )


def parse(content: bytes) -> Submission:
    """Read a notebook from its bytes.

    Example:
        >>> parse(b'{"cells": [').unreadable
        'The file is no complete notebook: it breaks off or is damaged in line 1, column 12.'
    """
    if len(content) > MAX_BYTES:
        return _too_large(len(content))
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Submission(unreadable="The file is no notebook: it is not text in UTF-8.")
    except json.JSONDecodeError as error:
        return Submission(
            unreadable="The file is no complete notebook: it breaks off or is damaged "
            f"in line {error.lineno}, column {error.colno}."
        )
    except (RecursionError, ValueError):
        return Submission(unreadable="The file is no notebook: it is nested too deeply.")
    listed = document.get("cells") if isinstance(document, dict) else None
    if listed is None and isinstance(document, dict):  # format 3 keeps its cells in worksheets
        sheets = document.get("worksheets")
        listed = [
            cell
            for sheet in (sheets if isinstance(sheets, list) else [])
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ] or None
    if not isinstance(listed, list):
        return Submission(unreadable="The file is no notebook: it holds no list of cells.")
    return Submission(tuple(cell for cell in map(_cell, listed) if cell is not None))


def _too_large(size: int) -> Submission:
    said = f"{size / 2**20:.0f} MB, more than {MAX_BYTES / 2**20:.0f} MB"
    return Submission(unreadable=f"The file is too large: {said}.")


def _open(path: Path) -> Submission:
    """Read a notebook from its file."""
    try:
        size = path.stat().st_size
        return parse(path.read_bytes()) if size <= MAX_BYTES else _too_large(size)
    except OSError as error:
        return Submission(unreadable=f"The file can't be read: {error.strerror}.")


def read(path: Path, names: frozenset[str]) -> Submission:
    """Read the notebook that should lie at this path, or the one that took its place.

    Args:
        path: Where the notebook is expected.
        names: The names of the questions, by which a renamed notebook is recognised.
    """
    if path.is_file() and not path.is_symlink():
        return _open(path)
    others = [
        other
        for other in sorted(path.parent.glob("*.ipynb"))
        if other.is_file() and not other.is_symlink()
    ]
    found = [(other, _open(other)) for other in others]
    alike = [
        (other, submission)
        for other, submission in found
        if names & {label for cell in submission.cells for label in (cell.grade_id, cell.id)}
    ]
    if len(alike) == 1:
        other, submission = alike[0]
        name = _text(other.name)  # a name need not be text
        note = f"The notebook is called “{name}” instead of “{path.name}”."
        return replace(submission, notes=(note,), file=name)
    if alike:
        listed = ", ".join(f"“{_text(other.name)}”" for other, _ in alike)
        return Submission(
            unreadable=f"No notebook is called “{path.name}”, but these are: {listed}."
        )
    return Submission(unreadable=f"The submission has no notebook “{path.name}”.")
