"""``nbgrader generate_assignment`` and ``release_assignment``: publish only what students may see.

`CheckRelease` is the last step of generating an assignment. `ReleaseAssignment` repeats the check
when an assignment is released, in case ``release/`` is out of date or was edited by hand.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeReleaseAssignment
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    ClearOutput,
    ClearSolutions,
    ComputeChecksums,
    LockCells,
    NbGraderPreprocessor,
    SaveCells,
)
from nbgrader.utils import compute_checksum
from traitlets.config.loader import PyFileConfigLoader

from autograder import cells
from autograder.publish import release_check
from autograder.publish.cell_roles import AuthoringError
from autograder.publish.expected_release import check_notebook
from autograder.publish.release_check import ReleaseError
from course import quiz

Resources = dict[str, Any]


class ClearAnswers(ClearSolutions):
    """Remove the solutions of code cells and the keys and explanations of questions."""

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, cell_index: int) -> Any:
        """Clear one cell; nbgrader's own step would remove the whole question."""
        if not cells.is_quiz(cell):
            return super().preprocess_cell(cell, resources, cell_index)
        cell.source = quiz.bare(cell.source)
        return cell, resources


class CheckRelease(NbGraderPreprocessor):
    """Stop ``nbgrader generate_assignment`` if students would get more than they may see."""

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Check one notebook and the files that nbgrader copied next to it.

        Raises:
            ReleaseError: The check failed; nbgrader then removes the released folder.
        """
        assignment = resources["nbgrader"]["assignment"]
        source, release = _folders(self.parent.parent.coursedir, assignment)
        name = f"{resources['nbgrader']['notebook']}.ipynb"
        source_nb = release_check.read_notebook(source / name)
        problems = [
            f"{name}: {problem}" for problem in check_notebook(nb, source_nb, compute_checksum)
        ]
        if release.exists():  # if the lesson has other files, they are already there
            problems += release_check.check_files(release, source)
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
        source, release = _folders(self.coursedir, self.coursedir.assignment_id)
        try:
            require_releasable(release, source)
        except ReleaseError as error:
            self.fail(str(error))


def require_releasable(release: Path, source: Path) -> None:
    """Check an assignment's release.

    Args:
        release: The assignment's folder in ``release/``.
        source: The assignment's folder in ``source/``.

    Raises:
        ReleaseError: The check failed; the message lists all problems.
    """
    if problems := release_check.check_folder(release, source, compute_checksum):
        raise ReleaseError(release.name, problems)


def build_release(root: Path, names: list[str] | None = None) -> list[Path]:
    """Build the students' notebooks with the steps of ``nbgrader generate_assignment``.

    The gradebook stays unchanged: it belongs to one class, the release to the course.

    Returns:
        The paths of the notebooks that changed.

    Raises:
        AuthoringError: A step or the check failed.
    """
    from autograder.publish import build

    config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
    config.GenerateAssignment.no_database = True
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
            require_releasable(Path(temp) / name, root / "source" / name)
            for path in sorted((Path(temp) / name).glob("*.ipynb")):
                target = root / "release" / name / path.name
                nb = nbformat.read(path, as_version=nbformat.NO_CONVERT)
                if build.write_notebook(nb, target):
                    changed.append(target)
    return changed


def _folders(coursedir: Any, assignment: str) -> tuple[Path, Path]:
    """Return the assignment's folders in ``source/`` and ``release/``."""
    source, release = (
        Path(coursedir.format_path(directory, ".", assignment))
        for directory in (coursedir.source_directory, coursedir.release_directory)
    )
    return source, release


PREPROCESSORS: Final = [
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
    CheckRelease,
]
