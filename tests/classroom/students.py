"""The class: what each student submits, and the points it should get.

Everybody starts with the released notebook. The expected points are stated in terms of the
lesson's cells (all questions, all tests but those of one exercise), never computed by the grader.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from nbformat import NotebookNode

from autograder import cells
from autograder.grading import pools
from course import quiz
from course.quiz import fields, kinds
from course.quiz.personalize import personalize

Points = dict[str, float | None]  # by cell name; None for manual grading
Files = dict[str, bytes]


@dataclass(frozen=True)
class Lesson:
    """A lesson for students and for instructors.

    Attributes:
        file: The notebook's file name.
        release: The students' notebook.
        source: The instructor's notebook, with keys and solutions.
    """

    file: str
    release: NotebookNode
    source: NotebookNode

    def of(self, student: str) -> Lesson:
        """Return the lesson with the student's variants of its question pools."""
        release = copy.deepcopy(self.release)
        personalize(release, student)
        return replace(self, release=release, source=pools.for_student(self.source, student))

    @property
    def points(self) -> dict[str, float]:
        """The maximum points of each graded cell."""
        graded = cells.graded_cells(self.source)
        return {name: float(cells.max_points(cell)) for name, cell in graded.items()}

    @property
    def questions(self) -> list[str]:
        """The names of the questions."""
        return [cells.grade_id(cell) for cell in self.source.cells if cells.is_quiz(cell)]

    @property
    def exercises(self) -> dict[str, list[str]]:
        """The names of the exercises, each with its tests."""
        exercises: dict[str, list[str]] = {}
        for cell in self.source.cells:
            if cell.cell_type == "code" and cells.is_answer(cell):
                exercises[cells.grade_id(cell)] = []
            elif cells.is_test(cell):
                exercises[list(exercises)[-1]].append(cells.grade_id(cell))
        return exercises

    def solution(self, name: str) -> str:
        """Return the instructor's text of a cell, without the solution markers."""
        lines = _find_cell(self.source, name).source.split("\n")
        return "\n".join(
            line for line in lines if "### BEGIN" not in line and "### END" not in line
        )

    def key(self, name: str) -> set[int]:
        """Return the indices of a question's correct options; none if it has fields."""
        options = quiz.parse(_find_cell(self.source, name).source).options
        return {index for index, option in enumerate(options) if option.ticked}

    def kind(self, name: str) -> kinds.Kind:
        """Return a question's kind."""
        return kinds.of(_find_cell(self.source, name))

    def solved(self, name: str) -> str:
        """Return a question with its key as the answer."""
        return self.kind(name).solved(_find_cell(self.source, name).source)

    def wrong(self, name: str) -> str:
        """Return a question with a wrong answer."""
        source = self.kind(name).bare(_find_cell(self.source, name).source)
        if isinstance(kind := self.kind(name), kinds.FieldKind):
            key = fields.parse(_find_cell(self.source, name).source)
            values = {"number": "-999", "order": "9", "match": "B"}
            return fields.fill(source, [values.get(kind.name, "nothing")] * len(key))
        count = len(quiz.parse(source).options)
        return quiz.mark(source, {min(set(range(count)) - self.key(name))})


def _find_cell(nb: NotebookNode, name: str) -> NotebookNode:
    match: NotebookNode = next(cell for cell in nb.cells if cells.grade_id(cell) == name)
    return match


@dataclass
class Attempt:
    """One student's copy of the lesson, with the points expected for it."""

    lesson: Lesson
    nb: NotebookNode = field(init=False)
    expected: Points = field(init=False)

    def __post_init__(self) -> None:
        self.nb = copy.deepcopy(self.lesson.release)
        self.expected = dict.fromkeys(self.lesson.points, 0.0)

    def cell(self, name: str) -> NotebookNode:
        return _find_cell(self.nb, name)

    def expect_full(self, *names: str) -> None:
        self.expected.update({name: self.lesson.points[name] for name in names})

    def expect_zero(self, *names: str) -> None:
        self.expected.update(dict.fromkeys(names, 0.0))

    def expect_manual_grading(self, *names: str) -> None:
        self.expected.update(dict.fromkeys(names, None))

    def answer(self, *names: str) -> None:
        """Tick the correct options."""
        for name in names:
            self.cell(name).source = self.lesson.solved(name)
            self.expect_full(name)

    def solve(self, *names: str) -> None:
        """Write the solutions of exercises."""
        for name in names:
            self.cell(name).source = self.lesson.solution(name)
            self.expect_full(*self.lesson.exercises[name])

    def answer_and_solve_all(self) -> None:
        self.answer(*self.lesson.questions)
        self.solve(*self.lesson.exercises)

    def files(self) -> Files:
        return {self.lesson.file: json.dumps(self.nb, indent=1).encode()}


