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
    >>> set_course(test, notes=["This test was edited."])
    >>> notes(test)
    ['This test was edited.']
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from course.quiz import cells as _shared

MAX_ID_CHARS: Final = 64  # of nbformat
KEPT_ENTRIES: Final = ("id", "metadata", "source")  # of a released question, in the notebook

Holder = Mapping[str, Any]  # a cell or a notebook: NotebookNode, or a dict from the JSON

metadata_entries = _shared.metadata_entries
is_quiz = _shared.is_quiz
is_prediction = _shared.is_prediction
grade_id = _shared.grade_id
cell_id = _shared.cell_id
allows_multiple = _shared.allows_multiple
credit_rule = _shared.credit_rule
question_kind = _shared.question_kind
is_pool = _shared.is_pool
DEFAULT_KIND: Final = _shared.DEFAULT_KIND
DEFAULT_CREDIT_RULE: Final = _shared.DEFAULT_CREDIT_RULE
hints = _shared.hints


def is_managed(cell: Holder) -> bool:
    """Return whether nbgrader knows the cell in any role."""
    return bool(_nbgrader(cell))


def is_graded(cell: Holder) -> bool:
    """Return whether the cell can earn points."""
    return bool(_nbgrader(cell).get("grade")) or is_task(cell)


def is_answer(cell: Holder) -> bool:
    """Return whether the student writes into the cell."""
    return bool(_nbgrader(cell).get("solution"))


def is_manual(cell: Holder) -> bool:
    """Return whether a person grades the student's answer in the cell."""
    return is_graded(cell) and is_answer(cell) and not is_quiz(cell)


def is_locked(cell: Holder) -> bool:
    """Return whether the cell is put back as it was before grading."""
    return bool(_nbgrader(cell).get("locked"))


def is_task(cell: Holder) -> bool:
    """Return whether the cell describes a task: students add cells, which a person grades."""
    return bool(_nbgrader(cell).get("task"))


def is_test(cell: Holder) -> bool:
    """Return whether the cell earns its points by running without an error."""
    is_code = cell["cell_type"] == "code"
    return is_code and is_graded(cell) and not is_answer(cell) and not is_task(cell)


def checksum(cell: Holder) -> str | None:
    """Return nbgrader's checksum of the released cell, if there is one."""
    value = _nbgrader(cell).get("checksum")
    return None if value is None else str(value)


def is_demonstration(cell: Holder) -> bool:
    """Return whether the author marked the cell as a slow one that only shows something."""
    return metadata_entries(cell, "course").get("demonstration") is True


def is_check(cell: Holder) -> bool:
    """Return whether the cell checks an optional exercise, which earns no points."""
    return metadata_entries(cell, "course").get("check") is True


def max_points(cell: Holder) -> float:
    """Return what a graded cell can earn, as the author wrote it; 0 without a number."""
    points = _nbgrader(cell).get("points")
    return points if isinstance(points, int | float) else 0


def time_limit_s(cell: Holder) -> float | None:
    """Return the seconds that the author allows the cell, or None for the usual limit."""
    seconds = metadata_entries(cell, "course").get("seconds")
    return seconds if isinstance(seconds, int | float) and not isinstance(seconds, bool) else None


def graded_cells(nb: NotebookNode) -> dict[str, NotebookNode]:
    """Return the cells of a notebook that can earn points, by their `grade_id`."""
    return {grade_id(cell): cell for cell in nb.cells if is_graded(cell)}


def grade_ids(nb: NotebookNode) -> frozenset[str]:
    """Return the names of all cells that nbgrader knows."""
    return frozenset(filter(None, map(grade_id, nb.cells)))


def stubs(cell: Holder) -> list[str]:
    """Return what else than the usual may have been released in place of the cell's solution."""
    return list(metadata_entries(cell, "course").get("stubs", []))


def set_stubs(nb: NotebookNode, texts: Iterable[str]) -> None:
    """Store the stubs that an instructor has configured in the answer cells of their notebook."""
    if own := list(texts):
        for cell in filter(is_answer, nb.cells):
            set_course(cell, stubs=own)


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """Return the code cells that aren't empty."""
    return [cell for cell in nb.cells if cell.cell_type == "code" and cell.source.strip()]


def lesson_code(nb: NotebookNode) -> list[str]:
    """Return the instructor's own code: code cells that are neither answers nor tests."""
    return [cell.source for cell in code_cells(nb) if not is_answer(cell) and not is_test(cell)]


def notes(holder: Holder) -> list[str]:
    """Return what was noticed about a cell or notebook, as sentences for the student."""
    return list(metadata_entries(holder, "course").get("notes", []))


def variant(cell: Holder) -> int | None:
    """Return which variant of a pool a merged cell is graded by; None if it isn't one of a pool."""
    value = metadata_entries(cell, "course").get("variant")
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def copies(cell: Holder) -> list[str]:
    """Return the text of each copy of the cell in the submission; its own text without copies."""
    return list(metadata_entries(cell, "course").get("copies", [cell["source"]]))


def left_out(holder: Holder) -> str:
    """Return why a submitted cell's text was too long to be read, or an empty string."""
    return str(metadata_entries(holder, "course").get("left_out", ""))


def score_record(cell: Holder) -> dict[str, Any] | None:
    """Return the stored score, `CellScore.to_json`, of a graded cell, if there is one."""
    record = metadata_entries(cell, "course").get("verdict")
    return dict(record) if isinstance(record, Mapping) else None


def unreadable(nb: Holder) -> str:
    """Return why the submitted notebook could not be read, or an empty string."""
    return str(metadata_entries(nb, "course").get("unreadable", ""))


