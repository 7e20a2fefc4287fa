"""Write scores and comments to the gradebook."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    new_uuid,
)
from sqlalchemy import insert, select

from autograder.grading.scoring import CellScore

# nbgrader's cell types with points, and those with a comment box.
_GRADED_TYPES: Final = ("GradeCell", "TaskCell")
_COMMENTED_TYPES: Final = ("SolutionCell", "TaskCell")

NotebookResults = dict[str, tuple[list[CellScore], dict[str, str]]]


@dataclass(frozen=True)
class NotebookKey:
    """Identifies one student's notebook in one assignment."""

    assignment: str
    notebook: str
    student: str


@dataclass(frozen=True)
class NewSubmission:
    """A submission to enter in the gradebook.

    Attributes:
        assignment: The assignment's name.
        student: The student's id.
        timestamp: When it was handed in, in UTC; None if unknown.
    """

    assignment: str
    student: str
    timestamp: datetime | None


def write_scores(
    gradebook: Gradebook, key: NotebookKey, scores: list[CellScore], comments: dict[str, str]
) -> None:
    """Write the scores of one notebook in one transaction.

    A manual score stays; as in nbgrader, its cell is flagged for another look.

    Args:
        gradebook: The open gradebook.
        key: Whose notebook it is.
        scores: One for each graded cell.
        comments: Feedback for the student, by the name of the answer's cell.

    Raises:
        LookupError: The gradebook and ``source/`` have different questions.
    """
    notebook = gradebook.find_submission_notebook(key.notebook, key.assignment, key.student)
    source_cells = gradebook.db.query(BaseCell).filter_by(notebook_id=notebook.notebook_id)
    names = {cell.id: cell.name for cell in source_cells}  # one query for all of them
    grade_rows = {names[grade.cell_id]: grade for grade in notebook.grades}
    comment_rows = {names[comment.cell_id]: comment for comment in notebook.comments}
    _require_same_cells(key.assignment, grade_rows.keys(), {score.name for score in scores})
    try:
        for score in scores:
            row = grade_rows[score.name]
            row.auto_score = score.points
            row.needs_manual_grade = score.points is None or row.manual_score is not None
        for name, text in comments.items():
            comment_rows[name].auto_comment = text or None
        gradebook.db.commit()
    except BaseException:
        gradebook.db.rollback()
        raise


def insert_submission(
    gradebook: Gradebook,
    submission: NewSubmission,
    results: NotebookResults,
    *,
    create_student: bool = True,
) -> bool:
    """Enter a new submission with its scores in one transaction.

    The rows are those of nbgrader's `add_submission` followed by `write_scores` for each
    notebook, with about a twentieth of the queries.

    Args:
        gradebook: The open gradebook.
        submission: Whose it is, and from when.
        results: Scores and comments by notebook, as for `write_scores`.
        create_student: Whether to add a student missing from the gradebook.

    Returns:
        False, with nothing written, if the submission exists or has other notebooks.

    Raises:
        MissingEntry: The student is not in the gradebook.
        LookupError: The gradebook and ``source/`` have different questions.
    """
    db = gradebook.db
    is_new_student = db.get(Student, submission.student) is None
    if is_new_student and not create_student:
        raise MissingEntry(f"No such student: {submission.student}")
    query = (
        select(
            Notebook.assignment_id,
            Notebook.id.label("notebook_id"),
            Notebook.name.label("notebook_name"),
        )
        .add_columns(BaseCell.id, BaseCell.name, BaseCell.type)
        .join(Assignment, Assignment.id == Notebook.assignment_id)
        .join(BaseCell, BaseCell.notebook_id == Notebook.id)
        .where(Assignment.name == submission.assignment)
    )
    cells = db.execute(query).all()
    notebook_ids = {cell.notebook_name: cell.notebook_id for cell in cells}
    if not cells or notebook_ids.keys() != results.keys():
        return False
    submitted = {"assignment_id": cells[0].assignment_id, "student_id": submission.student}
    if db.scalar(select(SubmittedAssignment.id).filter_by(**submitted)):
        return False
    submitted |= {"id": new_uuid(), "timestamp": submission.timestamp}
    rows: dict[Any, list[dict[str, Any]]] = {
        Student: [{"id": submission.student}] if is_new_student else [],
        SubmittedAssignment: [submitted],
        SubmittedNotebook: [],
        Grade: [],
        Comment: [],
    }
    for name, notebook_id in notebook_ids.items():
        notebook = {
            "id": new_uuid(),
            "assignment_id": submitted["id"],
            "notebook_id": notebook_id,
        }
        notebook_cells = [cell for cell in cells if cell.notebook_name == name]
        grades, comments = _grade_and_comment_rows(
            submission.assignment, notebook["id"], notebook_cells, *results[name]
        )
        rows[SubmittedNotebook].append(notebook)
        rows[Grade] += grades
        rows[Comment] += comments
    try:
        for table, values in rows.items():
            if values:
                db.execute(insert(table), values)
        db.commit()
    except BaseException:
        db.rollback()
        raise
    return True


def _grade_and_comment_rows(
    assignment: str,
    notebook_id: str,
    cells: list[Any],
    scores: list[CellScore],
    comments: dict[str, str],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    points = {score.name: score.points for score in scores}
    graded = {cell.name: cell.id for cell in cells if cell.type in _GRADED_TYPES}
    _require_same_cells(assignment, graded.keys(), points.keys())
    grade_rows = [
        {"notebook_id": notebook_id, "cell_id": cell_id, "auto_score": points[name]}
        | {"needs_manual_grade": points[name] is None}
        for name, cell_id in graded.items()
    ]
    comment_rows = [
        {"notebook_id": notebook_id, "cell_id": cell.id}
        | {"auto_comment": comments.get(cell.name) or None}
        for cell in cells
        if cell.type in _COMMENTED_TYPES
    ]
    return grade_rows, comment_rows


def _require_same_cells(
    assignment: str, in_gradebook: AbstractSet[str], in_source: AbstractSet[str]
) -> None:
    if in_gradebook != in_source:
        difference = ", ".join(sorted(in_gradebook ^ in_source))
        raise LookupError(
            f"{assignment}: source/ and the gradebook differ in {difference};"
            f" run: nbgrader generate_assignment {assignment} --force"
        )
