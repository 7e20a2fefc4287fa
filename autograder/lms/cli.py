"""``python -m autograder lms`` and ``questions``: files for a learning management system."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from traitlets.config import Config

from autograder.batch.course_folder import CourseFolder
from autograder.lms import grade_files, moodle_xml, qti
from autograder.lms.questions import read_questions
from autograder.nbgrader_plugins import export
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError
from course import atomic_write

QUESTION_FORMATS: Final = ("qti", "moodle")


@dataclass(frozen=True)
class GradeFile:
    """A file for an LMS.

    Attributes:
        content: Its bytes.
        scores: How many final scores are in it.
        nameless: Students of the LMS's own file who aren't in the gradebook.
        missing: Who has no final score, and why.
    """

    content: bytes
    scores: int
    nameless: list[str]
    missing: list[str]


def make_grades(
    config: Config,
    names: Sequence[str],
    lms: str,
    template: bytes | None = None,
    pass_share: float = 0.5,
) -> GradeFile:
    """Return the final scores of some or all assignments as a file that an LMS imports.

    Args:
        config: The contents of ``nbgrader_config.py``.
        names: The assignments; all if empty.
        lms: One of `grade_files.FORMATS`.
        template: The LMS's own export, to be filled.
        pass_share: In ILIAS, the share of the points needed to pass.

    Raises:
        CourseError: The gradebook can't be used.
        GradeFileError: The template can't be filled, or the LMS needs one.
    """
    table = export.read_grades(config, names)
    assignments = [
        grade_files.GradedAssignment(name, maximum, table.final_scores(name))
        for name, maximum in table.maxima.items()
    ]
    students = [
        grade_files.Roster(row["student_id"], row["first_name"], row["last_name"], row["email"])
        for row in table.students
    ]
    nameless: list[str] = []
    if template is not None:
        content, nameless = grade_files.fill(lms, template, assignments, students, pass_share)
    else:
        content = grade_files.create(lms, students, assignments)
    scores = sum(len(assignment.scores) for assignment in assignments)
    return GradeFile(content, scores, nameless, list(table.open_rows))


def write_grades(options: Namespace) -> int:
    """Write the grade file; return the exit status: 1 if somebody has no final score."""
    try:
        template = options.template.read_bytes() if options.template else None
        config, share = read_config(options.root), options.pass_percent / 100
        grades = make_grades(config, options.names, options.lms, template, share)
        atomic_write.write_bytes(options.to, grades.content)
    except (CourseError, grade_files.GradeFileError, OSError) as error:
        print(f"Nothing was written: {error}", file=sys.stderr)
        return 2
    print(f"{grades.scores} final scores are in {options.to}.")
    for name in grades.nameless:
        print(f"Not in the gradebook: {name}", file=sys.stderr)
    for line in grades.missing:
        print(f"No final score: {line}", file=sys.stderr)
    return 1 if grades.nameless or grades.missing else 0


def write_questions(options: Namespace) -> int:
    """Write a lesson's questions, with their keys, to the file that was named."""
    try:
        paths = CourseFolder.open(options.root, options.name).paths
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    if problem := _is_public(options.to, paths.release.parent, paths.source.parent):
        print(problem, file=sys.stderr)
        return 2
    questions = list(read_questions(paths.source))
    if options.format == "qti":
        content = qti.to_package(options.name, questions)
    else:
        content = moodle_xml.to_moodle_xml(options.name, questions)
    options.to.touch(mode=0o600)
    options.to.chmod(0o600)
    options.to.write_bytes(content)
    print(f"{len(questions)} questions WITH THEIR KEYS are in {options.to}. Keep it private.")
    return 0


def _is_public(target: Path, *folders: Path) -> str:
    """Return why keys must not go to this file, or an empty string."""
    for folder in folders:
        if target.resolve().is_relative_to(folder.resolve()):
            return (
                f"{target} is in {folder}, whose files are released to students; the file holds the"
                " keys, so name one elsewhere"
            )
    return ""
