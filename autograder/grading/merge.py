"""Fitting a submission into the instructor's notebook.

The instructor's notebook is the frame. It says which questions there are, what
they are worth and how they are tested; a submission only fills in answers. So
nothing that a student deletes, copies, moves, retypes or forges changes the
maximum, and no question gets lost.

- a question, an exercise: the student's text in the instructor's cell;
- a test or a locked cell: the instructor's text;
- any other cell: the student's text if it is there, else the instructor's;
- cells that the student added, and further copies of a cell: kept, in their place.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Final

from nbformat import NotebookNode

from autograder.grading.submission import Submission, SubmittedCell
from course import quiz

DELETED: Final = "This cell is missing in the submission."
COPIES: Final = "This cell stands in the submission {count} times."
MOST_EXTRAS: Final = 1000  # cells that a student adds; a lesson has some 60
TOO_MANY: Final = "There are {count:,} further cells; only the first {most:,} of them are kept."
EDITED: Final = "This test was edited in the submission; it ran as it was handed out."


def is_quiz(cell: NotebookNode) -> bool:
    """Whether the cell is a question that is graded as data."""
    return "quiz" in cell.metadata.get("course", {})


def is_test(cell: NotebookNode) -> bool:
    """Whether the cell earns points by passing."""
    marks = cell.metadata.get("nbgrader", {})
    return bool(cell.cell_type == "code" and marks.get("grade") and not marks.get("solution"))


def is_answer(cell: NotebookNode) -> bool:
    """Whether the student writes into the cell."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_demonstration(cell: NotebookNode) -> bool:
    """Whether the cell only shows something, and takes long for it."""
    return cell.metadata.get("course", {}).get("demonstration") is True


def names(frame: NotebookNode) -> frozenset[str]:
    """The names of all cells that nbgrader knows."""
    return frozenset(
        cell.metadata["nbgrader"]["grade_id"] for cell in frame.cells if "nbgrader" in cell.metadata
    )


def lesson(frame: NotebookNode) -> list[str]:
    """The instructor's own code: all cells in which no student writes and that test nothing."""
    return [
        cell.source
        for cell in frame.cells
        if cell.cell_type == "code" and not is_answer(cell) and not is_test(cell)
    ]


def fit(frame: NotebookNode, submission: Submission) -> NotebookNode:
    """Return the instructor's notebook with the student's answers in it.

    Args:
        frame: The instructor's notebook, from ``source/``.
        submission: What the student handed in.

    Returns:
        A notebook with the frame's metadata alone. What was noticed stands in
        ``metadata.course.notes`` of the notebook and of each cell, as plain sentences.
    """
    by_slot, extras, dropped = _assign(frame, submission)
    fitted = []
    for index, cell in enumerate(extras.get(-1, [])):
        fitted.append(_extra(cell, f"extra-0-{index}"))
    for slot, framed in enumerate(frame.cells):
        fitted.append(_fill(framed, by_slot.get(slot, []), unreadable=bool(submission.unreadable)))
        for index, cell in enumerate(extras.get(slot, [])):
            fitted.append(_extra(cell, f"extra-{slot + 1}-{index}"))
    metadata = copy.deepcopy(frame.metadata)
    notes = list(submission.notes)
    if dropped:
        notes.append(TOO_MANY.format(count=MOST_EXTRAS + dropped, most=MOST_EXTRAS))
    metadata["course"] = {"notes": notes, "unreadable": submission.unreadable}
    if submission.file:
        metadata["course"]["file"] = submission.file
    return NotebookNode(
        cells=fitted,
        metadata=metadata,
        nbformat=frame.nbformat,
        nbformat_minor=frame.nbformat_minor,
    )


