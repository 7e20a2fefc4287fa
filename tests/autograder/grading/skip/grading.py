"""Grade a submission written as text, and list the cells that grading skipped."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.grading import grade_notebook, merge, submission
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.settings import GradingSettings
from autograder.grading.skip import dependencies


def grade(
    folder: Path,
    source: NotebookNode,
    submitted: NotebookNode,
    *,
    cell_seconds: float = 20,
    shortcut: bool = True,
) -> GradedNotebook:
    """Grade a submitted notebook in a cold kernel."""
    path = folder / "lesson.ipynb"
    nbformat.write(submitted, path)
    fitted = merge.merge_submission(source, submission.read_file(path))
    merged = nbformat.reads(nbformat.writes(fitted), as_version=4)
    settings = GradingSettings(
        cell_seconds, 60, 3, allow_unprotected=True, shortcut=shortcut, warm=False
    )
    return grade_notebook.grade(NotebookNode(merged), source, folder, settings)


def skipped(result: GradedNotebook) -> list[str]:
    """Return the first line of each skipped cell."""
    return [
        cell.source.splitlines()[0]
        for cell in result.nb.cells
        if any(output.get("text") == dependencies.SKIPPED for output in cell.get("outputs", []))
    ]