def undecided(nb: Holder) -> str:
    """Return why a person must choose between submitted notebooks, or an empty string."""
    return str(metadata_entries(nb, "course").get("undecided", ""))


def submitted_file(nb: Holder) -> str:
    """Return the path of the submitted file if it isn't the expected one, or an empty string."""
    return str(metadata_entries(nb, "course").get("file", ""))


def comments(cell: Holder) -> tuple[str, str]:
    """Return a person's comment on an answer and the grader's own, as the gradebook has them."""
    entries = _nbgrader(cell)
    return str(entries.get("manual_comment") or ""), str(entries.get("auto_comment") or "")


def gradebook_score(cell: Holder) -> tuple[float | None, float, bool]:
    """Return the gradebook's points of a graded cell, its maximum, and whether a person decided."""
    entries = _nbgrader(cell)
    return entries.get("score"), max_points(cell), bool(entries.get("by_hand"))


def read_source(path: Path) -> NotebookNode:
    """Read an instructor's notebook; cells without an id get one.

    Raises:
        OSError: The file can't be read.
        ValueError: It isn't a notebook.
    """
    nb = NotebookNode(nbformat.read(path, as_version=4))
    add_ids(nb)
    return nb


def add_ids(nb: NotebookNode) -> bool:
    """Give an id to each cell without one; return whether any cell lacked it.

    Example:
        >>> nb = NotebookNode(cells=[NotebookNode(cell_type="markdown", source="A")])
        >>> add_ids(nb), nb.cells[0]["id"], add_ids(nb)
        (True, 'c-6b50713650a2', False)

    An id is the name or a hash of the text, so that it is the same whenever the notebook is read.
    """
    ids = {cell["id"] for cell in nb.cells if "id" in cell}
    lacking = [cell for cell in nb.cells if "id" not in cell]
    for cell in lacking:
        text = f"{cell.cell_type}\n{cell.source}"
        name = re.sub(r"[^a-zA-Z0-9-_]", "-", grade_id(cell))[:MAX_ID_CHARS]
        base = name or "c-" + hashlib.sha256(text.encode()).hexdigest()[:12]
        candidates = itertools.chain([base], (f"{base[:-5]}-{copy}" for copy in itertools.count(2)))
        cell["id"] = next(candidate for candidate in candidates if candidate not in ids)
        ids.add(cell["id"])
    if lacking:
        nb["nbformat_minor"] = 5  # the first with ids
    return bool(lacking)


def set_score_record(cell: NotebookNode, record: Mapping[str, Any]) -> None:
    """Store a score."""
    set_course(cell, verdict=dict(record))


def set_submission_facts(
    nb: NotebookNode, *, notes: list[str], unreadable: str, undecided: str = "", file: str = ""
) -> None:
    """Store what was found about the submission in place of any older entries."""
    further = {"undecided": undecided, "file": file}
    entries = {"notes": notes, "unreadable": unreadable}
    nb.metadata["course"] = entries | {key: value for key, value in further.items() if value}


def keep_questions(nb: NotebookNode) -> None:
    """Store the questions in the notebook's metadata; `course` can restore damaged ones from it."""
    questions = []
    above = ""
    for cell in nb.cells:
        if is_quiz(cell):
            course = dict(metadata_entries(cell, "course"))
            if variants := course.pop("variants", None):
                cell["metadata"] |= {"course": course}
            kept = {key: cell[key] for key in KEPT_ENTRIES}
            further = {"variants": variants} if variants else {}
            questions.append(copy.deepcopy({"after": above, **kept, **further}))
        above = cell["id"]
    if questions:
        nb.metadata["course"] = {"questions": questions}


def set_variant(cell: NotebookNode, index: int) -> None:
    """Make a pool's cell that of one variant."""
    remove_pool(cell)
    set_course(cell, variant=index)


def remove_pool(cell: NotebookNode) -> None:
    """Make a pool's cell an ordinary question."""
    if is_pool(cell):
        settings = {
            k: v for k, v in metadata_entries(cell, "course")["quiz"].items() if k != "pool"
        }
        set_course(cell, quiz=settings)


def keep_variants(cell: NotebookNode, variants: list[str]) -> None:
    """Store the released variants in a pool's cell, until `keep_questions` takes them."""
    remove_pool(cell)
    set_course(cell, variants=variants)


def set_course(cell: NotebookNode, **entries: Any) -> None:
    """Add entries to a cell's ``course`` metadata."""
    if entries:
        cell["metadata"]["course"] = {**metadata_entries(cell, "course"), **entries}


def remove_hints(cell: NotebookNode) -> None:
    """Remove the hints of an exercise."""
    _remove_course(cell, "hints")


def remove_stubs(cell: NotebookNode) -> None:
    """Remove the configured stubs, which only the instructor's cell needs."""
    _remove_course(cell, "stubs")


def _remove_course(cell: NotebookNode, entry: str) -> None:
    if entry in metadata_entries(cell, "course"):
        course = dict(metadata_entries(cell, "course"))
        del course[entry]
        cell["metadata"] |= {"course": course}
        if not course:
            del cell["metadata"]["course"]


def set_nbgrader(cell: NotebookNode, **entries: Any) -> None:
    """Add entries to a cell's ``nbgrader`` metadata."""
    cell["metadata"]["nbgrader"] = {**_nbgrader(cell), **entries}


def clear_nbgrader(cell: NotebookNode) -> None:
    """Make a cell one that nbgrader does not know."""
    cell["metadata"].pop("nbgrader", None)


def _nbgrader(cell: Holder) -> Mapping[str, Any]:
    return metadata_entries(cell, "nbgrader")
