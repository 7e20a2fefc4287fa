"""The folders of a course, as ``nbgrader_config.py`` lays them out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config


class CourseError(ValueError):
    """The course folder or its gradebook can't be used; the message says how to fix that."""


class CoursePaths:
    """The folders of one assignment.

    Args:
        config: The contents of ``nbgrader_config.py``.
        assignment: The assignment's name.

    Attributes:
        db_url: The gradebook's address.
        ignore: Patterns of file names that are never copied.
    """

    def __init__(self, config: Config, assignment: str) -> None:
        self._directory = CourseDirectory(config=config)
        self._assignment = assignment
        self.db_url = str(self._directory.db_url)
        self.ignore = tuple(self._directory.ignore)

    @property
    def source(self) -> Path:
        """The instructor's folder."""
        return self._path(self._directory.source_directory, ".")

    def submitted(self, student: str) -> Path:
        """Return the folder of a student's submission."""
        return self._path(self._directory.submitted_directory, student)

    def autograded(self, student: str) -> Path:
        """Return the folder of a student's graded notebooks."""
        return self._path(self._directory.autograded_directory, student)

    def students(self) -> list[str]:
        """Return who has submitted so far, without those excluded by ``student_id_exclude``."""
        excluded = self._directory.student_id_exclude.split(",")
        folders = self._by_student(self._directory.submitted_directory)
        names = {name for name, path in folders.items() if path.is_dir() and not path.is_symlink()}
        return sorted(names.difference(excluded))

    def has_graded(self, student: str, notebooks: Iterable[str]) -> bool:
        """Return whether a student's graded notebooks all exist."""
        folder = self.autograded(student)
        return all((folder / f"{name}.ipynb").is_file() for name in notebooks)

    def graded_students(self) -> list[str]:
        """Return whose submission has been graded."""
        folders = self._by_student(self._directory.autograded_directory)
        return sorted(name for name in folders if not name.startswith("."))

    def _by_student(self, directory: str) -> dict[str, Path]:
        pattern = self._path(directory, "*").parts
        index = pattern.index("*")
        paths = Path(*pattern[:index]).glob("/".join(pattern[index:]))
        return {path.parts[index]: path for path in paths}

    def _path(self, directory: str, student: str) -> Path:
        return Path(self._directory.format_path(directory, student, self._assignment))
