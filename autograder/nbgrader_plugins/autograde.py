"""``nbgrader autograde``: merge a submission into the instructor's notebook and grade it."""

from __future__ import annotations

import copy
import dataclasses
import functools
import glob
from pathlib import Path
from typing import Any, ClassVar, Final

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearSolutions,
    NbGraderPreprocessor,
)
from traitlets import Bool, Dict, Float, Int, List, TraitError, Unicode, validate
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder import cells
from autograder.grading import bounded, grade_notebook
from autograder.grading.settings import GradingSettings
from autograder.nbgrader_plugins import (
    completed_source,
    find_files,
    gradebook_connection,
    gradebook_reader,
)
from autograder.nbgrader_plugins.collect import exchange_zone, sanitize_folder
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.gradebook import write_scores
from autograder.nbgrader_plugins.late_policy import LatePolicy, read_policy
from autograder.sandbox.limits import Limits
from autograder.sandbox.protection import WEAKNESSES, Weakness
from autograder.student_text import CODE_STUBS, NBGRADER_STUBS, TEXT_STUB, Stubs

Resources = dict[str, Any]


def expect_notebooks(assignment: str, student: str, notebooks: list[str]) -> None:  # noqa: ARG001
    """Sanitize a submission, and list the assignment's notebooks in place of those handed in.

    nbgrader calls this in the course's folder before it grades a submission. Without it, a
    renamed notebook would stop the run, and nbgrader would copy the targets of links.
    """
    folder = Path(notebooks[0]).parent
    sanitize_folder(folder, _course_zone(Path.cwd()))
    find_files.limit_files(folder)
    expected = sorted(Path("source", folder.name).glob("*.ipynb"))
    notebooks[:] = [str(folder / path.name) for path in expected] or notebooks


def _list_submissions(converter: Autograde) -> None:
    """List all submissions, also those without a notebook, which nbgrader would skip.

    The notebook may have another ending or be in a folder. `expect_notebooks` completes the list.
    """
    course = converter.coursedir
    pattern = converter._format_source(course.assignment_id, course.student_id)  # noqa: SLF001
    folders = [path for path in sorted(glob.glob(pattern)) if Path(path).is_dir()]  # noqa: PTH207
    if not folders or course.notebook_id != "*":
        _list_notebooks(converter)
        return
    converter.notebooks = []
    converter.assignments = {folder: [f"{folder}/any.ipynb"] for folder in folders}


# nbgrader lists the submissions before it calls any hook.
_list_notebooks: Final = Autograde.init_notebooks
Autograde.init_notebooks = _list_submissions


@functools.cache
def _course_zone(root: Path) -> str:
    """Return the zone of a course; nbgrader calls hooks without its configuration."""
    try:
        return exchange_zone(PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config())
    except Exception:  # noqa: BLE001  (an exception would prevent sanitizing the submission)
        return "UTC"


class ReadSubmission(NotebookExporter):
    """Read the instructor's notebook for a submission, or a notebook that is already merged."""

    def __init__(self, config: Config | None = None, **settings: Any) -> None:
        """Check names and cells before `nbgrader autograde` changes anything.

        Raises:
            NbGraderException: The gradebook doesn't have the cells of ``source/``.
        """
        super().__init__(config=config, **settings)  # type: ignore[no-untyped-call]
        if isinstance(self.parent, Autograde):
            paths = CoursePaths(self.parent.coursedir, self.parent.coursedir.assignment_id)
            for path, problem in paths.invalid_submissions().items():
                if self.parent.assignments.pop(str(path), None):
                    self.log.error("Not graded: %s. Rename the folder.", problem)
            _check_gradebook(self.parent, paths)

    def from_filename(
        self, filename: str, resources: Resources | None = None, **settings: Any
    ) -> Any:
        """Read a notebook and run the preprocessors on it."""
        path = Path(filename)
        resources = dict(resources or {})
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        if any(isinstance(step, MergeSubmission) for step in self._preprocessors):
            nb = read_source_notebook(self, resources)
            cells.set_stubs(nb, own_stubs(self.config))
            names = [source.name for source in _source_folder(self, resources).glob("*.ipynb")]
            is_any = self.config.Grade.get("any_variant", False)
            student = None if is_any else resources["nbgrader"]["student"]
            resources["submitted"] = path, names, _ignored_files(self), student
        else:
            nb = NotebookNode(nbformat.read(path, as_version=4))
        return self.from_notebook_node(nb, resources=resources, **settings)  # type: ignore[no-untyped-call] # nbconvert has no types


def _check_gradebook(converter: Autograde, paths: CoursePaths) -> None:
    """Require the cells of ``source/``; set late penalties, also of submissions to be skipped."""
    maxima = {}
    try:
        source = completed_source.folder(paths)
        read_policy(converter.config)  # an invalid one stops here
    except CourseError as error:
        converter.log.error("%s", error)  # noqa: TRY400  (the traceback wouldn't help)
        raise NbGraderException(str(error)) from error
    for path in source.glob("*.ipynb"):
        nb = NotebookNode(nbformat.read(path, as_version=4))
        for name, cell in cells.graded_cells(nb).items():
            maxima[path.stem, name] = float(cells.max_points(cell))
    assignment = converter.coursedir.assignment_id
    try:
        stored = gradebook_reader.read_scores(paths.db_url, assignment)
    except (CourseError, gradebook_connection.GradebookLockedError):
        return  # nbgrader waits, or says what is missing
    try:
        gradebook_reader.require_same_cells(assignment, stored.maxima, maxima)
    except CourseError as error:
        converter.log.error("%s", error)  # noqa: TRY400  (the traceback wouldn't help)
        raise NbGraderException(str(error)) from error
    policy = LatePolicy(converter.config, paths.db_url, assignment)
    for student, submission in stored.submissions.items():
        if not policy.is_current(student, submission):
            for notebook in submission.penalties:
                policy.apply(student, notebook)


