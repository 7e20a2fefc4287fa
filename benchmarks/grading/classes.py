"""Classes of students: the same answers in the same notebooks, for every grader.

Three students in four have solved everything; every fourth has left one exercise untouched or one
question unanswered.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode

from autograder import cells
from autograder.publish import build
from benchmarks.peers import ROOT
from course import quiz

QUIZ: Final = "07-questions"
KINDS: Final = {
    "lesson": "02-curse-of-dimensionality",
    "lab": "05-autoencoder-lab",
    "questions": QUIZ,
    "questions in a lesson": "02-curse-of-dimensionality",
    "lesson, one answer wrong": "02-curse-of-dimensionality",
}
QUIZ_KINDS: Final = ("questions", "questions in a lesson")  # only their questions are graded
UNTOUCHED: Final = {"lesson": "occupied-share", "lab": "scale"}  # the exercise every fourth skips
WRONG_CELL, RIGHT_CODE, WRONG_CODE = "occupied-share", "return ", "return 2 * "
# The tests that fail then; training in the lab depends on the skipped exercise.
FAILED_TESTS: Final = {
    "lesson": ("occupied-share-test",),
    "lab": ("scale-test", "train-small-test"),
    "lesson, one answer wrong": ("occupied-share-test",),
}


@dataclass(frozen=True)
class Assignment:
    """One assignment and what students submit.

    Attributes:
        name: The assignment's name.
        notebook: The notebook's file name.
        instructor_nb: The instructor's notebook.
        right: A submission with full points.
        wrong: The submission of every fourth student.
        failed_tests: The graded cells that earn nothing in `wrong`.
    """

    name: str
    notebook: str
    instructor_nb: NotebookNode
    right: NotebookNode
    wrong: NotebookNode
    failed_tests: tuple[str, ...]

    def points(self, student: str) -> dict[str, float]:
        """Return the points that a student deserves, by graded cell."""
        graded = cells.graded_cells(self.instructor_nb)
        points = {name: float(cells.max_points(cell)) for name, cell in graded.items()}
        is_wrong = self.right is self.wrong or int(student[1:]) % 4 == 3
        return points | (dict.fromkeys(self.failed_tests, 0.0) if is_wrong else {})

    def submit(self, submitted: Path, students: int) -> None:
        """Write everybody's submission into a course folder."""
        for number in range(students):
            folder = submitted / f"s{number:05}" / self.name
            folder.mkdir(parents=True)
            nbformat.write(self.wrong if number % 4 == 3 else self.right, folder / self.notebook)


def load(kind: str, folder: Path) -> Assignment:
    """Return an assignment.

    Args:
        kind: One of `KINDS`.
        folder: A folder to build in.
    """
    name = KINDS[kind]
    if kind == "questions":
        path = _build_questions(folder)
    else:
        path = next((ROOT / "source" / name).glob("*.ipynb"))
    instructor_nb = NotebookNode(nbformat.read(path, as_version=4))
    if kind in QUIZ_KINDS:
        for cell in instructor_nb.cells:
            if not cells.is_quiz(cell):
                cells.clear_nbgrader(cell)
                lines = [line for line in cell.source.splitlines() if "### " not in line]
                cell.source = "\n".join(lines)  # nbgrader rejects these marks in other cells
    right, wrong = copy.deepcopy(instructor_nb), copy.deepcopy(instructor_nb)
    failed_tests = FAILED_TESTS.get(kind, ())
    if kind in QUIZ_KINDS:
        question = next(cell for cell in wrong.cells if cells.is_quiz(cell))
        failed_tests = (question["id"],)
        question.source = quiz.bare(question.source)
    elif kind in UNTOUCHED:
        release = nbformat.read(ROOT / "release" / name / path.name, as_version=4)
        _cell(wrong, UNTOUCHED[kind]).source = _cell(release, UNTOUCHED[kind]).source
    else:
        cell = _cell(wrong, WRONG_CELL)
        cell.source = cell.source.replace(RIGHT_CODE, WRONG_CODE)
        right = wrong
    return Assignment(name, path.name, instructor_nb, right, wrong, failed_tests)


def _cell(nb: NotebookNode, cell_id: str) -> NotebookNode:
    cell: NotebookNode
    (cell,) = (cell for cell in nb.cells if cell["id"] == cell_id)
    return cell


def _build_questions(folder: Path) -> Path:
    """Build an assignment of the architecture lesson's questions and nothing else."""
    text = (ROOT / "source" / "04-architecture" / "architecture.md").read_text(encoding="utf-8")
    questions = [part for part in text.split("\n+++") if part.lstrip().startswith('{"quiz"')]
    body = "\n".join(f"\n+++{question}" for question in questions)
    source = folder / "source" / QUIZ
    source.mkdir(parents=True)
    (source / "questions.md").write_text(f"# Questions\n{body}\n", encoding="utf-8")
    (path,) = build.build_source(folder, [QUIZ])
    return path


def make_course(folder: Path, settings: str, assignment: Assignment) -> None:
    """Create a course folder with one assignment."""
    source = folder / "source" / assignment.name
    source.mkdir(parents=True)
    nbformat.write(assignment.instructor_nb, source / assignment.notebook)
    (folder / "nbgrader_config.py").write_text(settings, encoding="utf-8")
