"""Parse a student's notebook, whatever the file holds, without failing.

An unreadable notebook is a fact about one submission, not an error of the run: the reason is
returned as a sentence, and the next submission is graded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from autograder import cells
from autograder.grading import file_kind, limited_json

MAX_BYTES: Final = 64 * 2**20  # a lesson with all its figures has some 2 MB
MAX_CELLS: Final = 100_000  # a lesson has some 60
MAX_CELL_CHARS: Final = 1_500_000  # a lesson's longest cell has 2,600
MAX_NOTEBOOK_CHARS: Final = 4_000_000  # of all cells without outputs; a lesson has 30,000

_CONFLICT_MARKER: Final = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


@dataclass(frozen=True)
class SubmittedCell:
    """The parts of a cell that grading uses."""

    kind: str  # "code", "markdown" or "raw"
    source: str
    id: str = ""
    grade_id: str = ""
    left_out: str = ""  # why the source isn't here, or an empty string


@dataclass(frozen=True)
class Submission:
    """A student's notebook as plain data."""

    cells: tuple[SubmittedCell, ...] = ()  # in the student's order
    unreadable: str = ""  # why it can't be read, or an empty string
    undecided: str = ""  # why a person must choose between notebooks, or an empty string
    notes: tuple[str, ...] = ()  # further sentences for the student and the instructor
    file: str = ""  # the path of the file that was read, if it isn't the expected one


def clean_text(value: Any) -> str:
    """Return text from a notebook or a file's name as valid text with Unix line ends."""
    if isinstance(value, list):
        value = "".join(part for part in value if isinstance(part, str))
    if not isinstance(value, str):
        return ""
    text = value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parse_cell(value: dict[str, Any]) -> SubmittedCell:
    kind = value.get("cell_type")
    return SubmittedCell(
        kind=kind if kind in ("code", "markdown") else "raw",
        source=clean_text(value.get("source", value.get("input"))),  # "input" in nbformat 3
        id=cells.cell_id(value),
        grade_id=cells.grade_id(value),
    )


def parse(content: bytes) -> Submission:
    """Parse a notebook.

    Example:
        >>> parse(b'{"cells": [').unreadable
        'Not a complete notebook: the file is cut off or damaged at line 1, column 12.'
    """
    try:
        document, notes = _load(content)
        values = _cell_values(document)
    except _UnreadableError as error:
        return Submission(unreadable=str(error))
    parsed = [_parse_cell(value) for value in values if isinstance(value, dict)]
    return Submission(tuple(_leave_out_oversized(parsed)), notes=notes)


class _UnreadableError(ValueError):
    """The file holds no notebook, and why."""


def _load(content: bytes) -> tuple[Any, tuple[str, ...]]:
    """Parse a file; return also sentences about what was ignored."""
    if len(content) > MAX_BYTES:
        raise _UnreadableError(_too_large(len(content)))
    if kind := file_kind.of_content(content[: file_kind.HEAD_BYTES]):
        raise _UnreadableError(
            f"Not a notebook: the file is {kind}. Submit the .ipynb file of the notebook itself."
        )
    encoding = json.detect_encoding(content)
    if encoding.startswith(("utf-16", "utf-32")):
        raise _UnreadableError(
            f"Not a valid notebook: the file isn't UTF-8 text but {encoding[:6].upper()}."
            " Save it as UTF-8."
        )
    try:
        return limited_json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _UnreadableError("Not a valid notebook: the file isn't UTF-8 text.") from None
    except json.JSONDecodeError as error:
        raise _UnreadableError(_explain(error)) from None
    except limited_json.TooLargeError as error:
        raise _UnreadableError(f"Not a valid notebook: the file has {error}.") from None


def _explain(error: json.JSONDecodeError) -> str:
    """Say what is wrong with a file that isn't JSON."""
    if marker := _CONFLICT_MARKER.search(error.doc):
        line = error.doc.count("\n", 0, marker.start()) + 1
        return (
            "Not a valid notebook: it has the markers of a merge conflict in Git, the first in line"
            f" {line}. Resolve the conflict and submit it again."
        )
    return (
        "Not a complete notebook: the file is cut off or damaged "
        f"at line {error.lineno}, column {error.colno}."
    )


def _cell_values(document: Any) -> list[Any]:
    notebook = document if isinstance(document, dict) else {}
    values = notebook.get("cells")
    if values is None:  # nbformat 3 has its cells in worksheets
        sheets = notebook.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        values = [item for items in lists if isinstance(items, list) for item in items] or None
    if not isinstance(values, list):
        if isinstance(document, str):
            raise _UnreadableError(
                "Not a valid notebook: the file holds one long text, perhaps a notebook that was"
                " encoded twice."
            )
        raise _UnreadableError("Not a valid notebook: the file has no list of cells.")
    if len(values) > MAX_CELLS:
        raise _UnreadableError(f"The notebook has {len(values):,} cells, more than {MAX_CELLS:,}.")
    return values


def _leave_out_oversized(parsed: list[SubmittedCell]) -> Iterator[SubmittedCell]:
    """Replace the text of cells that are too long, and of those that make the notebook too long."""
    chars_left = MAX_NOTEBOOK_CHARS
    for cell in parsed:
        size = len(cell.source)
        if size > MAX_CELL_CHARS:
            limit = f"at most {MAX_CELL_CHARS:,} are read"
        elif size > chars_left:
            limit = f"at most {MAX_NOTEBOOK_CHARS:,} of all cells are read"
        else:
            chars_left -= size
            yield cell
            continue
        left_out = f"This cell was left out: it has {size:,} characters, and {limit}."
        yield replace(cell, source="", left_out=left_out)


def _too_large(size: int) -> str:
    return f"The file is too large: {size / 2**20:.0f} MB, more than {MAX_BYTES / 2**20:.0f} MB."


def read_file(path: Path) -> Submission:
    """Read and parse one file."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return Submission(unreadable=_too_large(size))
        return parse(path.read_bytes())
    except OSError as error:
        return Submission(unreadable=f"The file can't be read: {error.strerror}.")
