"""The course folder as a run sees it: the submissions and the grading settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from traitlets.config import Config

from autograder.batch.job import Job
from autograder.grading.settings import GradingSettings
from autograder.nbgrader_plugins import completed_source
from autograder.nbgrader_plugins.autograde import Grade
from autograder.nbgrader_plugins.collect import exchange_zone, sanitize_folder
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.late_policy import read_policy
from autograder.untrusted_folders import copy_regular_files


@dataclass(frozen=True)
class CourseFolder:
    """One assignment of a course."""

    root: Path  # the folder with nbgrader_config.py
    config: Config  # the contents of that file
    assignment: str
    paths: CoursePaths
    source: Path  # the folder with the instructor's notebooks to grade with
    settings: GradingSettings
    zone: str  # in which nbgrader writes times

    @classmethod
    def open(cls, root: Path, assignment: str, threads: int = 0) -> CourseFolder:
        """Read the configuration of a course; `threads=0` leaves that to each library.

        Raises:
            CourseError: There is no such course or assignment, or ``deadlines.toml`` is invalid.
        """
        root = root.resolve()
        config = read_config(root)
        read_policy(config)  # an invalid one stops here
        settings = replace(Grade(config=config).settings(), threads=threads)
        paths = CoursePaths.from_config(config, assignment)
        if not any(paths.source.glob("*.ipynb")):
            names = sorted({path.parent.name for path in paths.source.parent.glob("*/*.ipynb")})
            raise CourseError(
                f"No assignment {assignment!r} in source/. Available: {', '.join(names) or 'none'}."
            )
        source = completed_source.folder(paths)
        return cls(root, config, assignment, paths, source, settings, exchange_zone(config))

    def job(self, student: str, copy_to: Path | None = None) -> Job:
        """Return the job for a student's submission, after removing what can't be graded safely.

        Args:
            student: The student's id.
            copy_to: Where to copy the submission first, to leave the original as it is.
        """
        paths, submitted = self.paths, self.paths.submitted(student)
        if copy_to is not None:
            copy_regular_files(submitted, copy_to)
            submitted = copy_to
        sanitize_folder(submitted, self.zone)
        return Job(self.assignment, student, self.source, submitted, paths.ignore, self.settings)
