"""``nbgrader generate_feedback``: prepare graded notebooks for the feedback page."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import nbgrader
from nbconvert.exporters import Exporter, HTMLExporter
from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook
from nbgrader.preprocessors import ClearHiddenTests, GetGrades
from traitlets import Enum
from traitlets.config import Config

from autograder import cells, score_history
from autograder.feedback import page, questions, render
from autograder.nbgrader_plugins import gradebook_connection, late_days, late_policy
from autograder.nbgrader_plugins.autograde import read_source_notebook
from autograder.nbgrader_plugins.collect import TIMESTAMP
from autograder.nbgrader_plugins.extensions import last_open_date
from course.deadlines import LateRule

SECRET: Final = "submission_secret.txt"  # noqa: S105  (a file's name)
# The parts of formgrader's page; importing formgrader would be slow.
FORMGRADER_TEMPLATES: Final = str(
    Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"
)

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
        nbgrader = resources["nbgrader"]
        with Gradebook(nbgrader["db_url"], self.parent.parent.coursedir.course_id) as gradebook:
            submitted = gradebook.find_submission_notebook(
                nbgrader["notebook"], nbgrader["assignment"], nbgrader["student"]
            )
            penalty = submitted.late_submission_penalty or 0
            nbgrader["score"], nbgrader["max_score"] = (
                submitted.score - penalty,
                submitted.max_score,
            )
            nbgrader["late_penalty"] = penalty
            root = Path(self.parent.parent.coursedir.root)
            path = score_history.history_path(root, nbgrader["assignment"], nbgrader["student"])
            rule = late_policy.effective_rule(self.config, nbgrader["assignment"])
            days_spent, days_left = _late_days(self.config, nbgrader, rule)
            submission = page.SubmissionTime(
                submitted.assignment.duedate,
                submitted.assignment.total_seconds_late,
                score_history.read(path),
                last_open_date(gradebook, submitted.notebook.assignment, rule),
                extension=submitted.assignment.extension or timedelta(),
                rule=str(rule or ""),
                late_days=days_spent,
                days_left=days_left,
            )
            grades = {grade.name: grade for grade in submitted.grades}
            comments = {comment.name: comment for comment in submitted.comments}
            for cell in nb.cells:
                name = cells.grade_id(cell)
                if name in grades:
                    _show_grade(cell, grades[name])
                if name in comments:
                    comment = comments[name]
                    cells.set_nbgrader(
                        cell,
                        auto_comment=comment.auto_comment,
                        manual_comment=comment.manual_comment,
                    )
        now = datetime.now(UTC).replace(tzinfo=None)
        reveal = questions.reveals_key(self.reveal, submission.last_open_date, now)
        source_nb = read_source_notebook(self.parent, resources)
        resources["feedback"] = page.prepare_page(
            nb,
            source_nb,
            submission,
            reveal=reveal,
            policy=self.reveal,
        )
        return nb, resources


def _late_days(
    config: Config, names: Mapping[str, str], rule: LateRule | None
) -> tuple[int, int | None]:
    """Return the late days that a submission takes, and how many the student has left.

    The latter is None for an assignment without late days.
    """
    policy = late_policy.read_policy(config) if rule and rule.late_days else None
    if policy is None:
        return 0, None
    with gradebook_connection.connect(names["db_url"]) as connection:
        works = late_days.read(connection, policy, names["student"]).get(names["student"], {})
    spent = works[names["assignment"]].days_spent if names["assignment"] in works else 0
    return spent, late_days.days_left(policy, works)


def _show_grade(cell: NotebookNode, grade: Grade) -> None:
    """Write into a cell what `cells.gradebook_score` reads."""
    has_score = grade.auto_score is not None or grade.manual_score is not None
    cells.set_nbgrader(
        cell,
        score=grade.score if has_score else None,
        points=grade.max_score,
        by_hand=grade.manual_score is not None or bool(grade.extra_credit),
    )


class FeedbackExporter(HTMLExporter):
    """Render feedback pages within limits, and keep students' other files out of the folder."""

    def __init__(self, config: Any = None, **settings: Any) -> None:
        """Let the converter that uses this exporter copy no files."""
        super().__init__(config=config, **settings)  # type: ignore[no-untyped-call] # nbconvert has no types
        if self.parent is not None:
            course = copy.copy(self.parent.coursedir)  # others keep using the original
            course.ignore = ["*"]
            self.parent.coursedir = course

    def from_notebook_node(  # type: ignore[override]  # as in nbconvert's own HTMLExporter
        self, nb: NotebookNode, resources: Resources | None = None, **settings: Any
    ) -> tuple[str, Resources]:
        """Return the page on one graded notebook."""
        nb, made = Exporter.from_notebook_node(self, nb, resources, **settings)
        shown = {name: made[name] for name in ("nbgrader", "feedback")}
        return render.render_page(nb, shown, self.extra_template_basedirs), made


def finish_pages(
    assignment: str,  # noqa: ARG001  (nbgrader passes it)
    student: str,  # noqa: ARG001  (as above)
    notebooks: list[str],
) -> None:
    """Complete a student's folder of feedback pages.

    nbgrader calls this when the pages are written. A page on a renamed notebook is copied to the
    name under which the notebook was submitted: students fetch feedback by the name of a notebook
    in the submitted folder itself. Of the submission's other files, only those are copied that
    releasing needs.
    """
    graded = Path(notebooks[0]).parent
    folder = Path("feedback", *graded.parts[-2:])
    for name, original in page_names(graded).items():
        if name != original and (folder / original).is_file():
            shutil.copyfile(folder / original, folder / name)
    for name in (TIMESTAMP, SECRET):
        if is_regular_file(graded / name):
            shutil.copyfile(graded / name, folder / name)


def page_names(graded: Path) -> dict[str, str]:
    """Return the name of each page to release, with that of the page it is a copy of.

    Args:
        graded: A student's folder in ``autograded/``.
    """
    own, renamed = {}, {}
    for path in sorted(graded.glob("*.ipynb")):
        name = f"{path.stem}.html"
        own[name] = name
        submitted = Path(cells.submitted_file(json.loads(path.read_bytes())))
        if submitted.suffix == ".ipynb" and len(submitted.parts) == 1:
            renamed[f"{submitted.stem}.html"] = name
    return renamed | own


def is_regular_file(path: Path) -> bool:
    """Return whether a path is a file and not a link to one."""
    return path.is_file() and not path.is_symlink()


PREPROCESSORS: Final = [HideTests, ShowGrades]
