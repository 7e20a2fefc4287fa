"""Run each lesson's tests for each of its exercises and each wrong answer."""

from __future__ import annotations

import pytest

from tests.source.lesson import LessonTests


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.cls is None or not issubclass(metafunc.cls, LessonTests):
        return
    lesson = metafunc.cls.lesson
    if "answer" in metafunc.fixturenames:
        cases = [
            pytest.param(exercise, answer, words, id=f"{exercise}-{number}")
            for exercise, answers in lesson.wrong_answers.items()
            for number, (answer, words) in enumerate(answers.items())
        ]
        metafunc.parametrize(("exercise", "answer", "words"), cases)
    elif "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", lesson.exercises)
