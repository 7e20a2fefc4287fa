"""The folders of a course, as ``nbgrader_config.py`` lays them out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.student_names import why_invalid


class CourseError(ValueError):
    """The course folder or its gradebook can't be used; the message says how to fix that."""


class CoursePaths:
    """The folders of one assignment.

    Attributes:
        course: nbgrader's settings of the course.
        assignment: The assignment's name.
        source: The instructor's folder.
        release: The folder that students get.
        db_url: The gradebook's address.
        ignore: Patterns of file names that are never copied.
    """

    def __init__(self, course: CourseDirectory, assignment: str) -> None:
        self.course, self.assignment = course, assignment
        self.source = self._path(course.source_directory, ".")
        self.release = self._path(course.release_directory, ".")
        self.db_url = str(course.db_url)
        self.ignore = tuple(course.ignore)

    @classmethod
    def from_config(cls, config: Config, assignment: str) -> CoursePaths:
        """Return the folders for the contents of ``nbgrader_config.py``."""
        return cls(CourseDirectory(config=config), assignment)

    def submitted(self, student: str) -> Path:
        """Return the folder of a student's submission."""
        return self._path(self.course.submitted_directory, student)

    def autograded(self, student: str) -> Path:
        """Return the folder of a student's graded notebooks."""
        return self._path(self.course.autograded_directory, student)

    def submissions(self) -> dict[str, Path]:
        """Return everything in place of a submission, by student, even if it isn't a folder."""
        return self._by_student(self.course.submitted_directory)

    def feedback(self) -> dict[str, Path]:
        """Return the folders of feedback pages, by student."""
        folders = self._by_student(self.course.feedback_directory)
        return {name: path for name, path in folders.items() if path.is_dir()}

    def invalid_submissions(self) -> dict[Path, str]:
        """Return the submissions whose folder has no student's name, and what is wrong with it."""
        problems = {path: why_invalid(name) for name, path in self.submissions().items()}
        return {path: problem for path, problem in problems.items() if problem}

    def students(self) -> list[str]:
        """Return who has submitted so far, without those excluded by ``student_id_exclude``."""
        folders = self.submissions()
        names = {name for name, path in folders.items() if path.is_dir() and not path.is_symlink()}
        return sorted(names.difference(self.course.student_id_exclude.split(",")))

    def has_graded(self, student: str, notebooks: Iterable[str]) -> bool:
        """Return whether a student's graded notebooks all exist."""
        folder = self.autograded(student)
        return all((folder / f"{name}.ipynb").is_file() for name in notebooks)

    def graded_students(self) -> list[str]:
        """Return whose submission has been graded."""
        folders = self._by_student(self.course.autograded_directory)
        return sorted(name for name in folders if not name.startswith("."))

    def _by_student(self, directory: str) -> dict[str, Path]:
        pattern = self._path(directory, "*").parts
        index = pattern.index("*")
        paths = Path(*pattern[:index]).glob("/".join(pattern[index:]))
        return {path.parts[index]: path for path in paths}

    def _path(self, directory: str, student: str) -> Path:
        return Path(self.course.format_path(directory, student, self.assignment))
