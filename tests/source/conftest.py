"""Each lesson's tests meet each of its exercises, and each wrong answer to it."""

from __future__ import annotations

import pytest

from tests.source.lesson import LessonTests


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.cls is None or not issubclass(metafunc.cls, LessonTests):
        return
    lesson = metafunc.cls.lesson
    if "answer" in metafunc.fixturenames:
        given = [
            pytest.param(exercise, answer, words, id=f"{exercise}-{number}")
            for exercise, answers in lesson.wrong.items()
            for number, (answer, words) in enumerate(answers.items())
        ]
        metafunc.parametrize(("exercise", "answer", "words"), given)
    elif "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", lesson.exercises)
