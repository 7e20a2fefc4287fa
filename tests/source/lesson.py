"""What holds for every lesson: its exercises, their tests, and what its text must have.

A lesson's own test file says which wrong answers learners give and what each of them hears:

    class TestLesson(LessonTests):
        lesson = Lesson("01-intro", WRONG)
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import numpy as np
import pytest
from nbformat import NotebookNode

from autograder.publish.build import notebook_from_text

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Lesson:
    """A lesson, and what learners may answer.

    Attributes:
        name: Its folder in ``source/``.
        wrong: By exercise: wrong answers, and words (a regular expression) that each one hears.
        before: By exercise: code that an answer comes after, such as a signature.
        lent: Names that the lesson's own cells define and that its tests use.
    """

    name: str
    wrong: dict[str, dict[str, str]]
    before: dict[str, str] = field(default_factory=dict)
    lent: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def text(self) -> Path:
        (path,) = (ROOT / "source" / self.name).glob("*.md")
        return path

    @cached_property
    def built(self) -> NotebookNode:
        return notebook_from_text(self.text.read_text(encoding="utf-8"))

    @cached_property
    def cells(self) -> dict[str, NotebookNode]:
        return {
            cell.metadata.nbgrader.grade_id: cell
            for cell in self.built.cells
            if "nbgrader" in cell.metadata
        }

    @cached_property
    def exercises(self) -> list[str]:
        return [name.removesuffix("-test") for name in self.cells if name.endswith("-test")]

    def stub(self, exercise: str) -> str:
        path = ROOT / "release" / self.name / f"{self.text.stem}.ipynb"
        release = nbformat.read(path, as_version=4)
        return str(next(cell.source for cell in release.cells if cell.id == exercise))

    def judge(self, exercise: str, answer: str) -> None:
        """Run an answer and the test of its exercise as a notebook would, in one namespace."""
        namespace: dict[str, Any] = {"np": np, **self.lent}
        with np.errstate(over="ignore"):  # a notebook only warns
            exec(answer, namespace)
            exec(self.cells[f"{exercise}-test"].source, namespace)

    def hear(self, exercise: str, answer: str) -> str:
        """Return what a wrong answer hears."""
        with pytest.raises(AssertionError) as caught:
            self.judge(exercise, self.before.get(exercise, "") + answer)
        return str(caught.value)


class LessonTests:
    """The tests that every lesson has to pass; `conftest` hands them their exercises."""

    lesson: ClassVar[Lesson]
    boxes: ClassVar[int] = 4  # claims of the lecture that are put right, at least

    def test_every_exercise_is_here(self) -> None:
        assert set(self.lesson.exercises) == set(self.lesson.wrong)
        assert all(len(answers) >= 5 for answers in self.lesson.wrong.values())

    def test_the_solution_passes(self, exercise: str) -> None:
        self.lesson.judge(exercise, self.lesson.cells[exercise].source)

    def test_the_release_holds_a_stub_that_fails(self, exercise: str) -> None:
        stub = self.lesson.stub(exercise)
        assert "SOLUTION" not in stub
        with pytest.raises((NotImplementedError, AssertionError)):
            self.lesson.judge(exercise, stub)

    def test_a_wrong_answer_hears_what_is_wrong(
        self, exercise: str, answer: str, words: str
    ) -> None:
        assert re.search(words, self.lesson.hear(exercise, answer))

    def test_no_two_wrong_answers_hear_the_same(self, exercise: str) -> None:
        heard = [self.lesson.hear(exercise, answer) for answer in self.lesson.wrong[exercise]]
        assert len(set(heard)) == len(heard)

    def test_objectives_name_graded_cells_and_every_graded_cell_has_an_objective(self) -> None:
        cells = self.lesson.built.cells
        table = next(cell.source for cell in cells if "| checked by |" in cell.source)
        graded = {n for n, cell in self.lesson.cells.items() if cell.metadata.nbgrader.grade}
        named = {word for word in table.split("`") if word in graded}
        assert named == graded

    def test_the_lesson_has_what_a_lesson_has(self) -> None:
        cells = self.lesson.built.cells
        predictions = [cell for cell in cells if "prediction" in cell.metadata.get("course", {})]
        quizzes = [cell for cell in cells if "quiz" in cell.metadata.get("course", {})]
        text = "\n".join(cell.source for cell in cells)
        assert len(predictions) >= 2
        assert all(f'predictions.show("{cell.id}")' in text for cell in predictions)
        assert 5 <= len(quizzes) <= 8
        for heading in ("What people get wrong", "What we have seen", "Glossary"):
            assert f"## {heading}" in text
        boxes = [text.count(f"**{label}:**") for label in ("The lecture says", "Source")]
        assert text.count("**The literature says:**") == boxes[0] == boxes[1] >= self.boxes
