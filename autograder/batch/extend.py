"""``python -m autograder extend STUDENT ASSIGNMENT +48h``: more time for one student."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from autograder import audit_log, score_history
from autograder.batch.changes import differs
from autograder.batch.course_folder import CourseFolder
from autograder.nbgrader_plugins import extensions, gradebook_reader
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.extensions import Extension
from autograder.nbgrader_plugins.gradebook_reader import GradebookLockedError
from autograder.nbgrader_plugins.late_policy import LatePolicy
from autograder.score_history import Cause, ScoreChange, current_user
from autograder.student_names import printable


def main(options: argparse.Namespace) -> int:
    """Extend a due date; return the exit status."""
    try:
        course = CourseFolder.open(options.root, options.name)
        extension = extensions.parse_duration(options.time)
        done, change = extend(course, options.student, extension)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    except GradebookLockedError:
        print("Another program has locked the gradebook. Close it there.", file=sys.stderr)
        return 2
    due = done.due_date + done.now
    print(f"{printable(options.student)}: {options.name} is due on {due:%Y-%m-%d %H:%M} UTC.")
    if change:
        before, after = change.score
        print(f"The score changes from {before or 0:g} to {after or 0:g} of {change.maximum:g}.")
    return 0


def extend(
    course: CourseFolder, student: str, extension: timedelta, by: str = ""
) -> tuple[Extension, ScoreChange | None]:
    """Extend a student's due date, compute the late penalty again, and log both.

    Returns:
        The extension, and how it changed the student's score, if it did.

    Raises:
        CourseError: The assignment has no due date, or nobody knows the student.
        GradebookLockedError: Another program has locked the gradebook.
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
    before = gradebook_reader.read_submission(paths.db_url, name, student)
    policy = LatePolicy(course.config, paths.db_url, name)
    if before is None or not before.is_graded or policy.is_current(student, before):
        return done, None
    for notebook in before.penalties:
        policy.apply(student, notebook)
    now = gradebook_reader.read_submission(paths.db_url, name, student)
    if now is None or not differs(before.penalty, now.penalty):
        return done, None
    change = ScoreChange(
        score=(before.score, now.score),
        maximum=sum(gradebook_reader.read_scores(paths.db_url, name).maxima.values()),
        penalty=(before.penalty, now.penalty),
        causes=(Cause(kind="extension"),),
        by=by or current_user(),
    )
    score_history.append(score_history.history_path(course.root, name, student), [change])
    return done, change
