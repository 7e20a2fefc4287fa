"""Merge a submission into the instructor's notebook.

The instructor's notebook decides which questions there are, what they are worth and how they are
tested; a submission only fills in answers. So nothing that a student deletes, copies, moves,
retypes or forges changes the maximum score or loses a question:

- quizzes and exercises: the student's text in the instructor's cell;
- tests and locked cells: the instructor's text;
- any other cell: the student's text if the cell was submitted, else the instructor's;
- cells that the student added, and further copies of a code cell: kept where they are.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from dataclasses import replace
from typing import Final

from nbformat import NotebookNode

from autograder import cells
from autograder.cells import is_answer, is_quiz, is_test
from autograder.grading import match_cells, pools
from autograder.grading.match_cells import plain_text, visible_text
from autograder.grading.split_questions import MissingQuestions
from autograder.grading.submission import Submission, SubmittedCell
from autograder.student_text import released_texts, student_text
from course.quiz import kinds

MISSING_CELL: Final = "This cell is missing from the submission."
UNDECIDED: Final = (
    "This question may be answered, but several questions have the same options, and the cell"
    " doesn't say which one it is."
)
TEXT_BELOW: Final = "This cell wasn't changed, but a cell below may have the answer."
ANSWERS_BELOW: Final = frozenset(kind.answer_below for kind in kinds.KINDS.values())
COPIES: Final = "The submission has {count} copies of this cell."
EDITED_TEST: Final = "This test was changed in the submission; the original version was run."
TOO_MANY_CELLS: Final = (
    "The submission has {count:,} added cells; only the first {limit:,} are kept."
)
MAX_ADDED_CELLS: Final = 1000  # a lesson has some 60 cells
MAX_READ_CELLS: Final = 5  # below a question

CellsByPosition = defaultdict[int, list[SubmittedCell]]


def merge_submission(
    source_nb: NotebookNode, submission: Submission, student: str | None = ""
) -> NotebookNode:
    """Return the instructor's notebook, from ``source/``, with the student's answers.

    `cells.notes` of the result and of its cells say what was missing, copied or changed. The name
    decides which variants of pools the student has; without one, the first; with None, those in
    the submission.
    """
    with_pools = source_nb
    if student is None:
        texts = {cell.grade_id: cell.source for cell in submission.cells if cell.grade_id}
        source_nb = pools.as_submitted(source_nb, texts)
    else:
        source_nb = pools.for_student(source_nb, student)
    positions = match_cells.match(source_nb, submission)
    undecided: set[int] = set()
    missing = MissingQuestions(source_nb, positions)
    if missing:
        submission = missing.split(submission, positions)
        positions = match_cells.match(source_nb, submission)
        undecided = missing.undecided(submission, positions)
    copies, added, dropped_count = _assign(source_nb, submission, positions)
    is_readable = not (submission.unreadable or submission.undecided)
    merged_cells = _added_cells(added, -1)
    for position, source_cell in enumerate(source_nb.cells):
        if cells.is_pool(pool_cell := with_pools.cells[position]):
            copies[position] = [
                replace(copied, source=pools.own_text(pool_cell, source_cell, copied.source))
                for copied in copies[position]
            ]
        cell = _merge_cell(source_cell, copies[position], is_readable=is_readable)
        note = ""
        if is_quiz(cell):
            note = _doubt(source_cell, cell, added[position], position in undecided)
        if cells.is_pool(pool_cell) and not copies[position]:
            others = [other.source for other in submission.cells if other.kind != "code"]
            note = pools.UNCLEAR if pools.occurs_in(pool_cell, others) else note
        if note:
            cells.set_course(cell, notes=[note])
        if cells.is_manual(cell) and added[position] and is_unchanged(source_cell, cell):
            cells.set_course(cell, notes=[*cells.notes(cell), TEXT_BELOW])
        merged_cells.append(cell)
        merged_cells += _added_cells(added, position)
    notes = list(submission.notes)
    if dropped_count:
        count = MAX_ADDED_CELLS + dropped_count
        notes.append(TOO_MANY_CELLS.format(count=count, limit=MAX_ADDED_CELLS))
    merged = NotebookNode(
        cells=merged_cells,
        metadata=copy.deepcopy(source_nb.metadata),
        nbformat=source_nb.nbformat,
        nbformat_minor=source_nb.nbformat_minor,
    )
    cells.set_submission_facts(
        merged,
        notes=notes,
        unreadable=submission.unreadable,
        undecided=submission.undecided,
        file=submission.file,
    )
    return merged


def is_unchanged(source_cell: NotebookNode, cell: NotebookNode) -> bool:
    """Return whether a student's cell still has the text that was released."""
    text = plain_text(cell.source)
    return text in set(map(plain_text, released_texts(source_cell)))


