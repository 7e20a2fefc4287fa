"""The instructor's folder as a run sees it: who handed in, and how to grade."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.batch.job import Job
from autograder.grading.settings import GradingSettings
from autograder.nbgrader_plugins.collect import sanitize_folder
from autograder.nbgrader_plugins.preprocessors import Grade


class CourseError(ValueError):
    """The folder is no course, or has no such assignment; the message says what would be right."""


@dataclass(frozen=True)
class CourseFolder:
    """A course's folder and its settings.

    Attributes:
        root: The folder with ``nbgrader_config.py``.
        config: What that file says.
        assignment: The assignment to grade.
        settings: How to grade it.
    """

    root: Path
    config: Config
    assignment: str
    settings: GradingSettings

    @classmethod
    def open(cls, root: Path, assignment: str, threads: int = 0) -> CourseFolder:
        """Read a course's settings.

        Args:
            root: The folder.
            assignment: The assignment's name.
            threads: Threads for each kernel; 0 leaves it to the machine.

        Raises:
            CourseError: There is no such course or assignment.
        """
        root = root.resolve()
        if not (root / "nbgrader_config.py").is_file():
            raise CourseError(f"{root} has no nbgrader_config.py; run this in the course's folder.")
        try:
            config = PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config()
        except Exception as error:
            raise CourseError(f"{root}/nbgrader_config.py can't be read: {error!r}") from error
        config.CourseDirectory.root = str(root)
        settings = replace(Grade(config=config).settings(), threads=threads)
        course = cls(root, config, assignment, settings)
        if not any(course.source.glob("*.ipynb")):
            known = sorted({path.parent.name for path in course.source.parent.glob("*/*.ipynb")})
            raise CourseError(
                f"source/ has no assignment {assignment!r}; there are {', '.join(known) or 'none'}."
            )
        return course

    @property
    def source(self) -> Path:
        """The instructor's folder of the assignment."""
        return self._path(self.folders.source_directory, ".")

    def students(self) -> list[str]:
        """Return who has handed in by now, but for those whom the settings leave out."""
        left_out = self.folders.student_id_exclude.split(",")
        submitted = self._path(self.folders.submitted_directory, "*")
        at = submitted.parts.index("*")
        pattern = "/".join(submitted.parts[at:])
        found = Path(*submitted.parts[:at]).glob(pattern)
        names = {path.parts[at] for path in found if path.is_dir() and not path.is_symlink()}
        return sorted(names.difference(left_out))

    def task(self, student: str) -> Job:
        """Return what there is to do for a student; what nobody can handle is removed first."""
        submitted = self._path(self.folders.submitted_directory, student)
        sanitize_folder(submitted)
        ignore = tuple(self.folders.ignore)
        return Job(self.assignment, student, self.source, submitted, ignore, self.settings)

    @functools.cached_property
    def folders(self) -> CourseDirectory:
        """The course's folders, as nbgrader names them."""
        return CourseDirectory(config=self.config)

    def _path(self, room: str, student: str) -> Path:
        return Path(self.folders.format_path(room, student, self.assignment))
