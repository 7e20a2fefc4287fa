"""Bring the gradebook's cells of an assignment up to date, and keep what students have earned.

nbgrader refuses to add or remove cells once something was submitted, and doesn't notice new points.
Here every score stays whose cell stays with its points. Other cells await grading, and nothing a
person has given is lost: what belonged to a removed cell is returned, to be kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from nbformat import NotebookNode
from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SolutionCell,
    SourceCell,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import delete, select, update

from autograder import cells

_KINDS: Final[tuple[Any, ...]] = (GradeCell, SolutionCell, TaskCell, SourceCell)
_SCORED: Final = (GradeCell, TaskCell)
_COMMENTED: Final = (SolutionCell, TaskCell)

Rows = dict[str, dict[str, Any]]  # a cell's columns, by its name


@dataclass(frozen=True)
class NotebookCells:
    """The cells of a notebook that nbgrader knows, by the gradebook's table."""

    name: str
    kernelspec: str
    rows: dict[Any, Rows]

    @classmethod
    def read(cls, name: str, nb: NotebookNode) -> NotebookCells:
        """Return the cells of an instructor's notebook with checksums and without answers."""
        rows: dict[Any, Rows] = {kind: {} for kind in _KINDS}
        for cell in nb.cells:
            kinds = {
                GradeCell: cells.is_graded(cell) and not cells.is_task(cell),
                SolutionCell: cells.is_answer(cell),
                TaskCell: cells.is_task(cell),
            }
            is_locked = not cells.is_answer(cell) and (kinds[GradeCell] or cells.is_locked(cell))
            if not any(kinds.values()) and not is_locked:
                continue
            points = {"max_score": float(cells.max_points(cell)), "cell_type": cell.cell_type}
            for kind, applies in kinds.items():
                if applies:
                    rows[kind][cells.grade_id(cell)] = points if kind in _SCORED else {}
            rows[SourceCell][cells.grade_id(cell)] = {
                "cell_type": cell.cell_type,
                "locked": is_locked,
                "source": cell.source,
                "checksum": cells.checksum(cell),
            }
        return cls(name, json.dumps(nb.metadata.get("kernelspec", {})), rows)


@dataclass
class CellChanges:
    """What an update has changed.

    Attributes:
        lines: One line for each graded cell that was added, removed or got other points.
        removed: What people gave for removed cells: student, notebook, cell, score, extra credit,
            comment.
    """

    lines: list[str] = field(default_factory=list)
    removed: list[tuple[Any, ...]] = field(default_factory=list)


def update_cells(
    gradebook: Gradebook, assignment: Assignment, notebooks: Iterable[NotebookCells], *, all_: bool
) -> CellChanges:
    """Update an assignment's cells without committing.

    Args:
        gradebook: The open gradebook.
        assignment: The assignment.
        notebooks: Its notebooks as they are now.
        all_: Whether these are all its notebooks; others are removed then.
    """
    db, changes = gradebook.db, CellChanges()
    existing = {row.name: row for row in db.query(Notebook).filter_by(assignment_id=assignment.id)}
    for notebook in notebooks:
        row = existing.pop(notebook.name, None) or _add_notebook(db, assignment, notebook.name)
        row.kernelspec = notebook.kernelspec
        for kind in _KINDS:
            _update_kind(db, row, kind, notebook.rows[kind], changes)
    for row in existing.values() if all_ else ():
        for kind in _KINDS:
            _update_kind(db, row, kind, {}, changes)
        db.execute(delete(SubmittedNotebook).where(SubmittedNotebook.notebook_id == row.id))
        db.execute(delete(Notebook).where(Notebook.id == row.id))
    db.flush()
    db.expire_all()
    return changes


def _add_notebook(db: Any, assignment: Assignment, name: str) -> Notebook:
    notebook = Notebook(name=name, assignment_id=assignment.id)
    db.add(notebook)
    db.flush()
    submissions = select(SubmittedAssignment.id).filter_by(assignment_id=assignment.id)
    db.add_all(
        SubmittedNotebook(notebook_id=notebook.id, assignment_id=submission)
        for submission in db.scalars(submissions).all()
    )
    db.flush()
    return notebook


def _update_kind(db: Any, notebook: Notebook, kind: Any, rows: Rows, changes: CellChanges) -> None:
    existing = {row.name: row for row in db.query(kind).filter_by(notebook_id=notebook.id)}
    for name in existing.keys() - rows.keys():
        row = existing[name]
        if kind in _SCORED:
            changes.lines.append(f"removed: {name} ({row.max_score:g} points)")
        if kind is not SourceCell:
            changes.removed += _given_by_hand(db, notebook.name, row)
            db.execute(delete(Grade).where(Grade.cell_id == row.id))
            db.execute(delete(Comment).where(Comment.cell_id == row.id))
        db.delete(row)
    for name, values in rows.items():
        row = existing.get(name)
        if row is None:
            row = kind(name=name, notebook_id=notebook.id, **values)
            db.add(row)
            db.flush()
            _add_to_submissions(db, notebook, kind, row)
            if kind in _SCORED:
                changes.lines.append(f"added: {name} ({row.max_score:g} points)")
            continue
        if kind in _SCORED and row.max_score != values["max_score"]:
            changes.lines.append(f"points of {name}: {row.max_score:g} -> {values['max_score']:g}")
            to_grade = {"auto_score": None, "needs_manual_grade": True}
            db.execute(update(Grade).where(Grade.cell_id == row.id).values(to_grade))
        for column, value in values.items():
            setattr(row, column, value)


def _add_to_submissions(db: Any, notebook: Notebook, kind: Any, cell: Any) -> None:
    submitted = select(SubmittedNotebook.id).filter_by(notebook_id=notebook.id)
    for submitted_id in db.scalars(submitted).all():
        if kind in _SCORED:
            db.add(Grade(cell_id=cell.id, notebook_id=submitted_id))
        if kind in _COMMENTED:
            db.add(Comment(cell_id=cell.id, notebook_id=submitted_id))


def _given_by_hand(db: Any, notebook: str, cell: BaseCell) -> list[tuple[Any, ...]]:
    """Return the scores, extra credit and comments that people gave for a cell."""

    def rows(table: Any, *columns: Any) -> list[Any]:
        query = (
            select(SubmittedAssignment.student_id, *columns)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(table, table.notebook_id == SubmittedNotebook.id)
            .where(table.cell_id == cell.id)
        )
        return [row for row in db.execute(query) if any(value is not None for value in row[1:])]

    scores = rows(Grade, Grade.manual_score, Grade.extra_credit)
    comments = rows(Comment, Comment.manual_comment)
    return [
        *((student, notebook, cell.name, score, extra, None) for student, score, extra in scores),
        *((student, notebook, cell.name, None, None, text) for student, text in comments),
    ]
