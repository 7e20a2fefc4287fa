"""Tests that every lesson must pass: its exercises, their tests, and the parts of its text.

A lesson's own test file lists typical wrong answers and the hint that each of them gets:

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

from autograder.publish import objectives
from autograder.publish.build import notebook_from_text
from tests.source.solutions import given_away, top_level_names

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Lesson:
    """A lesson and typical wrong answers to its exercises.

    Attributes:
        name: Its folder in ``source/``.
        wrong_answers: For each exercise, wrong answers and a regular expression for their hints.
        prefixes: For each exercise, code to put before an answer, such as a signature.
        extra_names: Names that the lesson's other cells define and its tests use.
    """

    name: str
    wrong_answers: dict[str, dict[str, str]]
    prefixes: dict[str, str] = field(default_factory=dict)
    extra_names: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def path(self) -> Path:
        (path,) = (ROOT / "source" / self.name).glob("*.md")
        return path

    @cached_property
    def notebook(self) -> NotebookNode:
        return notebook_from_text(self.path.read_text(encoding="utf-8"))

    @cached_property
    def cells(self) -> dict[str, NotebookNode]:
        return {
            cell.metadata.nbgrader.grade_id: cell
            for cell in self.notebook.cells
            if "nbgrader" in cell.metadata
        }

    @cached_property
    def exercises(self) -> list[str]:
        return [name.removesuffix("-test") for name in self.cells if name.endswith("-test")]

    def stub(self, exercise: str) -> str:
        path = ROOT / "release" / self.name / f"{self.path.stem}.ipynb"
        release = nbformat.read(path, as_version=4)
        return str(next(cell.source for cell in release.cells if cell.id == exercise))

    def check_answer(self, exercise: str, answer: str) -> None:
        """Run an answer, then the test of its exercise, in one namespace, as a notebook would."""
        namespace: dict[str, Any] = {"np": np, **self.extra_names}
        with np.errstate(over="ignore"):  # a notebook would only warn
            exec(answer, namespace)
            exec(self.cells[f"{exercise}-test"].source, namespace)

    @cached_property
    def _hints(self) -> dict[tuple[str, str], str]:
        return {}

    def hint_for(self, exercise: str, answer: str) -> str:
        """Return the hint for a wrong answer; each is run once."""
        if (exercise, answer) not in self._hints:
            with pytest.raises(AssertionError) as caught:
                self.check_answer(exercise, self.prefixes.get(exercise, "") + answer)
            self._hints[exercise, answer] = str(caught.value)
        return self._hints[exercise, answer]


class LessonTests:
    """Tests for every lesson; `conftest` parametrizes them with its exercises and answers."""

    lesson: ClassVar[Lesson]
    min_boxes: ClassVar[int] = 4  # corrected claims of the lecture

    def test_every_exercise_has_at_least_five_wrong_answers(self) -> None:
        assert set(self.lesson.exercises) == set(self.lesson.wrong_answers)
        assert all(len(answers) >= 5 for answers in self.lesson.wrong_answers.values())

    def test_the_solution_passes(self, exercise: str) -> None:
        self.lesson.check_answer(exercise, self.lesson.cells[exercise].source)

    def test_the_stub_in_the_release_fails(self, exercise: str) -> None:
        stub = self.lesson.stub(exercise)
        assert "SOLUTION" not in stub
        with pytest.raises((NotImplementedError, AssertionError)):
            self.lesson.check_answer(exercise, stub)

    def test_a_wrong_answer_gets_its_own_hint(self, exercise: str, answer: str, words: str) -> None:
        assert re.search(words, self.lesson.hint_for(exercise, answer))

    def test_no_two_wrong_answers_get_the_same_hint(self, exercise: str) -> None:
        hints = [
            self.lesson.hint_for(exercise, answer) for answer in self.lesson.wrong_answers[exercise]
        ]
        assert len(set(hints)) == len(hints)

    def test_the_visible_test_does_not_show_the_solution(self, exercise: str) -> None:
        cells = self.lesson.cells
        shown = given_away(cells[exercise].source, cells[f"{exercise}-test"].source)
        assert list(shown) == []

    def test_the_test_cell_overwrites_no_variable(self, exercise: str) -> None:
        name = f"{exercise}-test"
        names = list(top_level_names(self.lesson.cells[name].source))
        assert names == [name.replace("-", "_")]

    def test_objectives_and_graded_cells_match(self) -> None:
        graded = {name for name, cell in self.lesson.cells.items() if cell.metadata.nbgrader.grade}
        assert sorted(objectives.checked_cells(self.lesson.notebook)) == sorted(graded)

    def test_links_to_other_lessons_lead_to_released_notebooks(self) -> None:
        text = "\n".join(cell.source for cell in self.lesson.notebook.cells)
        targets = re.findall(r"\]\((\.\./[^)#]+\.ipynb)\)", text)
        assert targets
        for target in targets:
            assert (ROOT / "release" / self.lesson.name / target).is_file(), target

    def test_the_lecture_is_a_click_away(self) -> None:
        text = "\n".join(cell.source for cell in self.lesson.notebook.cells)
        page = re.search(r"\]\(([^)]*lecture\.html)\)", text)
        assert page is not None
        assert (ROOT / "release" / self.lesson.name / page[1]).is_file()

    def test_the_lesson_has_all_standard_parts(self) -> None:
        cells = self.lesson.notebook.cells
        predictions = [cell for cell in cells if "prediction" in cell.metadata.get("course", {})]
        quizzes = [cell for cell in cells if "quiz" in cell.metadata.get("course", {})]
        text = "\n".join(cell.source for cell in cells)
        assert len(predictions) >= 2
        assert all(f'predictions.show("{cell.id}")' in text for cell in predictions)
        assert 5 <= len(quizzes) <= 8
        for heading in ("What people get wrong", "What we have seen", "Glossary"):
            assert f"## {heading}" in text
        boxes = [text.count(f"**{label}:**") for label in ("The lecture says", "Source")]
        assert text.count("**The literature says:**") == boxes[0] == boxes[1] >= self.min_boxes
