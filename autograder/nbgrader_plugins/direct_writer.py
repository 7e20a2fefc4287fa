"""Writing a result into the gradebook without nbgrader's converter, and to the same effect.

The converter opens the gradebook seven times for each submission and checks each notebook
twice, which takes longer than grading a few questions. Here the gradebook stays open, and a
submission's folder is written beside its place and then put there, so it is never half there.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import find_all_files
from traitlets.config import Config

from autograder.grading.grade_notebook import GradedNotebook
from autograder.nbgrader_plugins import gradebook, preprocessors
from autograder.nbgrader_plugins.collect import read_timestamp


def possible(config: Config) -> bool:
    """Whether the course grades with this course's own steps alone; others need the converter."""
    asked = Autograde(config=config)
    return (
        list(asked.sanitize_preprocessors) == preprocessors.SANITIZE
        and list(asked.autograde_preprocessors) == preprocessors.AUTOGRADE
        and asked.exporter_class is preprocessors.ReadSubmission
        and asked.pre_convert_hook is preprocessors.expect_notebooks
        and asked.post_convert_hook is None
    )


class DirectWriter:
    """An open gradebook.

    Args:
        config: What ``nbgrader_config.py`` says.
        assignment: The assignment's name.
    """

    def __init__(self, config: Config, assignment: str) -> None:
        self._config, self._assignment = config, assignment
        self._gradebook: Gradebook | None = None

    def close(self) -> None:
        """Close the gradebook."""
        if self._gradebook is not None:
            self._gradebook.close()
            self._gradebook = None

    def write(self, student: str, graded: dict[str, GradedNotebook], log: logging.Logger) -> None:
        """Write one submission's results.

        Args:
            student: Whose they are.
            graded: By notebook.
            log: Where nbgrader complains.

        Raises:
            LookupError: The gradebook does not know the assignment, or other questions of it.
        """
        course = CourseDirectory(
            config=self._config, assignment_id=self._assignment, student_id=student
        )
        if self._gradebook is None:
            self._gradebook = Gradebook(course.db_url, course.course_id)
        converter = Autograde(coursedir=course, config=self._config)
        converter.log = log
        try:
            with _beside(course, student, self._assignment) as folder:
                _copy(converter, course, student, self._assignment, folder)
                for name, one in graded.items():
                    text = nbformat.writes(one.nb)
                    (folder / f"{name}.ipynb").write_text(f"{text}\n", encoding="utf-8")
                self._store(self._gradebook, converter, student, graded)
            converter.set_permissions(self._assignment, student)
        finally:
            self._gradebook.db.remove()  # what was read grows old

    def _store(
        self,
        book: Gradebook,
        converter: BaseConverter,
        student: str,
        graded: dict[str, GradedNotebook],
    ) -> None:
        """Write the scores; the gradebook may not know the student and the submission yet."""
        course = converter.coursedir
        assignment = book.find_assignment(self._assignment)
        folder = course.format_path(course.submitted_directory, student, self._assignment)
        when = read_timestamp(Path(folder))
        results = {name: (one.verdicts, one.told) for name, one in graded.items()}
        create = bool(converter.create_student)
        arrival = gradebook.NewSubmission(self._assignment, student, when)
        begun = gradebook.insert_submission(book, arrival, results, create_student=create)
        if begun and not (when and assignment.duedate and when > assignment.duedate):
            return
        if create:
            book.update_or_create_student(student)
        more: dict[str, Any] = {"timestamp": when} if when else {}
        book.update_or_create_submission(self._assignment, student, **more)
        for name, one in graded.items():
            place = gradebook.NotebookKey(self._assignment, name, student)
            gradebook.write_scores(book, place, one.verdicts, one.told)
            self._late(book, course, place, one)

    def _late(
        self,
        book: Gradebook,
        course: CourseDirectory,
        place: gradebook.NotebookKey,
        one: GradedNotebook,
    ) -> None:
        """Let nbgrader's own step decide what a late submission costs."""
        notebook = book.find_submission_notebook(place.notebook, place.assignment, place.student)
        if book.find_submission(place.assignment, place.student).total_seconds_late > 0:
            where = {**vars(place), "db_url": course.db_url}
            step = AssignLatePenalties(config=self._config)
            step.log.setLevel(logging.ERROR)
            step.preprocess(one.nb, {"nbgrader": where})
        elif notebook.late_submission_penalty is not None:
            notebook.late_submission_penalty = None
            book.db.commit()


@contextlib.contextmanager
def _beside(course: CourseDirectory, student: str, assignment: str) -> Iterator[Path]:
    """A folder that takes the place of the graded submission once it is complete."""
    place = Path(course.format_path(course.autograded_directory, student, assignment))
    beside = place.with_name(f".{place.name}.new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield beside
        shutil.rmtree(place, ignore_errors=True)
        beside.replace(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _copy(
    converter: BaseConverter, course: CourseDirectory, student: str, assignment: str, folder: Path
) -> None:
    """Copy the student's other files, and over them the instructor's."""
    submitted = course.format_path(course.submitted_directory, student, assignment)
    source = course.format_path(course.source_directory, ".", assignment)
    kept = {f"{source}/{name}" for name in converter.exclude_overwriting.get(assignment, [])}
    for origin, left in ((submitted, set()), (source, kept)):
        for name in sorted(set(find_all_files(origin, [*course.ignore, "*.ipynb"])) - left):
            target = folder / Path(name).relative_to(origin)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(name, target)