def _assign(
    source_nb: NotebookNode, submission: Submission, positions: match_cells.Positions
) -> tuple[CellsByPosition, CellsByPosition, int]:
    """Assign each submitted cell to a position in the instructor's notebook.

    Returns:
        The copies of each instructor's cell; the cells to keep after it, -1 for the beginning; how
        many further cells are dropped.
    """
    copies, added = CellsByPosition(list), CellsByPosition(list)
    previous, added_count = -1, 0
    for cell, position in zip(submission.cells, positions, strict=True):
        if position is not None:
            source_cell = source_nb.cells[position]
            copies[position].append(cell)
            if len(copies[position]) == 1 or cell.kind != "code" or is_quiz(source_cell):
                previous = position
                continue
            if is_test(source_cell):
                continue
            # A further copy of a code cell: the second half of a cell that was split.
        added_count += 1
        if added_count <= MAX_ADDED_CELLS:
            added[previous].append(cell)
    return copies, added, max(0, added_count - MAX_ADDED_CELLS)


def _merge_cell(
    source_cell: NotebookNode, copies: list[SubmittedCell], *, is_readable: bool
) -> NotebookNode:
    """Return the instructor's cell with the student's text where the student may write."""
    cell = copy.deepcopy(source_cell)
    cells.remove_stubs(cell)
    notes: list[str] = []
    if cell.cell_type == "code":
        cell["outputs"], cell["execution_count"] = [], None
    if is_test(cell):
        if copies and visible_text(copies[0].source) != visible_text(source_cell.source):
            notes = [EDITED_TEST]
    elif is_answer(cell):
        if copies:
            cell["source"] = _text(copies[0])
            notes = [COPIES.format(count=len(copies))] if len(copies) > 1 else []
        else:
            cell["source"] = student_text(source_cell) if is_quiz(cell) else ""
            notes = [MISSING_CELL] if is_readable else []
    elif (
        copies
        and not cells.is_managed(cell)
        and cell.cell_type == "code"
        and plain_text(copies[0].source) != plain_text(source_cell.source)
    ):
        cell["source"] = _text(copies[0])
    left_out = [submitted.left_out for submitted in copies if submitted.left_out]
    if left_out and not is_test(cell):
        notes.append(left_out[0])
        cells.set_course(cell, left_out=left_out[0])
    if notes:
        cells.set_course(cell, notes=notes)
    if is_quiz(cell) and len(copies) > 1:
        cells.set_course(cell, copies=[submitted.source for submitted in copies])
    return cell


def _text(cell: SubmittedCell) -> str:
    """Return a cell's text, or a comment about why it is missing."""
    return f"# {cell.left_out}" if cell.left_out else cell.source


def _doubt(
    source_cell: NotebookNode, cell: NotebookNode, added: list[SubmittedCell], is_undecided: bool
) -> str:
    """Return why a question that looks unanswered may have an answer, or an empty string."""
    if cells.left_out(cell):
        return ""  # needs review already
    if is_undecided:
        return UNDECIDED
    kind = kinds.of(source_cell)
    is_blank = kind.state(cell.source, multiple=True) in {"blank", "unclear"}
    if not is_blank or len(cells.copies(cell)) > 1:
        return ""
    below = [other.source for other in added[:MAX_READ_CELLS]]
    is_answered = any(kind.is_in_words(text, source_cell.source) for text in below)
    return kind.answer_below if is_answered else ""


def _added_cells(added: CellsByPosition, position: int) -> list[NotebookNode]:
    """Return the cells that the student added at a position, without metadata and outputs."""
    nodes = []
    for index, cell in enumerate(added[position]):
        # nbformat's `new_code_cell` would validate each cell as if it were a whole notebook.
        node = NotebookNode(id=f"extra-{position + 1}-{index}", cell_type="markdown")
        if cell.kind == "code":
            node.update(cell_type="code", outputs=[], execution_count=None)
        node.update(metadata=NotebookNode(), source=_text(cell))
        if cell.left_out:
            cells.set_course(node, left_out=cell.left_out, notes=[cell.left_out])
        nodes.append(node)
    return nodes
