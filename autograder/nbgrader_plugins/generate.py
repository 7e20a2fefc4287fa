"""Generate an assignment again while students work on it, and lose nothing if that fails.

nbgrader first deletes the old release and then tries to make the new one. Here the new one is made
next to it, then the gradebook is updated, and both take effect together or not at all.
"""

from __future__ import annotations

import contextlib
import copy
import csv
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder import audit_log, cells
from autograder.nbgrader_plugins import completed_source, gradebook_reader
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.gradebook_cells import CellChanges, NotebookCells, update_cells
from autograder.student_names import printable

REMOVED_SCORES: Final = "removed-scores.csv"  # in .grading/ASSIGNMENT


@dataclass
class _Generated:
    """What a run of nbgrader's converter has made, besides the release."""

    cells: list[NotebookCells] = field(default_factory=list)
    sources: dict[str, NotebookNode] = field(default_factory=dict)  # by notebook


_generated: ContextVar[_Generated | None] = ContextVar("generated", default=None)


class RememberSource(preprocessors.NbGraderPreprocessor):
    """Keep the instructor's notebook as it is after headers and autotests were added to it."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Give ids to cells without one, and keep a copy of the notebook."""
        cells.add_ids(nb)
        resources["completed_source"] = copy.deepcopy(nb)
        if (generated := _generated.get()) is not None:
            generated.sources[resources["nbgrader"]["notebook"]] = resources["completed_source"]
        return nb, resources


class SaveCells(preprocessors.SaveCells):
    """Collect a notebook's cells for the gradebook; nbgrader's own step refuses to change them."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Collect the cells of one notebook."""
        generated = _generated.get()
        if generated is None:  # in a course whose settings lack `SafeGenerate`
            return tuple(super().preprocess(nb, resources))
        generated.cells.append(NotebookCells.read(resources["nbgrader"]["notebook"], nb))
        return nb, resources


class SafeGenerate(NotebookExporter):
    """Makes ``nbgrader generate_assignment`` keep the old release until the new one is complete.

    Example:
        ``c.GenerateAssignment.exporter_class = SafeGenerate``
    """

    def __init__(self, config: Config | None = None, **settings: Any) -> None:
        """Do all of the converter's work, which creates its exporter before it deletes anything."""
        super().__init__(config=config, **settings)  # type: ignore[no-untyped-call]
        converter = self.parent
        if isinstance(converter, GenerateAssignment):
            for folder in sorted(converter.assignments):
                name = _assignment_name(converter.coursedir, folder)
                release = CoursePaths(converter.coursedir, name).release
                if converter.force or not release.exists():  # else nbgrader skips it
                    _generate(converter, name, release)
                    del converter.assignments[folder]


def _assignment_name(course: CourseDirectory, folder: str) -> str:
    pattern = course.format_path(course.source_directory, ".", "(?P<name>.*)", escape=True)
    match = re.fullmatch(pattern, folder)
    return match["name"] if match else Path(folder).name


def _generate(converter: GenerateAssignment, name: str, release: Path) -> None:
    course, generated = converter.coursedir, _Generated()
    release.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".generate-", dir=release.parent) as temp:
        traits = {trait: getattr(course, trait) for trait in course.trait_names(config=True)}
        staged = CourseDirectory(
            **{**traits, "assignment_id": name, "release_directory": f"{temp}/new"}
        )
        new = CoursePaths(staged, name).release
        if course.notebook_id != "*" and release.exists():
            shutil.copytree(release, new)
        config = copy.deepcopy(converter.config)
        config.GenerateAssignment.exporter_class = NotebookExporter
        nested = GenerateAssignment(coursedir=staged, config=config)
        nested.log, nested.force, nested.no_database = converter.log, True, True
        token = _generated.set(generated)
        try:
            nested.start()
        finally:
            _generated.reset(token)
        paths = CoursePaths(course, name)
        if converter.no_database or not generated.cells:
            with _swapped(new, release, Path(temp, "old")):
                completed_source.keep(paths, generated.sources)
                return
        try:
            with (
                _gradebook_update(converter, name, generated.cells) as commit,
                _swapped(new, release, Path(temp, "old")),
            ):
                completed_source.keep(paths, generated.sources)
                commit()
            audit_log.try_record(Path(course.root), "generate", converter.log, assignment=name)
        except SQLAlchemyError as error:
            raise _failure(converter, f"Nothing was changed: the gradebook: {error}") from error


def _failure(converter: GenerateAssignment, message: str) -> NbGraderException:
    converter.log.error("%s", message)
    return NbGraderException(message)


@contextlib.contextmanager
def _swapped(new: Path, target: Path, old: Path) -> Iterator[None]:
    """Put a folder in place of another one; after an exception the old one is back."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
        yield
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        if old.exists():
            old.rename(target)
        raise


@contextlib.contextmanager
def _gradebook_update(
    converter: GenerateAssignment, name: str, notebooks: list[NotebookCells]
) -> Iterator[Callable[[], None]]:
    """Update the gradebook and yield the function that commits this."""
    course = converter.coursedir
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            if converter.create_assignment:
                assignment = gradebook.update_or_create_assignment(name)
            else:
                assignment = gradebook.find_assignment(name)
        except MissingEntry as error:
            raise _failure(converter, f"The gradebook has no assignment {name!r}.") from error
        db = gradebook.db
        try:
            before = gradebook_reader.read_submissions(db.connection(), name)
            maximum = assignment.max_score
            all_ = course.notebook_id == "*"
            changes = update_cells(gradebook, assignment, notebooks, all_=all_)
            after = gradebook_reader.read_submissions(db.connection(), name)
            if before and (changes.lines or changes.removed):
                _report(converter, name, changes)
                for student in sorted(before):
                    scores = f"{before[student].score:g} of {maximum:g}"
                    now = after[student].score if student in after else 0.0
                    converter.log.warning(
                        "  %s: %s -> %g of %g",
                        *(printable(student), scores, now, assignment.max_score),
                    )
                converter.log.warning(
                    "Grade again to complete this: python -m autograder grade %s", shlex.quote(name)
                )
            _keep_removed(Path(course.root, ".grading", name), changes)
            yield db.commit
        finally:
            db.rollback()  # without effect after a commit


def _report(converter: GenerateAssignment, name: str, changes: CellChanges) -> None:
    converter.log.warning("%s has submissions. In the gradebook:", name)
    for line in changes.lines:
        converter.log.warning("  %s", line)
    for student, _, cell, *given in changes.removed:
        kept = ", ".join(str(value) for value in given if value is not None)
        converter.log.warning(
            "  %s had %s by hand for %s; kept in .grading/%s/%s",
            *(printable(student), printable(kept), cell, name, REMOVED_SCORES),
        )


def _keep_removed(folder: Path, changes: CellChanges) -> None:
    """Add what people gave for removed cells to a file that only the instructor can read."""
    if not changes.removed:
        return
    for path in (folder.parent, folder):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / REMOVED_SCORES
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(("student", "notebook", "cell", "score", "extra_credit", "comment"))
        writer.writerows(changes.removed)
