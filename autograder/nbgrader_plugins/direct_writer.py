"""Write graded submissions without nbgrader's converter, with the same result.

The converter opens the gradebook seven times per submission and validates each notebook twice,
which takes longer than grading a few questions. Here the gradebook stays open, and a submission's
folder is assembled next to its final path and then renamed, so it is never incomplete.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry, SubmittedNotebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder import untrusted_folders
from autograder.grading.grade_notebook import GradedNotebook
from autograder.nbgrader_plugins import autograde, gradebook
from autograder.nbgrader_plugins.collect import read_timestamp
from autograder.nbgrader_plugins.converter_writer import ErrorLog, NotWrittenError
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.find_files import find_all_files
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError, is_lock_error
from autograder.nbgrader_plugins.late_policy import LatePolicy


class DirectWriter:
    """Keeps a gradebook open and writes results into it."""

    def __init__(self, config: Config, assignment: str, late_policy: LatePolicy) -> None:
        self._config, self._assignment = config, assignment
        self._late_policy = late_policy
        self._gradebook: Any = None  # a `Gradebook` while one is open

    @staticmethod
    def supports(config: Config) -> bool:
        """Return whether the course adds no steps that only nbgrader's converter would run."""
        converter = Autograde(config=config)
        return (
            list(converter.sanitize_preprocessors) == autograde.SANITIZE_PREPROCESSORS
            and list(converter.autograde_preprocessors) == autograde.AUTOGRADE_PREPROCESSORS
            and converter.exporter_class is autograde.ReadSubmission
            and converter.pre_convert_hook is autograde.expect_notebooks
            and converter.post_convert_hook is None
        )

    def close(self) -> None:
        """Close the gradebook."""
        if self._gradebook is not None:
            self._gradebook.close()
            self._gradebook = None

    def write(
        self, student: str, graded: dict[str, GradedNotebook], *, unchanged: bool = False
    ) -> None:
        """Write the graded notebooks of one submission, by name; see `write_scores`.

        Raises:
            NotWrittenError: The results don't fit the gradebook, or the disk refuses them.
            GradebookLockedError: Another program has locked the gradebook; nothing was written.
        """
        log = ErrorLog(student)
        try:
            self._write(student, graded, log.logger, unchanged=unchanged)
        except (MissingEntry, LookupError, OSError, SQLAlchemyError) as error:
            if is_lock_error(error):
                raise GradebookLockedError from error
            raise NotWrittenError(log.last_line() or str(error)) from error

    def _write(
        self,
        student: str,
        graded: dict[str, GradedNotebook],
        log: logging.Logger,
        *,
        unchanged: bool,
    ) -> None:
        course = CourseDirectory(
            config=self._config, assignment_id=self._assignment, student_id=student
        )
        if self._gradebook is None:
            self._gradebook = Gradebook(course.db_url, course.course_id)
        converter = Autograde(coursedir=course, config=self._config)
        converter.log = log
        paths = CoursePaths(course, self._assignment)
        try:
            with _replacing_folder(paths.autograded(student)) as folder:
                self._copy_files(converter, paths.submitted(student), paths.source, folder)
                for name, notebook in graded.items():
                    text = nbformat.writes(notebook.nb)
                    (folder / f"{name}.ipynb").write_text(f"{text}\n", encoding="utf-8")
                timestamp = read_timestamp(paths.submitted(student))
                self._store(converter, student, timestamp, graded, unchanged=unchanged)
            converter.set_permissions(self._assignment, student)
        finally:
            self._gradebook.db.remove()  # the session must not serve stale rows later

    def _copy_files(
        self, converter: BaseConverter, submitted: Path, source: Path, folder: Path
    ) -> None:
        """Copy the student's other files, then overwrite them with the instructor's."""
        excluded = set(converter.exclude_overwriting.get(self._assignment, []))
        patterns = [*converter.coursedir.ignore, "*.ipynb"]
        sources = (Path(path).relative_to(source) for path in find_all_files(str(source), patterns))
        for origin, names in (
            (submitted, untrusted_folders.list_copied(submitted, patterns).paths),
            (source, sources),
        ):
            for name in names:
                if origin == submitted or str(name) not in excluded:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(origin / name, folder / name)

    def _store(
        self,
        converter: BaseConverter,
        student: str,
        timestamp: datetime | None,
        graded: dict[str, GradedNotebook],
        *,
        unchanged: bool,
    ) -> None:
        """Write the scores, and first the student and the submission where they are new."""
        book = self._gradebook
        due_date = book.find_assignment(self._assignment).duedate
        if not converter.create_student:
            book.find_student(student)  # raises MissingEntry
        is_new = gradebook.insert_submission(book, self._assignment, student, timestamp, graded)
        if is_new and not (timestamp and due_date and timestamp > due_date):
            return
        if converter.create_student:
            book.update_or_create_student(student)
        attributes: dict[str, Any] = {"timestamp": timestamp} if timestamp else {}
        book.update_or_create_submission(self._assignment, student, **attributes)
        for name, result in graded.items():
            notebook = book.find_submission_notebook(name, self._assignment, student)
            gradebook.write_scores(book, notebook, result, unchanged=unchanged)
            self._apply_late_penalty(notebook)

    def _apply_late_penalty(self, notebook: SubmittedNotebook) -> None:
        """Let nbgrader decide what a late submission costs."""
        submission = notebook.assignment
        if submission.total_seconds_late > 0 or notebook.late_submission_penalty is not None:
            self._late_policy.apply(submission.student_id, notebook.name)


@contextlib.contextmanager
def _replacing_folder(target: Path) -> Iterator[Path]:
    """Yield a folder that replaces the target once it is complete."""
    folder = target.with_name(f".{target.name}.new")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
        shutil.rmtree(target, ignore_errors=True)
        folder.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