class MergeSubmission(NbGraderPreprocessor):
    """Put the student's answers into the instructor's notebook."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Merge the submission, unless it is graded already."""
        graded = grade_notebook.available_result(resources["nbgrader"]["notebook"])
        if graded is not None:
            return copy.deepcopy(graded.nb), resources
        return bounded.merge_submission(nb, *resources["submitted"]), resources


class Grade(NbGraderPreprocessor):
    """Run the merged notebook, score it and write the scores to the gradebook."""

    _reported: ClassVar[set[Weakness]] = set()  # each is logged once
    cell_seconds = Float(30.0, help="Time limit for one cell, in seconds.").tag(config=True)
    notebook_seconds = Float(300.0, help="Time limit for a whole notebook, in seconds.").tag(
        config=True
    )
    start_seconds = Float(
        60.0, help="Extra seconds for the imports of a new kernel, on top of these limits."
    ).tag(config=True)
    allow_unprotected = Bool(
        default_value=False,
        help="Whether to grade on a host that can't sandbox students' code.",
    ).tag(config=True)

    limits = Dict(
        key_trait=Unicode(),
        value_trait=Int(),
        help="Limits of a kernel that differ from the defaults: memory, processes, cpu_seconds,"
        " disk, files, file_size, open_files. Sizes are in bytes.",
    ).tag(config=True)
    visible = List(Unicode(), help="Additional folders that students' code may read.").tag(
        config=True
    )
    shortcut = Bool(
        default_value=True,
        help="Whether to skip cells no graded test depends on, unless a failed test might.",
    ).tag(config=True)
    any_variant = Bool(
        default_value=False,
        help="Whether to grade any variant of a question pool, for students whose computers don't"
        " know the names they are graded under. By default, only their own.",
    ).tag(config=True)
    warm = Bool(
        default_value=True,
        help="Whether to fork kernels from a process that has already imported their libraries.",
    ).tag(config=True)

    @validate("limits")
    def _check_limits(self, proposal: dict[str, Any]) -> dict[str, int]:
        limits: dict[str, int] = proposal["value"]
        known = [field.name for field in dataclasses.fields(Limits)]
        for name, value in limits.items():
            if name not in known:
                raise TraitError(
                    f"c.Grade.limits: unknown limit {name!r}; choose from {', '.join(known)}"
                )
            if value <= 0:
                raise TraitError(f"c.Grade.limits: {name} must be above 0, got {value}")
        return limits

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Grade one notebook."""
        nbgrader = resources["nbgrader"]
        graded = grade_notebook.available_result(nbgrader["notebook"])
        if graded is None:
            source_nb = read_source_notebook(self.parent, resources)
            cells.set_stubs(source_nb, own_stubs(self.config))
            folder = Path(resources["metadata"]["path"])
            graded = bounded.grade(nb, source_nb, folder, self.settings())
        for weakness in graded.weaknesses:
            if weakness not in self._reported:
                self._reported.add(weakness)
                self.log.warning(WEAKNESSES[weakness])
        for name, reason in graded.faults.items():
            self.log.error("%s: %s", name, reason)
        with Gradebook(nbgrader["db_url"], self.parent.parent.coursedir.course_id) as gradebook:
            keys = nbgrader["notebook"], nbgrader["assignment"], nbgrader["student"]
            write_scores(gradebook, gradebook.find_submission_notebook(*keys), graded)
        return graded.nb, resources

    def settings(self) -> GradingSettings:
        """Return the configured settings."""
        names = [field.name for field in dataclasses.fields(GradingSettings)]
        values = {name: getattr(self, name) for name in names if self.has_trait(name)}
        # What `nbgrader autograde --no-execute` sets.
        execute = self.config.Execute.get("enabled", True)
        tuples = {"visible": tuple(self.visible), "stubs": own_stubs(self.config)}
        return GradingSettings(**values | tuples | {"execute": execute})


def configured_stubs(config: Config) -> Stubs:
    """Return what `nbgrader generate_assignment` puts in place of solutions."""
    step = ClearSolutions(config=config)
    return Stubs(step.code_stub, step.text_stub)


def own_stubs(config: Config) -> tuple[str, ...]:
    """Return the stubs of a course that aren't known anyway: an answer may begin with them."""
    stubs = configured_stubs(config)
    known = {*CODE_STUBS.values(), *NBGRADER_STUBS, TEXT_STUB}
    return tuple(sorted({*stubs.code.values(), stubs.text} - known - {""}))


def read_source_notebook(exporter: Any, resources: Resources) -> NotebookNode:
    """Read the instructor's version of the notebook that is being converted."""
    path = _source_folder(exporter, resources) / f"{resources['nbgrader']['notebook']}.ipynb"
    return cells.read_source(path)


def _ignored_files(exporter: Any) -> list[str]:
    return list(exporter.parent.coursedir.ignore)


def _source_folder(exporter: Any, resources: Resources) -> Path:
    paths = CoursePaths(exporter.parent.coursedir, resources["nbgrader"]["assignment"])
    return completed_source.folder(paths)


SANITIZE_PREPROCESSORS: Final = [MergeSubmission, CheckCellMetadata]
AUTOGRADE_PREPROCESSORS: Final = [Grade, AssignLatePenalties, CheckCellMetadata]
