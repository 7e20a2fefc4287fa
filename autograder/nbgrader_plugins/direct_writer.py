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
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import find_all_files
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.grading.grade_notebook import GradedNotebook
from autograder.nbgrader_plugins import autograde, gradebook
from autograder.nbgrader_plugins.collect import read_timestamp
from autograder.nbgrader_plugins.converter_writer import ErrorLog, NotWrittenError
from autograder.nbgrader_plugins.gradebook_reader import GradebookLockedError, is_lock_error


class DirectWriter:
    """Keeps a gradebook open and writes results into it.

    Args:
        config: The contents of ``nbgrader_config.py``.
        assignment: The assignment's name.
    """

    def __init__(self, config: Config, assignment: str) -> None:
        self._config, self._assignment = config, assignment
        self._gradebook: Gradebook | None = None

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

    def write(self, student: str, graded: dict[str, GradedNotebook]) -> None:
        """Write the results of one submission.

        Args:
            student: The student's name.
            graded: The graded notebooks, by name.

        Raises:
            NotWrittenError: The results don't fit the gradebook, or the disk refuses them.
            GradebookLockedError: Another program has locked the gradebook; nothing was written.
        """
        log = ErrorLog(student)
        try:
            self._write(student, graded, log.logger)
        except (MissingEntry, LookupError, OSError, SQLAlchemyError) as error:
            if is_lock_error(error):
                raise GradebookLockedError from error
            raise NotWrittenError(log.last_line() or str(error)) from error

    def _write(self, student: str, graded: dict[str, GradedNotebook], log: logging.Logger) -> None:
        course = CourseDirectory(
            config=self._config, assignment_id=self._assignment, student_id=student
        )
        if self._gradebook is None:
            self._gradebook = Gradebook(course.db_url, course.course_id)
        converter = Autograde(coursedir=course, config=self._config)
        converter.log = log
        submitted, target = (
            Path(course.format_path(directory, student, self._assignment))
            for directory in (course.submitted_directory, course.autograded_directory)
        )
        try:
            with _replacing_folder(target) as folder:
                self._copy_files(converter, submitted, folder)
                for name, notebook in graded.items():
                    text = nbformat.writes(notebook.nb)
                    (folder / f"{name}.ipynb").write_text(f"{text}\n", encoding="utf-8")
                submission = gradebook.NewSubmission(
                    self._assignment, student, read_timestamp(submitted)
                )
                self._store(self._gradebook, converter, submission, graded)
            converter.set_permissions(self._assignment, student)
        finally:
            self._gradebook.db.remove()  # the session must not serve stale rows later

    def _copy_files(self, converter: BaseConverter, submitted: Path, folder: Path) -> None:
        """Copy the student's other files, then overwrite them with the instructor's."""
        course = converter.coursedir
        source = course.format_path(course.source_directory, ".", self._assignment)
        not_overwritten = {
            f"{source}/{name}" for name in converter.exclude_overwriting.get(self._assignment, [])
        }
        for origin, excluded in ((str(submitted), set()), (source, not_overwritten)):
            for name in sorted(set(find_all_files(origin, [*course.ignore, "*.ipynb"])) - excluded):
                target = folder / Path(name).relative_to(origin)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(name, target)

    def _store(
        self,
        book: Gradebook,
        converter: BaseConverter,
        submission: gradebook.NewSubmission,
        graded: dict[str, GradedNotebook],
    ) -> None:
        """Write the scores, and first the student and the submission where they are new."""
        student, timestamp = submission.student, submission.timestamp
        due_date = book.find_assignment(self._assignment).duedate
        results = {name: (notebook.scores, notebook.comments) for name, notebook in graded.items()}
        create_student = bool(converter.create_student)
        is_new = gradebook.insert_submission(
            book, submission, results, create_student=create_student
        )
        if is_new and not (timestamp and due_date and timestamp > due_date):
            return
        if create_student:
            book.update_or_create_student(student)
        attributes: dict[str, Any] = {"timestamp": timestamp} if timestamp else {}
        book.update_or_create_submission(self._assignment, student, **attributes)
        for name, notebook in graded.items():
            key = gradebook.NotebookKey(self._assignment, name, student)
            gradebook.write_scores(book, key, notebook.scores, notebook.comments)
            self._apply_late_penalty(book, converter.coursedir.db_url, key, notebook)

    def _apply_late_penalty(
        self, book: Gradebook, db_url: str, key: gradebook.NotebookKey, graded: GradedNotebook
    ) -> None:
        """Let nbgrader's preprocessor decide what a late submission costs."""
        notebook = book.find_submission_notebook(key.notebook, key.assignment, key.student)
        if book.find_submission(key.assignment, key.student).total_seconds_late > 0:
            penalties = AssignLatePenalties(config=self._config)
            penalties.log.setLevel(logging.ERROR)
            penalties.preprocess(graded.nb, {"nbgrader": {**vars(key), "db_url": db_url}})
        elif notebook.late_submission_penalty is not None:
            notebook.late_submission_penalty = None
            book.db.commit()


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
