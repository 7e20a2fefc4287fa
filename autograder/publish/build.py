"""Build every notebook from its text: ``source/*/*.md`` to ``source/`` to ``release/``.

The same text gives the same bytes, on every machine and every day, so a diff of the
notebooks shows what changed in the text and nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode
from traitlets.config.loader import PyFileConfigLoader

from autograder.publish.cell_roles import AuthoringError, cell_id, expand
from course import atomic_write

_NOTEBOOK_METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def assignments(root: Path) -> list[str]:
    """Return the names of the assignments in ``source/``, in the order of the course."""
    return sorted(path.parent.name for path in (root / "source").glob("*/*.md"))


def texts(root: Path, names: list[str] | None = None) -> Iterator[Path]:
    """Yield the text of each assignment.

    Raises:
        AuthoringError: There is no such assignment.
    """
    known = assignments(root)
    for name in names or known:
        if name not in known:
            raise AuthoringError(f"no assignment {name!r} in source/; there are {', '.join(known)}")
        yield from sorted((root / "source" / name).glob("*.md"))


def notebook(text: str, where: str = "text") -> NotebookNode:
    r"""Turn a lesson's text into the instructor's notebook.

    Example:
        >>> nb = notebook("# Title\n\n```{code-cell}\n:exercise: half\nhalf = 1 / 2\n```\n")
        >>> nb.cells[1].metadata.nbgrader.grade_id
        'half'

    Args:
        text: MyST Markdown. ``+++ {"quiz": "name", "points": 1}`` begins a question,
            ``:test: name`` in a code cell makes it a test; all words in ``roles``.
        where: What to call the text in messages.

    Raises:
        AuthoringError: The text can't become a notebook; the message says where and why.
    """
    draft = jupytext.reads(text, fmt="md:myst")
    seen: set[str] = set()
    for number, cell in enumerate(draft.cells, start=1):
        name = expand(cell, f"{where}, cell {number}")
        identity = cell_id(cell, name)
        if name is not None and identity in seen:
            raise AuthoringError(f"{where}, cell {number}: the name {name!r} is taken")
        copy = 2
        while identity in seen:  # the same sentence may stand in a lesson twice
            identity = f"{cell_id(cell, name)}-{copy}"
            copy += 1
        seen.add(identity)
        cell["id"] = identity
    built = nbformat.from_dict(
        {
            "cells": draft.cells,
            "metadata": _NOTEBOOK_METADATA,
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    nbformat.validate(built)
    return NotebookNode(built)


def write(nb: NotebookNode, path: Path) -> bool:
    """Write a notebook unless the file already holds it; return whether the file changed."""
    content = (nbformat.writes(nb, version=nbformat.NO_CONVERT).rstrip("\n") + "\n").encode()
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write.write_bytes(path, content)
    return True


def build_source(root: Path, names: list[str] | None = None) -> list[Path]:
    """Build the instructor's notebooks; return those that changed."""
    changed = []
    for text in texts(root, names):
        nb = notebook(text.read_text(encoding="utf-8"), where=f"{text.parent.name}/{text.name}")
        target = text.with_suffix(".ipynb")
        if write(nb, target):
            changed.append(target)
    return changed


def build_release(root: Path, names: list[str] | None = None) -> list[Path]:
    """Build the students' notebooks, with the very steps of ``nbgrader generate_assignment``.

    The gradebook is left alone: it belongs to a class, the release to the course.

    Returns:
        The notebooks that changed.

    Raises:
        AuthoringError: A step refused to let a notebook out; the message says which and why.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    from autograder.publish import release_check

    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    config.Gate.enabled = False  # it would end up in a log; here its reasons are the message
    changed = []
    with tempfile.TemporaryDirectory(prefix="release-") as elsewhere:
        config.CourseDirectory.root = str(root)
        config.CourseDirectory.release_directory = elsewhere
        for name in dict.fromkeys(text.parent.name for text in texts(root, names)):
            course = CourseDirectory(config=config, assignment_id=name)
            converter = GenerateAssignment(coursedir=course, config=config)
            try:
                converter.start()
            except Exception as error:
                raise AuthoringError(f"{name}: the release was not built: {error}") from error
            release_check.require(Path(elsewhere) / name, root / "source" / name)
            for made in sorted((Path(elsewhere) / name).glob("*.ipynb")):
                target = root / "release" / name / made.name
                if write(nbformat.read(made, as_version=nbformat.NO_CONVERT), target):
                    changed.append(target)
    return changed
