"""``nbgrader generate_assignment`` and ``release_assignment``: publish only what students may see.

`CheckRelease` is the last step of generating an assignment. `ReleaseAssignment` repeats the check
when an assignment is released, in case ``release/`` is out of date or was edited by hand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader import preprocessors
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeReleaseAssignment
from nbgrader.utils import compute_checksum
from traitlets.config.loader import PyFileConfigLoader

from autograder import audit_log, cells
from autograder.nbgrader_plugins import completed_source, public_deadlines
from autograder.nbgrader_plugins.autograde import configured_stubs
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.generate import RememberSource, SaveCells
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError
from autograder.publish import release_check
from autograder.publish.cell_roles import AuthoringError
from autograder.publish.expected_release import check_notebook
from autograder.publish.release_check import ReleaseError
from autograder.student_text import Stubs
from course import atomic_write
from course.quiz import kinds

Resources = dict[str, Any]


class ClearAnswers(preprocessors.ClearSolutions):
    """Remove the solutions and hints of exercises, and the keys and explanations of questions."""

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, cell_index: int) -> Any:
        """Clear one cell; nbgrader's own step would remove the whole question."""
        cells.remove_hints(cell)
        if not cells.is_quiz(cell):
            return super().preprocess_cell(cell, resources, cell_index)
        kind = kinds.of(cell)
        source, cell.source = cell.source, kind.bare(cell.source)
        if isinstance(kind, kinds.Pool):
            cells.keep_variants(cell, kind.released(source))
        return cell, resources


class KeepQuestions(preprocessors.NbGraderPreprocessor):
    """Keep the released questions in the notebook's metadata, to restore damaged ones."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Complete one notebook; its questions have no key any more."""
        cells.keep_questions(nb)
        return nb, resources


class CheckRelease(preprocessors.NbGraderPreprocessor):
    """Stop ``nbgrader generate_assignment`` if students would get more than they may see."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Check one notebook and the files that nbgrader copied next to it.

        Raises:
            ReleaseError: The check failed; the earlier release stays.
        """
        assignment = resources["nbgrader"]["assignment"]
        paths = CoursePaths(self.parent.parent.coursedir, assignment)
        name = f"{resources['nbgrader']['notebook']}.ipynb"
        problems = [
            f"{name}: {problem}"
            for problem in check_notebook(
                nb,
                resources["completed_source"],
                compute_checksum,
                is_built=release_check.is_built(paths.source / name),
                stubs=configured_stubs(self.config),
            )
        ]
        if paths.release.exists():  # if the lesson has other files, they are already there
            problems += release_check.check_files(paths.release, paths.source)
        if problems:
            raise ReleaseError(assignment, problems)
        return nb, resources


class ReleaseAssignment(ExchangeReleaseAssignment):
    """``nbgrader release_assignment`` and formgrader's release button, with a check."""

    def init_src(self) -> None:
        """Check the folder in ``release/`` before anything is copied.

        Raises:
            ExchangeError: The check failed. An earlier release stays in the exchange.
        """
        super().init_src()
        paths = CoursePaths(self.coursedir, self.coursedir.assignment_id)
        try:
            stubs = configured_stubs(self.config)
            require_releasable(paths.release, completed_source.folder(paths), stubs)
        except (CourseError, ReleaseError) as error:
            self.fail(str(error))

    def copy_files(self) -> None:
        """Release, log it, and publish the due date and the late rule."""
        super().copy_files()
        name = self.coursedir.assignment_id
        audit_log.try_record(Path(self.coursedir.root), "release", self.log, assignment=name)
        try:
            public_deadlines.publish(self.config)
        except (CourseError, GradebookLockedError, OSError) as error:
            self.log.warning("Released, but the due date isn't published: %s", error)


def require_releasable(release: Path, source: Path, stubs: Stubs) -> None:
    """Check an assignment's folder in ``release/`` against the one in ``source/``.

    Raises:
        ReleaseError: The check failed; the message lists all problems.
    """
    if problems := release_check.check_folder(release, source, compute_checksum, stubs):
        raise ReleaseError(release.name, problems)


def build_release(root: Path, names: list[str] | None = None) -> list[Path]:
    """Build the students' notebooks with the steps of ``nbgrader generate_assignment``.

    The gradebook stays unchanged: it belongs to one class, the release to the course.

    Returns:
        The paths of the files that changed.

    Raises:
        AuthoringError: A step or the check failed.
    """
    from autograder.publish import build

    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.GenerateAssignment.no_database = True
    config.GenerateAssignment.exporter_class = NotebookExporter
    config.SaveCells.enabled = False
    config.CheckRelease.enabled = False  # its message would go to the log; checked below instead
    config.CourseDirectory.root = str(root)
    changed = []
    with tempfile.TemporaryDirectory(prefix="release-") as temp:
        config.CourseDirectory.release_directory = temp
        for name in dict.fromkeys(path.parent.name for path in build.lesson_files(root, names)):
            course = CourseDirectory(config=config, assignment_id=name)
            converter = GenerateAssignment(coursedir=course, config=config)
            try:
                converter.start()
            except Exception as error:
                raise AuthoringError(f"{name}: can't build the release: {error}") from error
            stubs = configured_stubs(config)
            require_releasable(Path(temp) / name, root / "source" / name, stubs)
            for path in sorted((Path(temp) / name).glob("*.ipynb")):
                target = root / "release" / name / path.name
                if build.write_notebook(release_check.read_notebook(path), target):
                    changed.append(target)
            changed += _copy_extra_files(Path(temp) / name, root / "release" / name)
    return changed


def _copy_extra_files(built: Path, release: Path) -> Iterator[Path]:
    """Copy what isn't a notebook; yield the paths of the files that changed."""
    for path in sorted(path for path in built.rglob("*") if path.is_file()):
        target = release / path.relative_to(built)
        content = path.read_bytes()
        if path.suffix != ".ipynb" and not (target.is_file() and target.read_bytes() == content):
            target.parent.mkdir(parents=True, exist_ok=True)
            atomic_write.write_bytes(target, content)
            yield target


PREPROCESSORS: Final = [
    preprocessors.IncludeHeaderFooter,
    preprocessors.InstantiateTests,
    RememberSource,
    preprocessors.LockCells,
    ClearAnswers,
    preprocessors.ClearOutput,
    preprocessors.CheckCellMetadata,
    preprocessors.ComputeChecksums,
    SaveCells,
    preprocessors.ClearHiddenTests,
    preprocessors.ClearMarkScheme,
    preprocessors.ComputeChecksums,
    preprocessors.CheckCellMetadata,
    KeepQuestions,
    CheckRelease,
]
