"""How long each lesson takes to run, from its first cell to its last, on the data it brings.

``python -m autograder times`` runs the instructor's notebooks as they would be graded, tests
included, and writes the table. Seconds depend on the machine; the table names it.
"""

from __future__ import annotations

import os
import platform
import re
import tempfile
import time
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from autograder.judge import frame, process
from autograder.judge.channel import Broken
from autograder.kernels.budget import Budget
from autograder.kernels.session import Session
from autograder.publish import build

TABLE: Final = Path("course", "run_times.md")
_HEAD: Final = """# How long the lessons run

Measured by `python -m autograder times`; do not edit. Every cell with the exercises' solutions,
tests included, on the data that the course brings along: {machine}.

| lesson | code cells | seconds |
|---|---|---|
"""


def measure(path: Path) -> tuple[int, float]:
    """Run a notebook; return its number of code cells and the seconds that they took.

    Raises:
        RuntimeError: A cell did not come to its end.
    """
    nb = NotebookNode(nbformat.read(path, as_version=4))
    cells = [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]
    with tempfile.TemporaryDirectory(prefix="times-") as folder:
        session = Session(Path(folder), allow_unprotected=True)
        began = time.monotonic()
        outcomes = process.run(nb, session, Budget(cell=600, notebook=1800), frame.lesson(nb))
        seconds = time.monotonic() - began
    for cell in cells:
        outcome = outcomes.get(cell["id"])
        if outcome is None or isinstance(outcome, Broken) or outcome.status != "ran":
            raise RuntimeError(f"{path.name}: the cell {cell['id']!r} did not run: {outcome}")
    return len(cells), seconds


def write(root: Path) -> Path:
    """Run every lesson and write the table; return its path."""
    os.environ.pop("COURSE_DATA", None)  # the data that the course brings along
    rows = []
    for text in tqdm(list(build.texts(root)), "lessons", unit=""):
        cells, seconds = measure(text.with_suffix(".ipynb"))
        name = text.parent.name
        rows.append(f"| [{name}](../source/{name}/{text.name}) | {cells} | {seconds:.0f} |")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = f"Python {platform.python_version()} on {cores} cores ({platform.machine()})"
    path = root / TABLE
    path.write_text(_HEAD.format(machine=machine) + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def read(root: Path) -> dict[str, float]:
    """Return the seconds in the table, by lesson."""
    found = re.findall(
        r"^\| \[([^\]]+)\].* \| (\d+) \|$",
        (root / TABLE).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    return {name: float(seconds) for name, seconds in found}
