"""Read a student's notebook, whatever the file holds, without failing.

An unreadable notebook is a fact about one submission, not an error of the run: the reason is
returned in plain words, and the next submission is graded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from autograder import cells

MAX_BYTES: Final = 64 * 2**20  # a lesson with all its figures has some 2 MB


@dataclass(frozen=True)
class SubmittedCell:
    """The parts of a cell that grading uses."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    id: str = ""
    grade_id: str = ""


@dataclass(frozen=True)
class Submission:
    """A student's notebook as plain data."""

    cells: tuple[SubmittedCell, ...] = ()  # in the student's order
    unreadable: str = ""  # why it can't be read, or an empty string
    notes: tuple[str, ...] = ()  # further sentences for the student and the instructor
    file: str = ""  # the name of the file that was read, if it isn't the expected one


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    text = value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parse_cell(value: dict[str, Any]) -> SubmittedCell:
    cell_id, kind = value.get("id"), value.get("cell_type")
    return SubmittedCell(
        kind=kind if kind in ("code", "markdown") else "raw",
        source=_text(value.get("source", value.get("input"))),  # "input" in nbformat 3
        id=cell_id if isinstance(cell_id, str) else "",
        grade_id=cells.grade_id(value),
    )


def parse(content: bytes) -> Submission:
    """Parse a notebook.

    Example:
        >>> parse(b'{"cells": [').unreadable
        'Not a complete notebook: the file is cut off or damaged at line 1, column 12.'
    """
    if len(content) > MAX_BYTES:
        return _too_large(len(content))
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Submission(unreadable="Not a valid notebook: the file isn't UTF-8 text.")
    except json.JSONDecodeError as error:
        return Submission(
            unreadable="Not a complete notebook: the file is cut off or damaged "
            f"at line {error.lineno}, column {error.colno}."
        )
    except (RecursionError, ValueError):
        return Submission(unreadable="Not a valid notebook: the file is nested too deeply.")
    notebook = document if isinstance(document, dict) else {}
    values = notebook.get("cells")
    if values is None:  # nbformat 3 has its cells in worksheets
        sheets = notebook.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        values = [item for items in lists if isinstance(items, list) for item in items] or None
    if not isinstance(values, list):
        return Submission(unreadable="Not a valid notebook: the file has no list of cells.")
    return Submission(tuple(_parse_cell(value) for value in values if isinstance(value, dict)))


def _too_large(size: int) -> Submission:
    return Submission(
        unreadable=f"The file is too large: {size / 2**20:.0f} MB, "
        f"more than {MAX_BYTES / 2**20:.0f} MB."
    )


def _read_file(path: Path) -> Submission:
    try:
        size = path.stat().st_size
        return parse(path.read_bytes()) if size <= MAX_BYTES else _too_large(size)
    except OSError as error:
        return Submission(unreadable=f"The file can't be read: {error.strerror}.")


def read(path: Path, names: frozenset[str]) -> Submission:
    """Read a student's notebook, even if it was renamed.

    Args:
        path: The expected file.
        names: The `grade_id` of each cell of the lesson; a renamed notebook has some of them.
    """
    if path.is_file() and not path.is_symlink():
        return _read_file(path)
    candidates = []
    for file in sorted(path.parent.glob("*.ipynb")):
        if file.is_file() and not file.is_symlink():
            submission = _read_file(file)
            if names & {name for cell in submission.cells for name in (cell.grade_id, cell.id)}:
                candidates.append((_text(file.name), submission))  # a name need not be valid text
    missing = f"The submission has no notebook “{path.name}”"
    if not candidates:
        return Submission(unreadable=f"{missing}.")
    if len(candidates) > 1:
        listed = ", ".join(f"“{name}”" for name, _ in candidates)
        return Submission(unreadable=f"{missing}, but several that could be it: {listed}.")
    ((name, submission),) = candidates
    note = f"The notebook is named “{name}” instead of “{path.name}”."
    return replace(submission, notes=(note,), file=name)
