"""``nbgrader generate_feedback``: prepare graded notebooks for the feedback page."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import ClearHiddenTests, GetGrades
from traitlets import Enum

from autograder import cells
from autograder.feedback import page, questions
from autograder.nbgrader_plugins.autograde import read_source_notebook

Resources = dict[str, Any]


class HideTests(ClearHiddenTests):
    """Remove the hidden part of tests, but leave students' cells unchanged."""

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, cell_index: int) -> Any:
        """Clear one cell; nbgrader's own step fails on a student's cell with its marker."""
        if cells.is_test(cell):
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources


class ShowGrades(GetGrades):
    """Add scores, answers and comments to a notebook for the feedback page."""

    reveal = Enum(
        questions.REVEAL_POLICIES,
        default_value="after the due date",
        help="When feedback shows the right options and the explanations.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Prepare one notebook."""
        nb, resources = super().preprocess(nb, resources)
        nbgrader = resources["nbgrader"]
        with Gradebook(nbgrader["db_url"], self.parent.parent.coursedir.course_id) as gradebook:
            submitted = gradebook.find_submission_notebook(
                nbgrader["notebook"], nbgrader["assignment"], nbgrader["student"]
            )
            due_date = submitted.assignment.duedate
            ungraded = {
                grade.name
                for grade in submitted.grades
                if grade.auto_score is None and grade.manual_score is None
            }
        for cell in nb.cells:
            if cells.grade_id(cell) in ungraded:
                cells.set_nbgrader(cell, score=None)
        now = datetime.now(UTC).replace(tzinfo=None)
        reveal = questions.reveals_key(self.reveal, due_date, now)
        source_nb = read_source_notebook(self.parent, resources)
        resources["feedback"] = page.prepare_page(nb, source_nb, reveal=reveal)
        return nb, resources


def copy_feedback_for_renamed(
    assignment: str,  # noqa: ARG001  (nbgrader passes it)
    student: str,  # noqa: ARG001  (as above)
    notebooks: list[str],
) -> None:
    """Copy the feedback on a renamed notebook to the name under which it was submitted.

    nbgrader calls this when the pages are written. Students fetch feedback by the name of a
    notebook in the submitted folder itself.
    """
    for path in map(Path, notebooks):
        submitted = Path(cells.submitted_file(nbformat.read(path, as_version=4)))
        html = Path("feedback", *path.parts[-3:-1], f"{path.stem}.html")
        is_renamed = submitted.suffix == ".ipynb" and len(submitted.parts) == 1
        if is_renamed and submitted.name != path.name and html.exists():
            shutil.copyfile(html, html.with_name(f"{submitted.stem}.html"))


PREPROCESSORS: Final = [HideTests, ShowGrades]
