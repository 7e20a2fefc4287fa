"""Stock nbgrader grades the two tests of the small lesson, with its default settings.

It can't grade questions by itself, so the lesson's are left to a person and don't count.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import DatabaseError

from benchmarks.hostile_peers import cage
from benchmarks.peers import program
from tests.autograder import lessons
from tests.autograder.small import LESSON, NOTEBOOK
from tests.hostile.batch import FULL
from tests.hostile.corpus import Fair, Submission

TESTS = ("double-test", "half-test")


def prepare(template: Path) -> None:
    """Make a course with a gradebook; each run gets a copy."""
    source = template / "source" / LESSON
    source.mkdir(parents=True)
    nbformat.write(lessons.source_notebook(), source / NOTEBOOK)
    (template / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'stock'\n", encoding="utf-8"
    )
    bin_folder = Path(program("nbgrader")).parent
    ended = cage.run(
        ["sh", "-c", f"PATH={bin_folder}:$PATH nbgrader generate_assignment {LESSON}"], template
    )
    if ended.code != 0:
        raise SystemExit(f"Stock nbgrader could not generate the assignment:\n{ended.output}")


def grade(template: Path, folder: Path, students: dict[str, Submission]) -> cage.Ended:
    """Write everybody's submission and grade all in one run."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    for student, submission in students.items():
        submitted = folder / "submitted" / student / LESSON
        submitted.mkdir(parents=True)
        submission.write(submitted)
    bin_folder = Path(program("nbgrader")).parent
    return cage.run(["sh", "-c", f"PATH={bin_folder}:$PATH nbgrader autograde {LESSON}"], folder)


def harmed(_: Path, folder: Path, neighbor: str) -> bool:
    """Return whether the honest student who is graded next lost points."""
    return points(folder, neighbor) != {name: FULL[name] for name in TESTS}


def points(folder: Path, student: str) -> Fair:
    """Return a student's points in the gradebook; None for what is left to a person."""
    result: Fair = dict.fromkeys(TESTS, 0.0)
    try:
        with Gradebook(f"sqlite:///{folder}/gradebook.db", "stock") as gradebook:
            notebook = gradebook.find_submission_notebook(Path(NOTEBOOK).stem, LESSON, student)
            for row in notebook.grades:
                if row.name in TESTS:
                    is_manual = row.needs_manual_grade and row.manual_score is None
                    result[row.name] = None if is_manual else row.score
    except (MissingEntry, DatabaseError):  # the run ended before, or destroyed the gradebook
        pass
    return result
