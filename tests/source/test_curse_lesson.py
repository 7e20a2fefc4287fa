"""Lesson 2: the solution passes, the stub fails, and each wrong answer hears what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from autograder.publish.build import notebook

ROOT = Path(__file__).resolve().parents[2]
NAME = "02-curse-of-dimensionality"
TEXT = ROOT / "source" / NAME / "curse-of-dimensionality.md"
BUILT = notebook(TEXT.read_text(encoding="utf-8"))
CELLS = {
    cell.metadata.nbgrader.grade_id: cell for cell in BUILT.cells if "nbgrader" in cell.metadata
}
EXERCISES = [name.removesuffix("-test") for name in CELLS if name.endswith("-test")]

SIGNATURES = {
    "occupied-share": "def occupied_share(n, bins, d): ",
    "relative-contrast": "def relative_contrast(X, q): ",
    "stone-rate": "def stone_rate(m, p, d): ",
    "samples-needed": "def samples_needed(m, d_from, d_to, p): ",
    "loglog-slope": "def loglog_slope(x, y): ",
}
WRONG = {
    "occupied-share": {
        "1 - (1 - bins**-d) ** n": "gives nothing back",
        "return n / bins**d": "two points may share a cell",
        "return min(1, n / bins**d)": "some cell may stay empty",
        "return (1 - 1 / bins**d) ** n": "share of empty cells",
        "return bins**d * (1 - (1 - 1 / bins**d) ** n)": "how many cells are occupied",
        "return 100 * (1 - (1 - 1 / bins**d) ** n)": "in percent",
        "return 1 - (1 - 1 / d**bins) ** n": r"d\*\*bins cells",
        "return 1 - (1 - 1 / (bins * d)) ** n": r"bins \* d cells",
        "return 1 - (1 - 1 / 3**d) ** 20": "all three",
    },
    "relative-contrast": {
        "print(X, q)": "gives nothing back",
        "return ((X - q) ** 2).sum(1)": "Expected one number",
        "a = ((X - q)**2).sum(1); return a.max() / a.min() - 1": "squared distances",
        "a = abs(X - q).sum(1); return a.max() / a.min() - 1": "absolute differences",
        "a = np.linalg.norm(X - q, axis=1); return np.ptp(a)": "farthest minus nearest",
        "a = np.linalg.norm(X - q, axis=1); return a.max() / a.min()": "subtract the nearest first",
        "a = np.linalg.norm(X - q, axis=1); return np.ptp(a) / a.max()": "Divide by the nearest",
        "a = np.linalg.norm(X - q, axis=1); return np.ptp(a) / a.mean()": "mean distance",
        "a = np.linalg.norm(X - q, axis=0); return np.ptp(a) / a.min()": "each column",
        "a = np.linalg.norm(X, axis=1); return np.ptp(a) / a.min()": "Subtract q from X",
    },
    "stone-rate": {
        "m ** (-p / (2 * p + d))": "gives nothing back",
        "return m ** (p / (2 * p + d))": "minus sign",
        "return m ** -p / (2 * p + d)": "power before the division",
        "return m ** (-2 * p / (2 * p + d))": "squared error",
        "return m ** (-p / (2 + d))": r"you have 2 \+ d",
        "return m ** (-p / (2 * (p + d)))": "only p is doubled",
        "return float(m) ** (-p / 2 * p + d)": "from left to right",
        "return m ** (-2 / (4 + d))": "all three",
    },
    "samples-needed": {
        "pass": "gives nothing back",
        "return m * d_to / d_from": "would be no curse",
        "return m * 2 ** (d_to - d_from)": "good guess",
        "return m ** ((2*p + d_from) / (2*p + d_to))": "upside down",
        "return m ** (d_to / d_from)": r"Where is p\?",
        "return m ** ((p + d_to) / (p + d_from))": r"it is 2p \+ d",
        "return m ** ((2*p + d_to) / (2*p + d_from)) - m": "how many examples to add",
        "return m ** (-p / (2*p + d_to))": "That is a rate",
    },
    "loglog-slope": {
        "np.polyfit(np.log(x), np.log(y), 1)": "gives nothing back",
        "return np.polyfit(np.log(x), np.log(y), 1)": "Expected one number",
        "return np.polyfit(np.log(x), np.log(y), 1)[1]": "the intercept",
        "return np.polyfit(np.log(y), np.log(x), 1)[0]": "swapped x and y",
        "return abs(np.polyfit(np.log(x), np.log(y), 1)[0])": "minus sign",
        "return np.polyfit(x, y, 1)[0]": "both logarithms",
        "return np.polyfit(x, np.log(y), 1)[0]": "of y only",
        "return np.polyfit(np.log(x), y, 1)[0]": "of x only",
        "return np.log(y[-1] / y[0]) / np.log(x[-1] / x[0])": "two ends",
    },
}


def judge(exercise: str, answer: str) -> None:
    """Run an answer and the test of its exercise as a notebook would, in one namespace."""
    namespace: dict[str, Any] = {"np": np}
    exec(answer, namespace)
    exec(CELLS[f"{exercise}-test"].source, namespace)


def test_every_exercise_is_here() -> None:
    assert set(EXERCISES) == set(WRONG)
    assert all(len(answers) >= 5 for answers in WRONG.values())


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_solution_passes(exercise: str) -> None:
    judge(exercise, CELLS[exercise].source)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_release_holds_a_stub_that_fails(exercise: str) -> None:
    release = nbformat.read(ROOT / "release" / NAME / f"{TEXT.stem}.ipynb", as_version=4)
    stub = next(cell.source for cell in release.cells if cell.id == exercise)
    assert "SOLUTION" not in stub
    with pytest.raises(NotImplementedError):
        judge(exercise, stub)


@pytest.mark.parametrize(
    ("exercise", "body", "words"),
    [
        (exercise, body, words)
        for exercise, answers in WRONG.items()
        for body, words in answers.items()
    ],
)
def test_a_wrong_answer_hears_what_is_wrong(exercise: str, body: str, words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        judge(exercise, SIGNATURES[exercise] + body)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_no_two_wrong_answers_hear_the_same(exercise: str) -> None:
    heard = []
    for body in WRONG[exercise]:
        with pytest.raises(AssertionError) as caught:
            judge(exercise, SIGNATURES[exercise] + body)
        heard.append(str(caught.value))
    assert len(set(heard)) == len(heard)


def test_objectives_name_graded_cells_and_every_graded_cell_has_an_objective() -> None:
    table = next(cell.source for cell in BUILT.cells if "| checked by |" in cell.source)
    graded = {name for name, cell in CELLS.items() if cell.metadata.nbgrader.grade}
    named = {word for word in table.split("`") if word in graded}
    assert named == graded


def test_the_lesson_has_what_a_lesson_has() -> None:
    predictions = [cell for cell in BUILT.cells if "prediction" in cell.metadata.get("course", {})]
    quizzes = [cell for cell in BUILT.cells if "quiz" in cell.metadata.get("course", {})]
    text = "\n".join(cell.source for cell in BUILT.cells)
    assert len(predictions) >= 2
    assert all(f'predictions.show("{cell.id}")' in text for cell in predictions)
    assert 5 <= len(quizzes) <= 8
    for heading in ("What people get wrong", "What we have seen", "Glossary"):
        assert f"## {heading}" in text
    assert text.count("**The lecture says:**") == text.count("**The literature says:**") >= 4
    assert text.count("**Source:**") == text.count("**The lecture says:**")
