"""How long each lesson takes to run, from its first cell to its last, on the data it brings.

``python -m autograder times`` runs the instructor's notebooks as they would be graded, tests
included, and writes the table. A row holds while the lesson's code is the one that was run: only
what has changed since is run again. (For all of them, delete the table first.) Seconds depend on
the machine; each row names its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.cells import lesson_code
from autograder.grading import run_cells
from autograder.kernels.kernel import Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.publish import build
from autograder.test_runner.broker import BrokenTest

TABLE: Final = Path("course", "run_times.md")
_HEAD: Final = """# How long the lessons run

Measured by `python -m autograder times`; do not edit. Every cell with the exercises' solutions,
tests included, on the data that the course brings along. The last column is a fingerprint of the
code that was run.

| lesson | code cells | seconds | measured on | code |
|---|---|---|---|---|
"""
_ROW: Final = re.compile(r"^\| \[([^\]]+)\].* \| (\d+) \| [^|]+ \| `([0-9a-f]+)` \|$", re.MULTILINE)


@dataclass(frozen=True)
class LessonTime:
    """One lesson's time: its seconds, and the fingerprint of the code that took them."""

    seconds: float
    code: str
    line: str


def code_cells(path: Path) -> list[NotebookNode]:
    """Return the cells of a notebook that run."""
    nb = NotebookNode(nbformat.read(path, as_version=4))
    return [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]


def fingerprint(path: Path) -> str:
    """Return a short name for a notebook's code: other code, another name."""
    whole = json.dumps([cell.source for cell in code_cells(path)])
    return hashlib.sha256(whole.encode()).hexdigest()[:12]


def measure(path: Path) -> tuple[int, float]:
    """Run a notebook; return its number of code cells and the seconds that they took.

    Raises:
        RuntimeError: A cell did not come to its end.
    """
    nb, cells = NotebookNode(nbformat.read(path, as_version=4)), code_cells(path)
    with tempfile.TemporaryDirectory(prefix="times-") as folder:
        session = Kernel(Path(folder), allow_unprotected=True)
        began = time.monotonic()
        outcomes = run_cells.run(nb, session, TimeBudget(cell=600, notebook=1800), lesson_code(nb))
        seconds = time.monotonic() - began
    for cell in cells:
        outcome = outcomes.get(cell["id"])
        if outcome is None or isinstance(outcome, BrokenTest) or outcome.status != "ran":
            raise RuntimeError(f"{path.name}: the cell {cell['id']!r} did not run: {outcome}")
    return len(cells), seconds


def write(root: Path) -> Path:
    """Run every lesson that has changed and write the table; return its path."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"Python {platform.python_version()}, {cores} cores ({platform.machine()})"
    path, lines = root / TABLE, []
    known = read(root) if path.exists() else {}
    for text in tqdm(list(build.texts(root)), "lessons", unit=""):
        name, built = text.parent.name, text.with_suffix(".ipynb")
        code = fingerprint(built)
        if name in known and known[name].code == code:
            lines.append(known[name].line)
            continue
        with _own_data():
            cells, seconds = measure(built)
        link = f"[{name}](../source/{name}/{text.name})"
        lines.append(f"| {link} | {cells} | {seconds:.0f} | {machine} | `{code}` |")
    path.write_text(_HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextlib.contextmanager
def _own_data() -> Iterator[None]:
    """While this lasts, lessons run on the data that the course brings along."""
    kept = os.environ.pop("COURSE_DATA", None)
    try:
        yield
    finally:
        if kept is not None:
            os.environ["COURSE_DATA"] = kept


def read(root: Path) -> dict[str, LessonTime]:
    """Return the rows of the table, by lesson."""
    text = (root / TABLE).read_text(encoding="utf-8")
    return {
        found[1]: LessonTime(seconds=float(found[2]), code=found[3], line=found[0])
        for found in _ROW.finditer(text)
    }