def _assign(
    frame: NotebookNode, submission: Submission
) -> tuple[dict[int, list[SubmittedCell]], dict[int, list[SubmittedCell]], int]:
    """Say which submitted cells fill which slot, after which slot others stand, how many do not."""
    by_name: dict[str, int] = {}
    by_id: dict[str, int] = {}
    for slot, cell in enumerate(frame.cells):
        by_id[cell["id"]] = slot
        if "nbgrader" in cell.metadata:
            by_name[cell.metadata["nbgrader"]["grade_id"]] = slot
    claimed: list[int | None] = [
        by_name.get(cell.grade_id, by_id.get(cell.id)) for cell in submission.cells
    ]
    _recognise(frame, submission, claimed)

    by_slot: dict[int, list[SubmittedCell]] = defaultdict(list)
    extras: dict[int, list[SubmittedCell]] = defaultdict(list)
    after, count = -1, 0

    def add(cell: SubmittedCell) -> None:
        nonlocal count
        count += 1
        if count <= MOST_EXTRAS:
            extras[after].append(cell)

    for cell, claim in zip(submission.cells, claimed, strict=True):
        if claim is None:
            add(cell)
            continue
        slot = claim
        by_slot[slot].append(cell)
        if len(by_slot[slot]) > 1 and cell.kind == "code" and not is_quiz(frame.cells[slot]):
            if not is_test(frame.cells[slot]):
                add(cell)  # the second half of a cell that was split
        else:
            after = slot
    return by_slot, extras, max(0, count - MOST_EXTRAS)


def _recognise(frame: NotebookNode, submission: Submission, claimed: list[int | None]) -> None:
    """Find questions whose cells lost their metadata, by their options."""
    missing = {
        slot: {option.name for option in quiz.parse(cell.source).options}
        for slot, cell in enumerate(frame.cells)
        if is_quiz(cell) and slot not in claimed
    }
    if not missing:
        return
    for index, cell in enumerate(submission.cells):
        if claimed[index] is not None or "[" not in cell.source:
            continue
        options = {option.name for option in quiz.parse(cell.source).options}
        for slot, wanted in missing.items():
            if options and options == wanted:
                claimed[index] = slot


def _fill(framed: NotebookNode, copies: list[SubmittedCell], *, unreadable: bool) -> NotebookNode:
    """Return the instructor's cell with what the student wrote into it."""
    cell = copy.deepcopy(framed)
    notes: list[str] = []
    if cell.cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None
    if is_test(cell):
        notes = [EDITED] if copies and _seen(copies[0].source) != _seen(framed.source) else []
    elif is_answer(cell):
        cell["source"], notes = _answer(framed, copies, unreadable=unreadable)
    elif copies and "nbgrader" not in cell.metadata and cell.cell_type == "code":
        cell["source"] = copies[0].source
    course = dict(cell.metadata.get("course", {}))
    if notes:
        course["notes"] = notes
    if is_quiz(cell) and len(copies) > 1:
        course["copies"] = [each.source for each in copies]
    if course:
        cell.metadata["course"] = course
    return cell


def _answer(
    framed: NotebookNode, copies: list[SubmittedCell], *, unreadable: bool
) -> tuple[str, list[str]]:
    """Return the student's text for a cell that asks for one, and what to say about it."""
    if not copies:
        blank = quiz.bare(framed.source) if is_quiz(framed) else ""
        return blank, [] if unreadable else [DELETED]
    return copies[0].source, [COPIES.format(count=len(copies))] if len(copies) > 1 else []


def _seen(source: str) -> str:
    """What a student sees of a test: its text without the hidden part and without spacing."""
    shown, hidden = [], False
    for line in source.split("\n"):
        if "BEGIN HIDDEN TESTS" in line:
            hidden = True
        if not hidden:
            shown.append("".join(line.split()))
        if "END HIDDEN TESTS" in line:
            hidden = False
    return "\n".join(shown).strip()


def _extra(cell: SubmittedCell, identity: str) -> NotebookNode:
    """A cell that the student added, without its metadata and outputs."""
    # Not by nbformat's own makers, which check each cell as if it were a whole notebook.
    made = NotebookNode(
        id=identity, cell_type="markdown", metadata=NotebookNode(), source=cell.source
    )
    if cell.kind == "code":
        made |= NotebookNode(cell_type="code", outputs=[], execution_count=None)
    return made
