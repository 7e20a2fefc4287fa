"""The steps that nbgrader runs, in nbgrader's own lists; each step is thin and calls a room."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    GetGrades,
    LockCells,
    NbGraderPreprocessor,
    SaveCells,
)
from traitlets import Bool, Dict, Enum, Float, Int, List, TraitError, Unicode, validate

from autograder import cells
from autograder.feedback import page, questions
from autograder.grading import grade_notebook, merge, submission
from autograder.grading.settings import GradingSettings
from autograder.nbgrader_plugins import gradebook
from autograder.nbgrader_plugins.collect import sanitize_folder
from autograder.publish import release_check
from autograder.sandbox.limits import Limits
from course import quiz

Resources = dict[str, Any]


class ClearAnswers(ClearSolutions):
    """Take the solutions out of code cells, and key and explanations out of questions."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Clear one cell; nbgrader's own step would empty a question."""
        if cells.is_quiz(cell):
            cell.source = quiz.bare(cell.source)
            return cell, resources
        cleared: tuple[NotebookNode, Resources] = super().preprocess_cell(
            cell, resources, cell_index
        )
        return cleared


def expect_notebooks(assignment: str, student: str, notebooks: list[str]) -> None:  # noqa: ARG001
    """Expect every notebook of the assignment in a submission, under its own name.

    nbgrader calls this before it grades a submission, in the course's folder, and lets
    it change the list: without it, a renamed notebook would be an error of the run. Links and
    the like are removed here, before nbgrader copies what they point to.
    """
    folder = Path(notebooks[0]).parent
    sanitize_folder(folder)
    wanted = sorted(Path("source", folder.name).glob("*.ipynb"))
    notebooks[:] = [str(folder / path.name) for path in wanted] or notebooks


class ReadSubmission(NotebookExporter):
    """Read what was handed in without failing, or our own graded notebook as it is."""

    def from_filename(
        self, filename: str, resources: Resources | None = None, **settings: Any
    ) -> Any:
        """Read a notebook and run the steps over it."""
        path = Path(filename)
        resources = dict(resources or {})
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        if any(isinstance(step, FitFrame) for step in self._preprocessors):
            nb = _frame(_coursedir(self), resources)
            resources["submission"] = submission.read(path, cells.grade_ids(nb))
        else:
            nb = NotebookNode(nbformat.read(path, as_version=4))
        return self.from_notebook_node(nb, resources=resources, **settings)  # type: ignore[no-untyped-call] # nbconvert has no types


class FitFrame(NbGraderPreprocessor):
    """Put the student's answers into the instructor's notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Fit the submission that was read into its frame."""
        return merge.merge_submission(nb, resources["submission"]), resources


class Grade(NbGraderPreprocessor):
    """Run the fitted notebook, decide the points, and write them down."""

    cell_seconds = Float(30.0, help="Seconds that one cell may run.").tag(config=True)
    notebook_seconds = Float(300.0, help="Seconds that a whole notebook may run.").tag(config=True)
    start_seconds = Float(60.0, help="Seconds on top of that for imports in a new kernel.").tag(
        config=True
    )
    allow_unprotected = Bool(
        default_value=False,
        help="Whether to grade where the host can't keep students' code in its place.",
    ).tag(config=True)

    limits = Dict(
        key_trait=Unicode(),
        value_trait=Int(),
        help="What a kernel may use, where not the usual: memory, processes, cpu_seconds, disk,"
        " files, file_size, open_files. Sizes are in bytes.",
    ).tag(config=True)
    visible = List(Unicode(), help="Further folders that students' code may read.").tag(config=True)
    shortcut = Bool(
        default_value=True,
        help="Whether to leave out cells that no point depends on, unless a missed point might.",
    ).tag(config=True)
    warm = Bool(
        default_value=True,
        help="Whether to fork kernels from a process that has loaded their libraries.",
    ).tag(config=True)

    @validate("limits")
    def _known(self, proposal: dict[str, Any]) -> dict[str, int]:
        limits: dict[str, int] = proposal["value"]
        known = [field.name for field in dataclasses.fields(Limits)]
        for name, value in limits.items():
            if name not in known:
                raise TraitError(f"c.Grade.limits: no limit {name!r}; there are {', '.join(known)}")
            if value <= 0:
                raise TraitError(f"c.Grade.limits: {name}={value}; a limit is above 0")
        return limits

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Grade one notebook."""
        coursedir = _coursedir(self.parent)
        where = resources["nbgrader"]
        graded = grade_notebook.available_result(where["notebook"])
        if graded is None:
            folder = Path(resources["metadata"]["path"])
            graded = grade_notebook.grade(nb, _frame(coursedir, resources), folder, self.settings())
        for name, reason in graded.faults.items():
            self.log.error("%s: %s", name, reason)
        place = gradebook.NotebookKey(where["assignment"], where["notebook"], where["student"])
        gradebook.save_scores(
            where["db_url"], coursedir.course_id, place, graded.verdicts, graded.told
        )
        return graded.nb, resources

    def settings(self) -> GradingSettings:
        """Return what ``nbgrader_config.py`` says about grading."""
        return GradingSettings(
            self.cell_seconds,
            self.notebook_seconds,
            self.start_seconds,
            self.allow_unprotected,
            dict(self.limits),
            tuple(self.visible),
            shortcut=self.shortcut,
            warm=self.warm,
        )


class HideTests(ClearHiddenTests):
    """Take the hidden part out of tests, and leave alone what a student wrote."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: Resources, cell_index: int
    ) -> tuple[NotebookNode, Resources]:
        """Clear one cell; nbgrader's own step stops at a student's cell with such a mark."""
        if not cells.is_test(cell):
            return cell, resources
        cleared: tuple[NotebookNode, Resources] = super().preprocess_cell(
            cell, resources, cell_index
        )
        return cleared


