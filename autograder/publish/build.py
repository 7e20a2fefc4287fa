"""Build the instructor's notebooks: ``source/*/*.md`` to ``source/*/*.ipynb``.

The build is deterministic: the same text gives the same bytes on every machine, so a diff of a
notebook shows only what changed in its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path
from typing import Final

import jupytext
import nbformat
from jupytext.myst import MystMetadataParsingError
from nbformat import NotebookNode

from autograder import cells
from autograder.publish import kernel_names, near_misses, objectives
from autograder.publish.cell_roles import AuthoringError, cell_id, expand_role, set_display
from autograder.publish.expected_release import NOTEBOOK_FORMAT
from course import atomic_write

_HASH_ID: Final = re.compile(r"c-[0-9a-f]{12}(-\d+)?")


def assignment_names(root: Path) -> list[str]:
    """Return the assignments in ``source/``, in course order."""
    return sorted(path.parent.name for path in (root / "source").glob("*/*.md"))


def lesson_files(root: Path, names: list[str] | None = None) -> Iterator[Path]:
    """Yield the Markdown files of the named assignments; of all by default.

    Raises:
        AuthoringError: An assignment doesn't exist.
    """
    known = assignment_names(root)
    for name in names or known:
        if name not in known:
            raise AuthoringError(
                f"source/ has no assignment {name!r}; choose from {', '.join(known)}"
            )
        yield from sorted((root / "source" / name).glob("*.md"))


def notebook_from_text(text: str, where: str = "text") -> NotebookNode:
    r"""Convert a lesson's text to the instructor's notebook.

    Example:
        >>> nb = notebook_from_text("```{code-cell}\n:exercise: half\nhalf = 1 / 2\n```\n")
        >>> nb.cells[0].metadata.nbgrader.grade_id
        'half'

    Args:
        text: MyST Markdown. ``+++ {"quiz": "name", "points": 1}`` starts a question,
            ``:test: name`` makes a code cell a test; see ``cell_roles`` for all roles.
        where: The text's name in error messages.

    Raises:
        AuthoringError: The text is invalid.
    """
    try:
        draft = jupytext.reads(text, fmt="md:myst")
    except MystMetadataParsingError as error:
        raise AuthoringError(f"{where}: {error}") from error
    ids: set[str] = set()
    for number, cell in enumerate(draft.cells, start=1):
        label = f"{where}, cell {number}"
        try:
            name = expand_role(cell)
        except AuthoringError as error:
            raise AuthoringError(f"{label}: {error}") from error
        if problem := next(near_misses.problems(cell), None):
            raise AuthoringError(f"{label}, {problem}")
        if name in ids:
            raise AuthoringError(f"{label}: another cell is already called {name!r}; rename one")
        base = cell_id(cell, name)
        candidates = chain([base], (f"{base}-{copy}" for copy in count(2)))
        cell["id"] = next(id_ for id_ in candidates if id_ not in ids)  # identical texts may occur
        ids.add(cell["id"])
    for cell, name in kernel_names.undefined_names(draft):
        raise AuthoringError(
            f"{where}: the test {cell['id']!r} reads {name!r}, which no exercise defines, so a"
            " student can give it any value; define it in the test"
        )
    try:
        list(objectives.checked_cells(draft))
    except AuthoringError as error:
        raise AuthoringError(f"{where}: {error}") from error
    nb = nbformat.from_dict({"cells": draft.cells, **NOTEBOOK_FORMAT})
    set_display(nb)
    nbformat.validate(nb)
    return NotebookNode(nb)


def write_notebook(nb: NotebookNode, path: Path) -> bool:
    """Write a notebook unless the file already holds it; return whether the file changed."""
    content = (nbformat.writes(nb, version=nbformat.NO_CONVERT).rstrip("\n") + "\n").encode()
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write.write_bytes(path, content)
    return True


def _was_built(path: Path) -> bool:
    """Return whether a notebook's cells have ids as `cell_id` gives them, also after an edit."""
    try:
        nb = NotebookNode(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    except (OSError, ValueError):
        return True  # nothing to keep
    ids = [str(cell.get("id", "")) for cell in nb.cells]
    return not ids or any(
        _HASH_ID.fullmatch(cell_id) or cell_id == cells.grade_id(cell) != ""
        for cell_id, cell in zip(ids, nb.cells, strict=True)
    )


def build_source(root: Path, names: list[str] | None = None) -> list[Path]:
    """Build the instructor's notebooks; return the paths of those that changed.

    Raises:
        AuthoringError: A text is invalid, or an instructor's own notebook is in the way.
    """
    changed = []
    for path in lesson_files(root, names):
        text, target = path.read_text(encoding="utf-8-sig"), path.with_suffix(".ipynb")
        if target.exists() and not _was_built(target):
            raise AuthoringError(
                f"{path.parent.name}/{target.name} wasn't built from {path.name}, and building"
                " would overwrite it; rename one of them"
            )
        if write_notebook(notebook_from_text(text, f"{path.parent.name}/{path.name}"), target):
            changed.append(target)
    return changed
