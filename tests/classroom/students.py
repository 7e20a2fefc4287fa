"""The class: what each student hands in, and what is fair to give for it.

Everybody begins with the released notebook. What is fair is said here in words of the
lesson's own cells (all questions, all tests but those of one exercise, ...), never by
asking the grader.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from course import quiz

Fair = dict[str, float | None]
Files = dict[str, bytes]


@dataclass(frozen=True)
class Lesson:
    """A lesson as the class sees it, and as its instructor does.

    Attributes:
        file: The notebook's file name.
        release: What students get.
        source: What the instructor has, with keys and solutions.
    """

    file: str
    release: NotebookNode
    source: NotebookNode

    @property
    def points(self) -> dict[str, float]:
        """What each graded cell is worth."""
        return {
            _name(cell): float(cell.metadata.nbgrader.points)
            for cell in self.source.cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }

    @property
    def questions(self) -> list[str]:
        """The questions' names."""
        return [_name(cell) for cell in self.source.cells if "quiz" in _course(cell)]

    @property
    def exercises(self) -> dict[str, list[str]]:
        """For each exercise, its tests."""
        found: dict[str, list[str]] = {}
        for cell in self.source.cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and marks.get("solution"):
                found[marks["grade_id"]] = []
            elif cell.cell_type == "code" and marks.get("grade"):
                found[list(found)[-1]].append(marks["grade_id"])
        return found

    def solution(self, name: str) -> str:
        """The instructor's text of a cell, without the marks around the solution."""
        lines = _find(self.source, name).source.split("\n")
        return "\n".join(
            line for line in lines if "### BEGIN" not in line and "### END" not in line
        )

    def ticks(self, name: str) -> set[int]:
        """The options of a question that are right."""
        options = quiz.parse(_find(self.source, name).source).options
        return {index for index, option in enumerate(options) if option.ticked}


def _course(cell: NotebookNode) -> dict[str, Any]:
    course: dict[str, Any] = cell.metadata.get("course", {})
    return course


