"""Classes that hand in: the same answers in the same notebooks, for every grader.

Three in four have solved all; every fourth has left one exercise as it was handed out, or ticked
a wrong option.
"""

from __future__ import annotations

import copy
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode

from autograder import cells
from autograder.publish import build
from benchmarks.peers import ROOT

QUIZ: Final = "07-questions"
KINDS: Final = {
    "lesson": "02-curse-of-dimensionality",
    "lab": "05-autoencoder-lab",
    "questions": QUIZ,
    "questions in a lesson": "02-curse-of-dimensionality",
    "lesson, one answer wrong": "02-curse-of-dimensionality",
}
ASKED: Final = ("questions", "questions in a lesson")  # nothing else is graded
LEFT: Final = {"lesson": "occupied-share", "lab": "scale"}  # what every fourth has not done
WRONG: Final = ("occupied-share", "return ", "return 2 * ")
# The tests that then fail: training stands on what was not done.
LOST: Final = {
    "lesson": ("occupied-share-test",),
    "lab": ("scale-test", "train-small-test"),
    "lesson, one answer wrong": ("occupied-share-test",),
}


@dataclass(frozen=True)
class Class:
    """One assignment, and what a student hands in.

    Attributes:
        name: The assignment's name.
        notebook: The notebook's file name.
        instructors: The instructor's notebook.
        right: A submission in which all is solved.
        wrong: One in which something is not.
        lost: The graded cells that then earn nothing.
    """

    name: str
    notebook: str
    instructors: NotebookNode
    right: NotebookNode
    wrong: NotebookNode
    lost: tuple[str, ...]

    def earned(self, student: str) -> dict[str, float]:
        """Return what a student's answers are worth, by graded cell."""
        graded = cells.graded_cells(self.instructors)
        full = {name: float(cells.max_points(cell)) for name, cell in graded.items()}
        wrong = self.right is self.wrong or int(student[1:]) % 4 == 3
        return full | (dict.fromkeys(self.lost, 0.0) if wrong else {})

    def hand_in(self, submitted: Path, students: int) -> None:
        """Write everybody's submission into a course's folder."""
        for number in range(students):
            folder = submitted / f"s{number:05}" / self.name
            folder.mkdir(parents=True)
            made = self.wrong if number % 4 == 3 else self.right
            nbformat.write(made, folder / self.notebook)


def load(kind: str, place: Path) -> Class:
    """Return a class.

    Args:
        kind: One of `KINDS`.
        place: A folder to build in.
    """
    name = KINDS[kind]
    if kind == "questions":
        path = _questions(place)
    else:
        path = next((ROOT / "source" / name).glob("*.ipynb"))
    instructors = NotebookNode(nbformat.read(path, as_version=4))
    if kind in ASKED:
        for cell in instructors.cells:
            if not cells.is_quiz(cell):
                cells.clear_nbgrader(cell)
                lines = [line for line in cell.source.splitlines() if "### " not in line]
                cell.source = "\n".join(lines)  # solutions and hidden tests stand there openly
    right, wrong = copy.deepcopy(instructors), copy.deepcopy(instructors)
    lost = LOST.get(kind, ())
    if kind in ASKED:
        question = next(cell for cell in wrong.cells if cells.is_quiz(cell))
        lost = (question["id"],)
        question.source = question.source.replace("- [x]", "- [ ]")
    elif kind in LEFT:
        release = nbformat.read(ROOT / "release" / name / path.name, as_version=4)
        stub = next(cell for cell in release.cells if cell["id"] == LEFT[kind])
        next(cell for cell in wrong.cells if cell["id"] == LEFT[kind]).source = stub.source
    else:
        name_of, good, bad = WRONG
        cell = next(cell for cell in wrong.cells if cell["id"] == name_of)
        cell.source = cell.source.replace(good, bad)
        right = wrong
    return Class(name, path.name, instructors, right, wrong, lost)


def _questions(place: Path) -> Path:
    """Build an assignment of the lecture's five questions and three more, and nothing else."""
    text = (ROOT / "source" / "04-architecture" / "architecture.md").read_text(encoding="utf-8")
    parts = text.split("\n+++")
    found = [part for part in parts if part.lstrip().startswith('{"quiz"')]
    folder = place / "source" / QUIZ
    folder.mkdir(parents=True)
    body = "\n".join(f"\n+++{part}" for part in found)
    (folder / "questions.md").write_text(f"# Questions\n{body}\n", encoding="utf-8")
    (path,) = build.build_source(place, [QUIZ])
    return path


def course(place: Path, settings: str, one: Class) -> None:
    """Make a course's folder with one assignment."""
    source = place / "source" / one.name
    source.mkdir(parents=True)
    nbformat.write(one.instructors, source / one.notebook)
    (place / "nbgrader_config.py").write_text(settings, encoding="utf-8")


def clear(place: Path) -> None:
    """Forget what was graded."""
    for name in ("autograded", "submitted", ".grading"):
        shutil.rmtree(place / name, ignore_errors=True)
