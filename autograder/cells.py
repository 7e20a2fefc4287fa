"""The roles of a notebook's cells and what grading has written into them.

The only code of the grader that reads or writes ``metadata["nbgrader"]`` (nbgrader's own entries)
and ``metadata["course"]`` (ours) of a cell or a notebook. A missing or malformed entry means "no
such role". The feedback templates read the same entries by themselves.

Example:
    >>> from nbformat.v4 import new_code_cell
    >>> test = new_code_cell("assert double(2) == 4")
    >>> set_nbgrader(test, grade_id="double-test", grade=True, solution=False, points=2)
    >>> is_test(test), is_answer(test), grade_id(test), max_points(test)
    (True, False, 'double-test', 2)
    >>> notes(test)
    []
    >>> set_notes(test, ["This test was edited."])
    >>> notes(test)
    ['This test was edited.']
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nbformat import NotebookNode

from course.quiz import cells as _shared

Holder = Mapping[str, Any]  # a cell or a notebook: NotebookNode, or a dict from the JSON

_entries = _shared.metadata_entries


# Roles

is_quiz = _shared.is_quiz
is_prediction = _shared.is_prediction
grade_id = _shared.grade_id
allows_multiple = _shared.allows_multiple
credit_rule = _shared.credit_rule


def is_managed(cell: Holder) -> bool:
    """Return whether nbgrader knows the cell in any role."""
    return bool(_nbgrader(cell))


def is_graded(cell: Holder) -> bool:
    """Return whether the cell can earn points."""
    return bool(_nbgrader(cell).get("grade"))


def is_answer(cell: Holder) -> bool:
    """Return whether the student writes into the cell."""
    return bool(_nbgrader(cell).get("solution"))


def is_locked(cell: Holder) -> bool:
    """Return whether the cell is put back as it was before grading."""
    return bool(_nbgrader(cell).get("locked"))


def is_test(cell: Holder) -> bool:
    """Return whether the cell earns its points by running without an error."""
    return cell["cell_type"] == "code" and is_graded(cell) and not is_answer(cell)


def is_demonstration(cell: Holder) -> bool:
    """Return whether the author marked the cell as a slow one that only shows something."""
    return _entries(cell, "course").get("demonstration") is True


def max_points(cell: Holder) -> float:
    """Return what a graded cell can earn, as the author wrote it; 0 without a number."""
    points = _nbgrader(cell).get("points")
    return points if isinstance(points, int | float) else 0


def time_limit_s(cell: Holder) -> float | None:
    """Return the seconds that the author allows the cell, or None for the usual limit."""
    seconds = _entries(cell, "course").get("seconds")
    return seconds if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None


def graded_cells(nb: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells of a notebook that can earn points, by their `grade_id`."""
    return {grade_id(cell): cell for cell in nb.cells if is_graded(cell)}


def grade_ids(nb: NotebookNode) -> frozenset[str]:
    """Return the names of all cells that nbgrader knows."""
    return frozenset(filter(None, map(grade_id, nb.cells)))


def lesson_code(nb: NotebookNode) -> list[str]:
    """Return the instructor's own code: code cells that are neither answers nor tests."""
    return [
        cell.source
        for cell in nb.cells
        if cell.cell_type == "code" and not is_answer(cell) and not is_test(cell)
    ]


# What grading writes


def notes(holder: Holder) -> list[str]:
    """Return what was noticed about a cell or notebook, as sentences for the student."""
    return list(_entries(holder, "course").get("notes", []))


def copies(cell: Holder) -> list[str]:
    """Return the text of each copy of the cell in the submission; its own text without copies."""
    return list(_entries(cell, "course").get("copies", [cell["source"]]))


def score_record(cell: Holder) -> dict[str, Any] | None:
    """Return the stored score, `CellScore.to_json`, of a graded cell, if there is one."""
    record = _entries(cell, "course").get("verdict")
    return dict(record) if isinstance(record, Mapping) else None


def unreadable(nb: Holder) -> str:
    """Return why the submitted notebook could not be read, or an empty string."""
    return str(_entries(nb, "course").get("unreadable", ""))


def submitted_file(nb: Holder) -> str:
    """Return the name of the submitted file if it was renamed, or an empty string."""
    return str(_entries(nb, "course").get("file", ""))


def awaits_grading(cell: Holder) -> bool:
    """Return whether nbgrader has no score for a graded cell."""
    return _nbgrader(cell).get("score") is None


def set_notes(cell: NotebookNode, sentences: Iterable[str]) -> None:
    """Write down what was noticed about a cell."""
    set_course(cell, notes=list(sentences))


def set_copies(cell: NotebookNode, sources: Iterable[str]) -> None:
    """Write down the text of each copy of the cell in the submission."""
    set_course(cell, copies=list(sources))


def set_score_record(cell: NotebookNode, record: Mapping[str, Any]) -> None:
    """Write down a score."""
    set_course(cell, verdict=dict(record))


def set_submission_facts(
    nb: NotebookNode, *, notes: Iterable[str], unreadable: str, file: str
) -> None:
    """Write down what was found out about a submitted notebook, in place of any older entry.

    Args:
        nb: The merged notebook.
        notes: Sentences for the student.
        unreadable: Why it could not be read, or an empty string.
        file: Its name if it was renamed, or an empty string.
    """
    entries = {"notes": list(notes), "unreadable": unreadable}
    nb.metadata["course"] = entries | ({"file": file} if file else {})


def mark_awaiting_grading(cell: NotebookNode) -> None:
    """Take nbgrader's score out of a cell that a person must still grade."""
    set_nbgrader(cell, score=None)


def set_feedback(cell: NotebookNode, *, title: str, is_open: bool | None = None) -> None:
    """Write down what the feedback page shows of a cell.

    Args:
        cell: A cell of the graded notebook.
        title: Its name on the page.
        is_open: Whether the student has not answered; None where that can't be told.
    """
    set_course(cell, title=title, **({} if is_open is None else {"open": is_open}))


# Raw entries, for the code that builds notebooks


def set_course(cell: NotebookNode, **entries: Any) -> None:
    """Add entries to a cell's ``course`` metadata."""
    if entries:
        cell["metadata"]["course"] = {**_entries(cell, "course"), **entries}


def set_nbgrader(cell: NotebookNode, **entries: Any) -> None:
    """Add entries to a cell's ``nbgrader`` metadata."""
    cell["metadata"]["nbgrader"] = {**_nbgrader(cell), **entries}


def clear_nbgrader(cell: NotebookNode) -> None:
    """Make a cell one that nbgrader does not know."""
    cell["metadata"].pop("nbgrader", None)


def _nbgrader(cell: Holder) -> Mapping[str, Any]:
    return _entries(cell, "nbgrader")