class ShowGrades(GetGrades):
    """Put scores, choices and comments into the notebook that becomes the feedback page."""

    reveal = Enum(
        questions.POLICIES,
        default_value="after the due date",
        help="When feedback shows the right options of a question and the explanations.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Show one notebook's grades."""
        coursedir = _coursedir(self.parent)
        nb, resources = super().preprocess(nb, resources)
        where = resources["nbgrader"]
        place = gradebook.NotebookKey(where["assignment"], where["notebook"], where["student"])
        waiting, duedate = gradebook.ungraded_cells_and_due_date(
            where["db_url"], coursedir.course_id, place
        )
        for cell in nb.cells:
            if cells.grade_id(cell) in waiting:
                cells.mark_awaiting_grading(cell)
        now = datetime.now(UTC).replace(tzinfo=None)
        reveal = questions.reveals(self.reveal, duedate, now)
        framed = _frame(coursedir, resources)
        resources["feedback"] = page.prepare(nb, framed, reveal=reveal)
        return nb, resources


def rename_feedback(assignment: str, student: str, notebooks: list[str]) -> None:  # noqa: ARG001
    """Give feedback for a renamed notebook the student's file name too.

    nbgrader calls this after it made the pages. A student fetches feedback by the name of
    the file that was handed in.
    """
    for path in map(Path, notebooks):
        submitted = cells.submitted_file(nbformat.read(path, as_version=4)) or path.name
        made = Path("feedback", *path.parts[-3:-1], f"{path.stem}.html")
        if submitted != path.name and made.exists():
            shutil.copyfile(made, made.with_name(f"{Path(submitted).stem}.html"))


def _coursedir(exporter: Any) -> Any:
    """The course's folders, from nbgrader's converter, which made the exporter."""
    return exporter.parent.coursedir


def _frame(coursedir: Any, resources: Resources) -> NotebookNode:
    """Read the instructor's notebook that belongs to the notebook in hand."""
    where = resources["nbgrader"]
    folder = coursedir.format_path(coursedir.source_directory, ".", where["assignment"])
    path = Path(folder) / f"{where['notebook']}.ipynb"
    return NotebookNode(nbformat.read(path, as_version=4))


PUBLISH: Final = [
    LockCells,
    ClearAnswers,
    ClearOutput,
    CheckCellMetadata,
    ComputeChecksums,
    SaveCells,
    ClearHiddenTests,
    ClearMarkScheme,
    ComputeChecksums,
    CheckCellMetadata,
    release_check.Gate,
]
SANITIZE: Final = [FitFrame, CheckCellMetadata]
AUTOGRADE: Final = [Grade, AssignLatePenalties, CheckCellMetadata]
FEEDBACK: Final = [HideTests, ShowGrades]
