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

from autograder import cells
from autograder.cells import is_answer, is_quiz, is_test
from autograder.grading.submission import Submission, SubmittedCell
from course import quiz

DELETED: Final = "This cell is missing from the submission."
COPIES: Final = "The submission has {count} copies of this cell."
MAX_EXTRA_CELLS: Final = 1000  # cells that a student adds; a lesson has some 60
TOO_MANY_CELLS: Final = (
    "The submission has {count:,} added cells; only the first {limit:,} are kept."
)
EDITED: Final = "This test was changed in the submission; the original version was run."


def merge_submission(frame: NotebookNode, submission: Submission) -> NotebookNode:
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
    notes = list(submission.notes)
    if dropped:
        notes.append(TOO_MANY_CELLS.format(count=MAX_EXTRA_CELLS + dropped, limit=MAX_EXTRA_CELLS))
    merged = NotebookNode(
        cells=fitted,
        metadata=copy.deepcopy(frame.metadata),
        nbformat=frame.nbformat,
        nbformat_minor=frame.nbformat_minor,
    )
    cells.set_submission_facts(
        merged, notes=notes, unreadable=submission.unreadable, file=submission.file
    )
    return merged


def _assign(
    frame: NotebookNode, submission: Submission
) -> tuple[dict[int, list[SubmittedCell]], dict[int, list[SubmittedCell]], int]:
    """Say which submitted cells fill which slot, after which slot others stand, how many do not."""
    by_name: dict[str, int] = {}
    by_id: dict[str, int] = {}
    for slot, cell in enumerate(frame.cells):
        by_id[cell["id"]] = slot
        if cells.is_managed(cell):
            by_name[cells.grade_id(cell)] = slot
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
        if count <= MAX_EXTRA_CELLS:
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
    return by_slot, extras, max(0, count - MAX_EXTRA_CELLS)


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
    elif copies and not cells.is_managed(cell) and cell.cell_type == "code":
        cell["source"] = copies[0].source
    if notes:
        cells.set_notes(cell, notes)
    if is_quiz(cell) and len(copies) > 1:
        cells.set_copies(cell, [each.source for each in copies])
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
