"""How long each lesson takes to run, from its first cell to its last, on the built-in data.

``python -m autograder times`` runs the instructor's notebooks as grading would, tests included, and
writes the table. A lesson runs again only if its code has changed since; delete the table to
measure all of them. Seconds depend on the machine, which each row names.
"""

from __future__ import annotations

import ast
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

from autograder.batch.executors import available_cores
from autograder.cells import lesson_code
from autograder.grading import run_cells
from autograder.kernels.kernel import Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.publish import build
from autograder.test_runner.broker import BrokenTest
from course import atomic_write

TABLE: Final = Path("course", "run_times.md")
_HEAD: Final = """# How long the lessons run

Measured by `python -m autograder times`; do not edit. Every cell runs, solutions and tests
included, on the built-in data. Time for which other programs kept a lesson from running doesn't
count. The last column is a hash of the code that ran.

| lesson | code cells | seconds | measured on | code |
|---|---|---|---|---|
"""
_ROW: Final = re.compile(r"^\| \[([^\]]+)\].* \| (\d+) \| [^|]+ \| `([0-9a-f]+)` \|$", re.MULTILINE)


@dataclass(frozen=True)
class LessonTime:
    """A row of the table: the seconds, the `code_hash`, and the row as Markdown."""

    seconds: float
    code: str
    row: str


def code_cells(path: Path) -> list[NotebookNode]:
    """Return the non-empty code cells of a notebook."""
    nb = NotebookNode(nbformat.read(path, as_version=4))
    return [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]


def code_hash(path: Path) -> str:
    """Return a short hash of a notebook's code, without its comments and messages."""
    code = json.dumps([without_messages(cell.source) for cell in code_cells(path)])
    return hashlib.sha256(code.encode()).hexdigest()[:12]


def without_messages(source: str) -> str:
    r"""Return code without what only people read: comments, docstrings, messages.

    Example:
        >>> without_messages('x = "mean"  # why\nassert x, f"No {x}, stop."')
        "x = 'mean'\nassert x"
    """
    return ast.unparse(_MessageRemover().visit(ast.parse(source)))


class _MessageRemover(ast.NodeTransformer):
    """Empty every text with a space in it, and drop the messages of assertions."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        node.msg = None
        return self.generic_visit(node)

    def visit_JoinedStr(self, _: ast.JoinedStr) -> ast.Constant:
        return ast.Constant("")

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) and " " in node.value else node


def measure(path: Path) -> tuple[int, float]:
    """Run a notebook; return its number of code cells and the seconds they took.

    Waiting for the processor while other programs use it doesn't count.

    Raises:
        RuntimeError: A cell failed.
    """
    nb, cells = NotebookNode(nbformat.read(path, as_version=4)), code_cells(path)
    with tempfile.TemporaryDirectory(prefix="times-") as folder:
        kernel = Kernel(Path(folder), allow_unprotected=True)
        start = time.monotonic()
        budget = TimeBudget(cell_seconds=600, notebook_seconds=1800)
        outcomes = run_cells.run(nb, kernel, budget, lesson_code(nb))
        seconds = time.monotonic() - start - kernel.cpu_wait.seconds
    for cell in cells:
        outcome = outcomes.get(cell["id"])
        if outcome is None or isinstance(outcome, BrokenTest) or outcome.status != "ran":
            raise RuntimeError(f"{path.name}: cell {cell['id']!r} failed: {outcome}")
    return len(cells), seconds


def write_table(root: Path) -> Path:
    """Run every lesson that has changed and write the table; return its path."""
    python, cores = platform.python_version(), available_cores()
    machine = f"Python {python}, {cores} cores ({platform.machine()})"
    path, rows = root / TABLE, []
    previous = read_table(root) if path.exists() else {}
    for text in tqdm(list(build.lesson_files(root)), "lessons", unit=""):
        name, notebook = text.parent.name, text.with_suffix(".ipynb")
        code = code_hash(notebook)
        if name in previous and previous[name].code == code:
            rows.append(previous[name].row)
            continue
        with _built_in_data():
            cells, seconds = measure(notebook)
        link = f"[{name}](../source/{name}/{text.name})"
        rows.append(f"| {link} | {cells} | {seconds:.0f} | {machine} | `{code}` |")
    atomic_write.write_text(path, _HEAD + "\n".join(rows) + "\n")
    return path


@contextlib.contextmanager
def _built_in_data() -> Iterator[None]:
    """Make lessons load the data that ships with the course."""
    data_folder = os.environ.pop("COURSE_DATA", None)
    try:
        yield
    finally:
        if data_folder is not None:
            os.environ["COURSE_DATA"] = data_folder


def read_table(root: Path) -> dict[str, LessonTime]:
    """Return the rows of the table, by lesson."""
    text = (root / TABLE).read_text(encoding="utf-8")
    return {row[1]: LessonTime(float(row[2]), row[3], row[0]) for row in _ROW.finditer(text)}
