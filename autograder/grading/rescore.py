"""Score questions again with a corrected key, without running any code again."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet

import nbformat
from nbformat import NotebookNode

from autograder import cells
from autograder.grading import comments, scoring
from autograder.grading.grade_notebook import GradedNotebook, QuizAnswer


def rescore(
    graded: GradedNotebook, source_nb: NotebookNode, names: AbstractSet[str]
) -> GradedNotebook:
    """Return a result with some questions scored by the instructor's present key.

    What a student ticked is in the result, so the points are those of a complete run.

    Args:
        graded: The result of an earlier run, with the answers it has read.
        source_nb: The instructor's notebook; it differs from that run's only in keys.
        names: The questions to score.
    """
    source_cells = {cells.grade_id(cell): cell for cell in source_nb.cells if cells.is_quiz(cell)}
    scores = {score.name: score for score in graded.scores}
    changed = set()
    for name in names & source_cells.keys() & graded.answers.keys():
        answer = _answer_cell(graded.answers[name])
        score = scoring.score(source_cells[name], answer, None)
        if score != scores[name]:
            changed.add(name)
            scores[name] = score
    if not changed:
        return graded
    nb = NotebookNode(nbformat.from_dict(json.loads(graded.notebook)))
    texts = dict(graded.comments)
    for cell in nb.cells:
        name = cells.grade_id(cell)
        if name in changed and cells.is_quiz(cell):
            cells.set_score_record(cell, scores[name].to_json())
            texts[name] = comments.question_comment(cell, scores[name])
    return graded.model_copy(
        update={
            "notebook": nbformat.writes(nb, indent=None),
            "scores": list(scores.values()),
            "comments": texts,
        }
    )


def _answer_cell(answer: QuizAnswer) -> NotebookNode:
    """Return the cell as merging left it."""
    cell = NotebookNode(
        cell_type="markdown", id="answer", source=answer.copies[0], metadata=NotebookNode()
    )
    entries = {"notes": answer.notes, "left_out": answer.left_out}
    cells.set_course(cell, copies=answer.copies, **{k: v for k, v in entries.items() if v})
    if answer.variant is not None:
        cells.set_course(cell, variant=answer.variant)
    return cell
