"""Run the released lessons, and keep the results until a lesson or the course changes.

Example:
    >>> len(fingerprint(Path("release/01-intro/intro.ipynb")))
    16
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode

ROOT: Final = Path(__file__).resolve().parents[1]
TIMEOUT_S: Final = 900  # for one cell
# What cells print about the reader's own open work.
OPEN_WORK: Final = re.compile(r"(?m)^.*(?: is still open|You haven't predicted yet).*\n?")


def executed(lesson: Path, cache: Path) -> NotebookNode:
    """Return the lesson with the outputs of its cells and the state of its widgets."""
    path = cache / f"{lesson.stem}-{fingerprint(lesson)}.ipynb"
    if not path.is_file():
        from nbclient import NotebookClient

        fresh = nbformat.read(lesson, as_version=nbformat.NO_CONVERT)
        resources = {"metadata": {"path": str(lesson.parent)}}
        # An exercise that is still open raises in its test, and the lesson goes on.
        client = NotebookClient(
            fresh,
            timeout=TIMEOUT_S,
            allow_errors=True,
            resources=resources,
            kernel_name="python3",
        )
        client.execute()
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(fresh, path)
    notebook: NotebookNode = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return notebook


def fingerprint(lesson: Path) -> str:
    """Return a hash of the lesson and of the course's code, which together decide its outputs."""
    digest = hashlib.sha256(lesson.read_bytes())
    for path in sorted((ROOT / "course").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