@dataclass(frozen=True)
class Student:
    """A student.

    Attributes:
        name: The id in the gradebook.
        description: What they do, for the table.
        work: Edits an attempt and returns the files to submit.
        status: The expected status in the export.
    """

    name: str
    description: str
    work: Callable[[Attempt], Files]
    status: str = "graded"


def solve_everything(attempt: Attempt) -> Files:
    attempt.answer_and_solve_all()
    return attempt.files()


def change_nothing(attempt: Attempt) -> Files:
    return attempt.files()


def answer_wrongly(attempt: Attempt) -> Files:
    """Solve all exercises; answer every question with the first wrong option."""
    attempt.solve(*attempt.lesson.exercises)
    for name in attempt.lesson.questions:
        attempt.cell(name).source = attempt.lesson.wrong(name)
    return attempt.files()


def type_answers(attempt: Attempt) -> Files:
    """Answer all questions by typing, in many styles."""
    styles = ["* [X] ", "+ [x ]  ", "  - [ X ] ", "-   [✓] ", "1. [x] "]
    for number, name in enumerate(attempt.lesson.questions):
        cell = attempt.cell(name)
        ticked = attempt.lesson.solved(name)
        style = styles[number % len(styles)]
        cell.source = re.sub(r"(?m)^- \[x\] ", style, ticked).replace("\n", "\r\n")
        attempt.expect_full(name)
    return attempt.files()


def click_answers(attempt: Attempt) -> Files:
    """Answer all questions by clicking; JupyterLab adds metadata, the kernel adds outputs."""
    attempt.answer(*attempt.lesson.questions)
    for cell in attempt.nb.cells:
        cell.metadata["editable"] = True
        cell.metadata["slideshow"] = {"slide_type": ""}
        cell.metadata["tags"] = []
        if cell.cell_type == "code":
            cell["execution_count"] = 3
            stderr = {"output_type": "stream", "name": "stderr", "text": ["an old warning\n"]}
            cell["outputs"] = [stderr]
    attempt.nb.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return attempt.files()


def reorder_options(attempt: Attempt) -> Files:
    """Tick the correct options, after reversing them and changing the wording slightly."""
    for name in attempt.lesson.questions:
        cell = attempt.cell(name)
        attempt.expect_full(name)
        if not attempt.lesson.key(name):
            cell.source = attempt.lesson.solved(name)
            continue
        lines = quiz.mark(cell.source, attempt.lesson.key(name)).split("\n")
        first = min(i for i, line in enumerate(lines) if line.startswith("- ["))
        options = [line for line in lines[first:] if line.startswith("- [")]
        cell.source = "\n".join([*lines[:first], *reversed(options)])
    cell = attempt.cell(attempt.lesson.questions[0])
    cell.source = re.sub(r"(?m)^(- \[x\] \w+)", r"\1  ,", cell.source)
    return attempt.files()


def break_syntax(attempt: Attempt) -> Files:
    attempt.answer_and_solve_all()
    name = next(iter(attempt.lesson.exercises))
    attempt.cell(name).source += "\ndef broken(:"
    attempt.expect_zero(*attempt.lesson.exercises[name])
    return attempt.files()


def raise_exception(attempt: Attempt) -> Files:
    """Raise in the first exercise; everything after it must still count."""
    attempt.answer_and_solve_all()
    name = next(iter(attempt.lesson.exercises))
    attempt.cell(name).source = "raise RuntimeError('<script>alert(1)</script> *bold*')"
    attempt.expect_zero(*attempt.lesson.exercises[name])
    return attempt.files()


def write_to_stderr(attempt: Attempt) -> Files:
    """Solve everything with code that writes to stderr and prints numbers."""
    attempt.answer_and_solve_all()
    prefix = "import sys, warnings\nwarnings.warn('careful')\nprint(0.5, file=sys.stderr)\n0.25\n"
    for name in attempt.lesson.exercises:
        attempt.cell(name).source = prefix + attempt.cell(name).source
    return attempt.files()


def loop_forever(attempt: Attempt) -> Files:
    """Loop forever in the last exercise and ignore interrupts."""
    attempt.answer_and_solve_all()
    name = list(attempt.lesson.exercises)[-1]
    loop = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    attempt.cell(name).source = loop
    attempt.expect_zero(*attempt.lesson.exercises[name])
    return attempt.files()


