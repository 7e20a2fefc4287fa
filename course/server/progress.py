"""Read from a notebook's file how far its learner has come: exercises and questions.

Example:
    >>> progress = read_progress(Path("release/01-intro/intro.ipynb"))
    >>> progress.summary
    '0 of 3 exercises pass, 0 of 7 answered'
    >>> [(exercise.title, exercise.state, exercise.points) for exercise in progress.exercises][0]
    ('Exercise 1', 'open', 2.0)
    >>> [question.number for question in progress.questions if question.state == "damaged"]
    []

Nothing is run: an exercise has passed if the output of its test says so. The notebook is a
student's, so its points and texts are for display only; escape them. The bar above a notebook
counts by the same rules (`course/labextension/static/progress.js`); the cases in
``tests/browser/progress_cases.json`` keep the two in agreement.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from course import quiz
from course.quiz import cells, kinds

MAX_BYTES: Final = 64 << 20  # of a file; a lesson with all its figures has about 5 MB
_TITLE: Final = re.compile(r"^@exercises\.check\(\s*[\"']([^\"'\n]{1,80})[\"']", re.MULTILINE)
_PASSED: Final = "✓ "  # how the message of `course.exercises` starts
_CHECK: Final = "exercises.check"
_MAX_QUESTIONS: Final = 200
_MAX_SHOWN_CHARS: Final = 80
_MAX_HINT_CHARS: Final = 1000

Cell = Mapping[str, Any]
ExerciseState = Literal["passed", "failed", "open"]
QuestionState = kinds.State | Literal["damaged"]


class UnreadableNotebookError(ValueError):
    """The file is not a notebook, or too large; the message says which."""


@dataclass(frozen=True)
class ExerciseProgress:
    """An exercise, by its test.

    Attributes:
        name: The test's ``grade_id``.
        title: What the lesson calls the exercise, such as ``Exercise 1``.
        state: ``open`` if its test has not run, or has found nothing to test.
        points: What it can earn.
        message: The hint, if the test has failed; else empty.
    """

    name: str
    title: str
    state: ExerciseState
    points: float
    message: str = ""


@dataclass(frozen=True)
class QuestionProgress:
    """A graded question.

    Attributes:
        name: Its ``grade_id``.
        number: Its place among the notebook's questions, from 1.
        prompt: The beginning of its text.
        state: ``answered``, ``blank``, or ``incomplete`` if some fields are empty;
            ``many`` if only one option may be ticked, but several
            are; ``unclear`` if there are marks that can't be read; ``damaged`` if its prompt or
            options were changed, or its cell is missing or no question any more.
        points: What it can earn.
        source: The text of its cell; empty if that is missing.
    """

    name: str
    number: int
    prompt: str
    state: QuestionState
    points: float
    source: str


@dataclass(frozen=True)
class Progress:
    """The exercises and questions of a notebook, in its order."""

    exercises: tuple[ExerciseProgress, ...]
    questions: tuple[QuestionProgress, ...]

    @property
    def passed(self) -> int:
        """How many exercises pass."""
        return sum(exercise.state == "passed" for exercise in self.exercises)

    @property
    def answered(self) -> int:
        """How many questions are answered."""
        return sum(question.state == "answered" for question in self.questions)

    @property
    def damaged(self) -> tuple[QuestionProgress, ...]:
        """The questions that need to be restored."""
        return tuple(question for question in self.questions if question.state == "damaged")

    @property
    def done(self) -> bool:
        """True if every exercise passes and every question is answered."""
        total = len(self.exercises) + len(self.questions)
        return total > 0 and self.passed + self.answered == total

    @property
    def points(self) -> float:
        """What all exercises and questions can earn together."""
        exercises = sum(exercise.points for exercise in self.exercises)
        return exercises + sum(question.points for question in self.questions)

    @property
    def summary(self) -> str:
        """What the bar above the notebook says; empty if there is nothing to do."""
        parts = []
        if self.exercises:
            parts.append(f"{self.passed} of {len(self.exercises)} exercises pass")
        if self.questions:
            parts.append(f"{self.answered} of {len(self.questions)} answered")
        parts += [f"question {question.number} is damaged" for question in self.damaged]
        return ", ".join(parts)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Progress:
        """Return what ``dataclasses.asdict`` has turned into plain data."""
        return cls(
            tuple(ExerciseProgress(**exercise) for exercise in data["exercises"]),
            tuple(QuestionProgress(**question) for question in data["questions"]),
        )


def read_progress(path: Path) -> Progress:
    """Return the progress in a notebook's file.

    Raises:
        OSError: There is no such file, or it can't be read.
        UnreadableNotebookError: It isn't a notebook, or it is too large.
    """
    if not path.is_file():  # a named pipe would never end
        raise FileNotFoundError(f"{path} does not exist or is not a regular file")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UnreadableNotebookError(f"{path.name} is larger than {MAX_BYTES >> 20} MB")
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebookError(f"{path.name} is not a notebook: {error}") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise UnreadableNotebookError(f"{path.name} is not a notebook: it has no cells")
    return progress_of(notebook)


def progress_of(notebook: Mapping[str, Any]) -> Progress:
    """Return the progress in a notebook's JSON, or in nbformat's ``NotebookNode``."""
    all_cells = [cell for cell in notebook["cells"] if isinstance(cell, Mapping)]
    return Progress(
        tuple(_exercise(cell) for cell in all_cells if cells.is_test(cell)),
        tuple(_questions(notebook, all_cells)),
    )


def _exercise(cell: Cell) -> ExerciseProgress:
    source, name = _text(cell.get("source")), _shown(cells.grade_id(cell))
    title = _TITLE.search(source)
    state, message = _result(cell, source)
    return ExerciseProgress(
        name, _shown(title[1]) if title else name, state, cells.points(cell), message
    )


def _result(cell: Cell, source: str) -> tuple[ExerciseState, str]:
    """Return what the outputs of a test say."""
    outputs = cell.get("outputs")
    outputs = outputs if isinstance(outputs, list) else []
    outputs = [output for output in outputs if isinstance(output, Mapping)]
    if any(_text(output.get("text")).startswith(_PASSED) for output in outputs):
        return "passed", ""
    errors = [output for output in outputs if output.get("output_type") == "error"]
    if any(error.get("ename") == "NotImplementedError" for error in errors):
        return "open", ""
    if errors:
        return "failed", _hint(outputs, errors[0])
    # A test without our messages says nothing when it passes.
    has_run = isinstance(cell.get("execution_count"), int)
    return ("passed" if has_run and _CHECK not in source else "open"), ""


def _hint(outputs: list[Cell], error: Cell) -> str:
    """Return the hint of a failed test, without the heading above it."""
    for output in outputs:
        data = output.get("data")
        text = _text(data.get("text/plain")) if isinstance(data, Mapping) else ""
        if text.startswith("✗ ") and "\n" in text:
            return _shown(text.split("\n", 1)[1], _MAX_HINT_CHARS)
    parts = [_text(error.get(key)) for key in ("ename", "evalue")]
    return _shown(": ".join(filter(None, parts)), _MAX_HINT_CHARS)


def _questions(notebook: Cell, all_cells: list[Cell]) -> Iterator[QuestionProgress]:
    released = cells.released_questions(notebook)[:_MAX_QUESTIONS]
    originals = {cells.grade_id(cell): cell for cell in released}
    copies = _find_questions(all_cells, originals)
    for number, (name, found) in enumerate(copies.items(), start=1):
        original = originals.get(name)
        states = [_state(cell, original) for cell in found] or ["damaged"]
        text = _text((original or found[0]).get("source"))
        yield QuestionProgress(
            name=_shown(name),
            number=number,
            prompt=_shown(_one_line(kinds.of(original or found[0]).prompt(text))),
            state="damaged" if "damaged" in states else states[0],
            points=cells.points(original or found[0]),
            source=_text(found[0].get("source")) if found else "",
        )


def _find_questions(all_cells: list[Cell], originals: Mapping[str, Cell]) -> dict[str, list[Cell]]:
    """Return the cells of each question by its name, in the order of the release.

    A cell that is no question any more is found by its name or id, and at last by its options.
    """
    found: dict[str, list[Cell]] = {name: [] for name in originals}
    names_by_id = {cells.cell_id(cell): name for name, cell in originals.items()}
    others: dict[tuple[str, ...], list[Cell]] = {}
    for cell in all_cells:
        name = cells.grade_id(cell) or cells.cell_id(cell)
        if not _is_question(cell) and name not in originals:
            name = names_by_id.get(cells.cell_id(cell), "")
        if name:
            found.setdefault(name, []).append(cell)
        elif cell.get("cell_type") == "markdown" and (
            texts := quiz.option_texts(_text(cell.get("source")))
        ):
            others.setdefault(texts, []).append(cell)
    for name, original in originals.items():
        if not found[name] and quiz.option_texts(original["source"]):
            found[name] = others.get(quiz.option_texts(original["source"]), [])
    return found


def _is_question(cell: Cell) -> bool:
    return isinstance(cells.metadata_entries(cell, "course").get("quiz"), Mapping)


def _state(cell: Cell, original: Cell | None) -> QuestionState:
    source, kind = _text(cell.get("source")), kinds.of(original or cell)
    is_intact = kind.is_intact(source, original["source"]) if original else kind.has_place(source)
    if not (is_intact and _is_question(cell) and cell.get("cell_type") == "markdown"):
        return "damaged"
    return kind.state(source, multiple=cells.allows_multiple(cell))


def _text(value: object) -> str:
    """Return a text that a notebook's JSON may hold as a list of lines; empty if it is neither."""
    lines = value if isinstance(value, list) else [value]
    return "".join(line for line in lines if isinstance(line, str))


def _one_line(markdown: str) -> str:
    return " ".join(markdown.replace("**", "").split())


def _shown(text: str, max_chars: int = _MAX_SHOWN_CHARS) -> str:
    """Return a short text that can be written as UTF-8."""
    cut = text if len(text) <= max_chars else f"{text[: max_chars - 1]}…"
    return cut.encode(errors="replace").decode()
