"""``python -m autograder extend STUDENT ASSIGNMENT +48h``: more time for one student."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from autograder import audit_log
from autograder.batch import late_penalties
from autograder.batch.course_folder import CourseFolder
from autograder.batch.report import ReportLine, RunStoppedError
from autograder.nbgrader_plugins import extensions
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.extensions import Extension
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError
from autograder.student_names import printable


def main(options: argparse.Namespace) -> int:
    """Extend a due date; return the exit status."""
    try:
        course = CourseFolder.open(options.root, options.name)
        extension = extensions.parse_duration(options.time)
        done, changed = extend(course, options.student, extension)
    except (CourseError, RunStoppedError) as error:
        print(error, file=sys.stderr)
        return 2
    except GradebookLockedError:
        print("Another program has locked the gradebook. Close it there.", file=sys.stderr)
        return 2
    due = done.due_date + done.now
    print(f"{printable(options.student)}: {options.name} is due on {due:%Y-%m-%d %H:%M} UTC.")
    for name, lines in changed.items():
        for line in lines:
            where = "" if name == options.name else f" in {printable(name)}"
            print(
                f"The score{where} changes from {line.before or 0:g} to {line.score or 0:g}"
                f" of {line.maximum:g}."
            )
    return 0


def extend(
    course: CourseFolder, student: str, extension: timedelta, by: str = ""
) -> tuple[Extension, dict[str, list[ReportLine]]]:
    """Extend a student's due date, compute late penalties again, and log it.

    Returns:
        The extension, and how it changed the student's scores, by assignment: with late days, also
        those of other assignments.

    Raises:
        CourseError: The assignment has no due date, or nobody knows the student.
        GradebookLockedError: Another program has locked the gradebook.
        RunStoppedError: Another program kept it locked.
    """
    paths, name = course.paths, course.assignment
    done = extensions.extend(paths, student, extension)
    audit_log.record(
        course.root,
        "extend",
        by,
        student=student,
        assignment=name,
        before=str(done.before),
        now=str(done.now),
    )
    names = [name, *late_penalties.others(course.config, name)]
    changed = late_penalties.recompute(
        course.root, course.config, names, {student}, causes={name: "extension"}, by=by
    )
    return done, changed
