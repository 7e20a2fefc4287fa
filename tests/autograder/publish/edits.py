"""Edits to a released notebook, to plant leaks in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.publish import build
from tests.autograder.small import TEXT

Notebook = dict[str, Any]
Edit = Callable[[Notebook], None]


def find_cell(nb: Notebook, name: str) -> dict[str, Any]:
    match: dict[str, Any] = next(cell for cell in nb["cells"] if cell["id"] == name)
    return match


def source_text(name: str) -> str:
    """Return a cell's text in the instructor's notebook."""
    return str(find_cell(build.notebook_from_text(TEXT), name)["source"])


def edit_file(path: Path, edit: Edit) -> None:
    nb = json.loads(path.read_text(encoding="utf-8"))
    edit(nb)
    text = json.dumps(nb, indent=1, ensure_ascii=False, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8")


def set_text(name: str, text: str) -> Edit:
    return lambda nb: find_cell(nb, name).update(source=text)


def add_line(name: str, line: str) -> Edit:
    def edit(nb: Notebook) -> None:
        cell = find_cell(nb, name)
        cell["source"] = "".join(cell["source"]) + "\n" + line

    return edit


def update_cell(name: str, **entries: Any) -> Edit:
    return lambda nb: find_cell(nb, name).update(entries)


def update_metadata(name: str, **entries: Any) -> Edit:
    """Update a cell's metadata."""
    return lambda nb: find_cell(nb, name)["metadata"].update(entries)


def update_nbgrader(name: str, **entries: Any) -> Edit:
    """Update nbgrader's entries in a cell's metadata."""
    return lambda nb: find_cell(nb, name)["metadata"]["nbgrader"].update(entries)


def update_notebook(**entries: Any) -> Edit:
    """Update the notebook's metadata."""
    return lambda nb: nb["metadata"].update(entries)
