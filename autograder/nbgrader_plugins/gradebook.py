"""Write scores and comments to the gradebook; after an error, close it or remove its session."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import insert, select

from autograder.grading.grade_notebook import GradedNotebook

# nbgrader's cell types with points, and those with a comment box.
_GRADED_TYPES: Final = ("GradeCell", "TaskCell")
_COMMENTED_TYPES: Final = ("SolutionCell", "TaskCell")


def write_scores(
    gradebook: Gradebook,
    notebook: SubmittedNotebook,
    graded: GradedNotebook,
    *,
    unchanged: bool = False,
) -> None:
    """Write the scores and comments of one notebook in one transaction.

    A manual score stays; as in nbgrader, its cell is flagged for another look.

    Args:
        gradebook: The open gradebook.
        notebook: The submitted notebook.
        graded: The result.
        unchanged: Whether the result was written before; flags stay then where scores do.

    Raises:
        LookupError: The gradebook and ``source/`` have different questions.
    """
    source_cells = gradebook.db.query(BaseCell).filter_by(notebook_id=notebook.notebook_id)
    names = {cell.id: cell.name for cell in source_cells}  # one query for all of them
    grade_rows = {names[grade.cell_id]: grade for grade in notebook.grades}
    comment_rows = {names[comment.cell_id]: comment for comment in notebook.comments}
    scored = {score.name for score in graded.scores}
    _require_same_cells(notebook.assignment.name, grade_rows.keys(), scored)
    for score in graded.scores:
        row = grade_rows[score.name]
        if not unchanged or row.auto_score != score.points:
            row.needs_manual_grade = score.points is None or row.manual_score is not None
        row.auto_score = score.points
    for name, text in graded.comments.items():
        comment_rows[name].auto_comment = text or None
    gradebook.db.commit()


def insert_submission(
    gradebook: Gradebook,
    assignment: str,
    student: str,
    timestamp: datetime | None,
    graded: Mapping[str, GradedNotebook],
) -> bool:
    """Enter a new submission with its scores, and its student if missing, in one transaction.

    The rows are those of nbgrader's `add_submission` followed by `write_scores` for each
    notebook, with about a twentieth of the queries.

    Args:
        gradebook: The open gradebook.
        assignment: The assignment's name.
        student: The student's id.
        timestamp: When it was handed in, in UTC; None if unknown.
        graded: The graded notebooks, by name.

    Returns:
        False, with nothing written, if the submission exists or has other notebooks.

    Raises:
        LookupError: The gradebook and ``source/`` have different questions.
    """
    db = gradebook.db
    query = (
        select(BaseCell.id, BaseCell.name, BaseCell.type, Notebook.assignment_id)
        .add_columns(Notebook.id.label("notebook_id"), Notebook.name.label("notebook_name"))
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .join(BaseCell, BaseCell.notebook_id == Notebook.id)
        .where(Assignment.name == assignment)
    )
    cells = db.execute(query).all()
    notebook_ids = {cell.notebook_name: cell.notebook_id for cell in cells}
    if not cells or notebook_ids.keys() != graded.keys():
        return False
    submission = {"assignment_id": cells[0].assignment_id, "student_id": student}
    if db.scalar(select(SubmittedAssignment.id).filter_by(**submission)):
        return False
    submission |= {"id": new_uuid(), "timestamp": timestamp}
    rows: dict[Any, list[dict[str, Any]]] = {
        Student: [{"id": student}] if db.get(Student, student) is None else [],
        SubmittedAssignment: [submission],
        SubmittedNotebook: [],
        Grade: [],
        Comment: [],
    }
    for name, notebook_id in notebook_ids.items():
        notebook = {"id": new_uuid(), "notebook_id": notebook_id}
        rows[SubmittedNotebook].append(notebook | {"assignment_id": submission["id"]})
        points = {score.name: score.points for score in graded[name].scores}
        notebook_cells = [cell for cell in cells if cell.notebook_name == name]
        graded_cells = {cell.name: cell.id for cell in notebook_cells if cell.type in _GRADED_TYPES}
        _require_same_cells(assignment, graded_cells.keys(), points.keys())
        rows[Grade] += [
            {"notebook_id": notebook["id"], "cell_id": cell_id, "auto_score": points[name]}
            | {"needs_manual_grade": points[name] is None}
            for name, cell_id in graded_cells.items()
        ]
        rows[Comment] += [
            {"notebook_id": notebook["id"], "cell_id": cell.id}
            | {"auto_comment": graded[name].comments.get(cell.name) or None}
            for cell in notebook_cells
            if cell.type in _COMMENTED_TYPES
        ]
    for table, values in rows.items():
        if values:
            db.execute(insert(table), values)
    db.commit()
    return True


def _require_same_cells(
    assignment: str, in_gradebook: AbstractSet[str], in_source: AbstractSet[str]
) -> None:
    if in_gradebook != in_source:
        difference = ", ".join(sorted(in_gradebook ^ in_source))
        raise LookupError(
            f"{assignment}: source/ and the gradebook differ in {difference};"
            f" run: nbgrader generate_assignment {shlex.quote(assignment)}"
        )
