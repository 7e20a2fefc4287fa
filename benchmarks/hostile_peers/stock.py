"""Stock nbgrader: the two tests of the small lesson as its own cells, all settings as they come.

It has no graded questions, so those of the lesson are left to a person and not counted.
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
    """Make a course, and its gradebook, to be copied for every run."""
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
        raise SystemExit(f"Stock nbgrader could not make the assignment:\n{ended.said}")


def grade(template: Path, place: Path, students: dict[str, Submission]) -> cage.Ended:
    """Let everybody hand in, and grade them in one run."""
    shutil.copytree(template, place, dirs_exist_ok=True)
    for student, submission in students.items():
        folder = place / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        submission.write(folder)
    bin_folder = Path(program("nbgrader")).parent
    return cage.run(["sh", "-c", f"PATH={bin_folder}:$PATH nbgrader autograde {LESSON}"], place)


def harmed(_: Path, place: Path, neighbour: str) -> bool:
    """Whether the honest student who is graded next has not all points."""
    return points(place, neighbour) != {name: FULL[name] for name in TESTS}


def points(place: Path, student: str) -> Fair:
    """What a student has in the gradebook; None for what is left to a person."""
    found: Fair = dict.fromkeys(TESTS, 0.0)
    try:
        with Gradebook(f"sqlite:///{place}/gradebook.db", "stock") as gradebook:
            notebook = gradebook.find_submission_notebook(Path(NOTEBOOK).stem, LESSON, student)
            for grade_ in notebook.grades:
                if grade_.name in TESTS:
                    by_hand = grade_.needs_manual_grade and grade_.manual_score is None
                    found[grade_.name] = None if by_hand else grade_.score
    except (MissingEntry, DatabaseError):  # the run did not come so far, or the gradebook is lost
        pass
    return found