def _name(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _find(nb: NotebookNode, name: str) -> NotebookNode:
    found: NotebookNode = next(cell for cell in nb.cells if _name(cell) == name)
    return found


@dataclass
class Desk:
    """One student's copy of the lesson, while they work on it."""

    lesson: Lesson
    nb: NotebookNode = field(init=False)
    fair: Fair = field(init=False)

    def __post_init__(self) -> None:
        self.nb = copy.deepcopy(self.lesson.release)
        self.fair = dict.fromkeys(self.lesson.points, 0.0)

    def cell(self, name: str) -> NotebookNode:
        return _find(self.nb, name)

    def earns(self, *names: str) -> None:
        """Say that these cells are worth all their points."""
        self.fair.update({name: self.lesson.points[name] for name in names})

    def answer(self, *names: str) -> None:
        """Tick what is right."""
        for name in names:
            cell = self.cell(name)
            cell.source = quiz.mark(cell.source, self.lesson.ticks(name))
            self.earns(name)

    def solve(self, *names: str) -> None:
        """Write the solution."""
        for name in names:
            self.cell(name).source = self.lesson.solution(name)
            self.earns(*self.lesson.exercises[name])

    def do_everything(self) -> None:
        self.answer(*self.lesson.questions)
        self.solve(*self.lesson.exercises)

    def loses(self, *names: str) -> None:
        self.fair.update(dict.fromkeys(names, 0.0))

    def waits(self, *names: str) -> None:
        """Say that a person must look at these cells."""
        self.fair.update(dict.fromkeys(names, None))

    def saved(self) -> Files:
        return {self.lesson.file: json.dumps(self.nb, indent=1).encode()}


@dataclass(frozen=True)
class Student:
    """A student.

    Attributes:
        name: The name in the gradebook.
        story: What they do, in a few words for the table.
        work: Doing it: works at the desk and returns the files to hand in.
        status: What the export must say.
    """

    name: str
    story: str
    work: Callable[[Desk], Files]
    status: str = "graded"


def perfect(desk: Desk) -> Files:
    desk.do_everything()
    return desk.saved()


def blank(desk: Desk) -> Files:
    return desk.saved()


def half_right(desk: Desk) -> Files:
    """All exercises are solved; every question gets the first wrong option."""
    desk.solve(*desk.lesson.exercises)
    for name in desk.lesson.questions:
        cell = desk.cell(name)
        count = len(quiz.parse(cell.source).options)
        wrong = min(set(range(count)) - desk.lesson.ticks(name))
        cell.source = quiz.mark(cell.source, {wrong})
    return desk.saved()


def typed(desk: Desk) -> Files:
    """All questions are answered by typing, in all the ways that people type."""
    styles = ["* [X] ", "+ [x ]  ", "  - [ X ] ", "-   [✓] ", "1. [x] "]
    for number, name in enumerate(desk.lesson.questions):
        cell = desk.cell(name)
        ticked = quiz.mark(cell.source, desk.lesson.ticks(name))
        style = styles[number % len(styles)]
        cell.source = re.sub(r"(?m)^- \[x\] ", style, ticked).replace("\n", "\r\n")
        desk.earns(name)
    return desk.saved()


def clicked(desk: Desk) -> Files:
    """All questions are clicked; JupyterLab left its traces, and the kernel its outputs."""
    desk.answer(*desk.lesson.questions)
    for cell in desk.nb.cells:
        cell.metadata["editable"] = True
        cell.metadata["slideshow"] = {"slide_type": ""}
        cell.metadata["tags"] = []
        if cell.cell_type == "code":
            cell["execution_count"] = 3
            stderr = {"output_type": "stream", "name": "stderr", "text": ["an old warning\n"]}
            cell["outputs"] = [stderr]
    desk.nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return desk.saved()


def reordered(desk: Desk) -> Files:
    """The right options are ticked, in reversed order and with a slip in the wording."""
    for name in desk.lesson.questions:
        cell = desk.cell(name)
        ticked = quiz.mark(cell.source, desk.lesson.ticks(name)).split("\n")
        first = min(i for i, line in enumerate(ticked) if line.startswith("- ["))
        options = [line for line in ticked[first:] if line.startswith("- [")]
        cell.source = "\n".join([*ticked[:first], *reversed(options)])
        desk.earns(name)
    slip = desk.cell(desk.lesson.questions[0])
    slip.source = re.sub(r"(?m)^(- \[x\] \w+)", r"\1  ,", slip.source)
    return desk.saved()


def syntax_error(desk: Desk) -> Files:
    desk.do_everything()
    name = next(iter(desk.lesson.exercises))
    desk.cell(name).source += "\ndef broken(:"
    desk.loses(*desk.lesson.exercises[name])
    return desk.saved()


def exception_midway(desk: Desk) -> Files:
    """The first exercise raises; all that comes after it must still count."""
    desk.do_everything()
    name = next(iter(desk.lesson.exercises))
    desk.cell(name).source = "raise RuntimeError('<script>alert(1)</script> *bold*')"
    desk.loses(*desk.lesson.exercises[name])
    return desk.saved()


def warns(desk: Desk) -> Files:
    """Everything is right, and everything writes to stderr and prints numbers."""
    desk.do_everything()
    noise = "import sys, warnings\nwarnings.warn('careful')\nprint(0.5, file=sys.stderr)\n0.25\n"
    for name in desk.lesson.exercises:
        desk.cell(name).source = noise + desk.cell(name).source
    return desk.saved()


def endless_loop(desk: Desk) -> Files:
    """The last exercise never ends, and does not listen when it is interrupted."""
    desk.do_everything()
    name = list(desk.lesson.exercises)[-1]
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    desk.cell(name).source = deaf
    desk.loses(*desk.lesson.exercises[name])
    return desk.saved()


def kills_kernel(desk: Desk) -> Files:
    """The first exercise ends the Python process."""
    desk.do_everything()
    name = next(iter(desk.lesson.exercises))
    desk.cell(name).source = "import os\nos._exit(0)"
    desk.loses(*desk.lesson.exercises[name])
    return desk.saved()


def deletes_cells(desk: Desk) -> Files:
    """Everything is right, but a question, a test and an exercise are gone."""
    desk.do_everything()
    question = desk.lesson.questions[0]
    exercises = list(desk.lesson.exercises)
    test = desk.lesson.exercises[exercises[0]][0]
    gone = {question, test, exercises[-1]}
    desk.nb.cells = [cell for cell in desk.nb.cells if _name(cell) not in gone]
    desk.loses(question, *desk.lesson.exercises[exercises[-1]])
    return desk.saved()


def duplicates_cells(desk: Desk) -> Files:
    """Copies everywhere; one question has two copies that disagree."""
    desk.do_everything()
    disputed = desk.lesson.questions[0]
    cells = []
    for cell in desk.nb.cells:
        cells.append(cell)
        if _name(cell):
            twin = copy.deepcopy(cell)
            twin["id"] = f"copy-{cell['id']}"[:60]
            cells.append(twin)
            if _name(cell) == disputed:
                ticks = desk.lesson.ticks(disputed)
                twin.source = quiz.mark(twin.source, {1 if ticks == {0} else 0})
    desk.nb.cells = cells
    desk.waits(disputed)
    return desk.saved()


def edits_tests(desk: Desk) -> Files:
    """Nothing is solved, but every test is made to pass and worth more."""
    for tests in desk.lesson.exercises.values():
        for test in tests:
            cell = desk.cell(test)
            cell.source = "assert True"
            cell.metadata.nbgrader["points"] = 100
            cell.metadata.nbgrader["schema_version"] = 4
    return desk.saved()


def renames(desk: Desk) -> Files:
    desk.do_everything()
    return {f"final version (2) {desk.lesson.file}": next(iter(desk.saved().values()))}


def truncated(desk: Desk) -> Files:
    desk.do_everything()
    content = next(iter(desk.saved().values()))
    desk.waits(*desk.lesson.points)
    return {desk.lesson.file: content[: len(content) // 2]}


def two_ticks(desk: Desk) -> Files:
    """Two ticks where one is right, and a ticked line that the question does not have."""
    desk.do_everything()
    single = [q for q in desk.lesson.questions if len(desk.lesson.ticks(q)) == 1]
    first, second = single[:2]
    cell = desk.cell(first)
    cell.source = quiz.mark(cell.source, {0, 1})
    desk.loses(first)
    desk.cell(second).source = (
        quiz.mark(desk.cell(second).source, set()).rstrip() + "\n- [x] None of these fits, I think"
    )
    desk.waits(second)
    return desk.saved()


def no_notebook(desk: Desk) -> Files:
    desk.waits(*desk.lesson.points)
    return {"answers.txt": b"I could not open the notebook.\n"}


CLASS = (
    Student("ada", "everything right", perfect),
    Student("ben", "handed in untouched", blank),
    Student("cleo", "exercises right, questions wrong", half_right),
    Student("dina", "answers typed in many ways", typed),
    Student("emil", "answers clicked in JupyterLab", clicked),
    Student("enid", "options reordered, wording slips", reordered),
    Student("fay", "syntax error", syntax_error),
    Student("gus", "exception midway", exception_midway),
    Student("hana", "all right, much on stderr", warns),
    Student("ivan", "endless deaf loop", endless_loop),
    Student("jo", "os._exit", kills_kernel),
    Student("kim", "cells deleted", deletes_cells),
    Student("lea", "cells duplicated", duplicates_cells, "needs review"),
    Student("max", "tests edited", edits_tests),
    Student("nora", "notebook renamed", renames),
    Student("omar", "file breaks off", truncated, "not graded"),
    Student("pia", "two ticks, made-up option", two_ticks, "needs review"),
    Student("quin", "no notebook in the submission", no_notebook, "not graded"),
)