def kill_kernel(attempt: Attempt) -> Files:
    """End the Python process in the first exercise."""
    attempt.answer_and_solve_all()
    name = next(iter(attempt.lesson.exercises))
    attempt.cell(name).source = "import os\nos._exit(0)"
    attempt.expect_zero(*attempt.lesson.exercises[name])
    return attempt.files()


def delete_cells(attempt: Attempt) -> Files:
    """Solve everything, then delete a question, a test and an exercise."""
    attempt.answer_and_solve_all()
    question = attempt.lesson.questions[0]
    exercises = list(attempt.lesson.exercises)
    test = attempt.lesson.exercises[exercises[0]][0]
    deleted = {question, test, exercises[-1]}
    attempt.nb.cells = [cell for cell in attempt.nb.cells if cells.grade_id(cell) not in deleted]
    attempt.expect_zero(question, *attempt.lesson.exercises[exercises[-1]])
    return attempt.files()


def duplicate_cells(attempt: Attempt) -> Files:
    """Duplicate every cell; the two copies of one question disagree."""
    attempt.answer_and_solve_all()
    disputed = attempt.lesson.questions[0]
    duplicated = []
    for cell in attempt.nb.cells:
        duplicated.append(cell)
        if cells.grade_id(cell):
            duplicate = copy.deepcopy(cell)
            duplicate["id"] = f"copy-{cell['id']}"[:60]
            duplicated.append(duplicate)
            if cells.grade_id(cell) == disputed:
                key = attempt.lesson.key(disputed)
                duplicate.source = quiz.mark(duplicate.source, {1 if key == {0} else 0})
    attempt.nb.cells = duplicated
    attempt.expect_manual_grading(disputed)
    return attempt.files()


def edit_tests(attempt: Attempt) -> Files:
    """Solve nothing, but edit every test to pass and to be worth more."""
    for tests in attempt.lesson.exercises.values():
        for test in tests:
            cell = attempt.cell(test)
            cell.source = "assert True"
            cells.set_nbgrader(cell, points=100, schema_version=4)
    return attempt.files()


def rename_notebook(attempt: Attempt) -> Files:
    attempt.answer_and_solve_all()
    return {f"final version (2) {attempt.lesson.file}": next(iter(attempt.files().values()))}


def truncate_file(attempt: Attempt) -> Files:
    attempt.answer_and_solve_all()
    content = next(iter(attempt.files().values()))
    attempt.expect_manual_grading(*attempt.lesson.points)
    return {attempt.lesson.file: content[: len(content) // 2]}


def tick_too_many(attempt: Attempt) -> Files:
    """Tick two options where one is correct, and tick an option that the question lacks."""
    attempt.answer_and_solve_all()
    single = [q for q in attempt.lesson.questions if len(attempt.lesson.key(q)) == 1]
    first, second = single[:2]
    cell = attempt.cell(first)
    cell.source = quiz.mark(cell.source, {0, 1})
    attempt.expect_zero(first)
    attempt.cell(second).source = (
        quiz.mark(attempt.cell(second).source, set()).rstrip()
        + "\n- [x] None of these fits, I think"
    )
    attempt.expect_manual_grading(second)
    return attempt.files()


def submit_no_notebook(attempt: Attempt) -> Files:
    attempt.expect_manual_grading(*attempt.lesson.points)
    return {"answers.txt": b"I could not open the notebook.\n"}


CLASS = (
    Student("ada", "everything right", solve_everything),
    Student("ben", "nothing changed", change_nothing),
    Student("cleo", "exercises solved, questions wrong", answer_wrongly),
    Student("dina", "answers typed in many styles", type_answers),
    Student("emil", "answers clicked in JupyterLab", click_answers),
    Student("enid", "options reordered and reworded", reorder_options),
    Student("fay", "syntax error", break_syntax),
    Student("gus", "exception in an exercise", raise_exception),
    Student("hana", "everything right, much on stderr", write_to_stderr),
    Student("ivan", "infinite loop, ignores interrupts", loop_forever),
    Student("jo", "kernel killed by os._exit", kill_kernel),
    Student("kim", "cells deleted", delete_cells),
    Student("lea", "cells duplicated", duplicate_cells, "needs review"),
    Student("max", "tests edited", edit_tests),
    Student("nora", "notebook renamed", rename_notebook),
    Student("omar", "file truncated", truncate_file, "not graded"),
    Student("pia", "two ticks, invented option", tick_too_many, "needs review"),
    Student("quin", "no notebook submitted", submit_no_notebook, "not graded"),
)
