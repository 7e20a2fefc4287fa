"""Lesson 2: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import pytest

from tests.source.lesson import Lesson, LessonTests

SIGNATURES = {
    "occupied-share": "def occupied_share(n, bins, d): ",
    "relative-contrast": "def relative_contrast(X, q): ",
    "stone-rate": "def stone_rate(m, p, d): ",
    "samples-needed": "def samples_needed(m, d_from, d_to, p): ",
    "loglog-slope": "def loglog_slope(x, y): ",
}
WRONG = {
    "occupied-share": {
        "1 - (1 - bins**-d) ** n": "returns nothing",
        "return n / bins**d": "two points may share a cell",
        "return min(1, n / bins**d)": "some cell may stay empty",
        "return (1 - 1 / bins**d) ** n": "share of empty cells",
        "return bins**d * (1 - (1 - 1 / bins**d) ** n)": "how many cells are occupied",
        "return 100 * (1 - (1 - 1 / bins**d) ** n)": "a percentage",
        "return 1 - (1 - 1 / d**bins) ** n": r"d\*\*bins cells",
        "return 1 - (1 - 1 / (bins * d)) ** n": r"bins \* d cells",
        "return 1 - (1 - 1 / 3**d) ** 20": "all three",
    },
    "relative-contrast": {
        "print(X, q)": "returns nothing",
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
        "m ** (-p / (2 * p + d))": "returns nothing",
        "return m ** (p / (2 * p + d))": "minus sign",
        "return m ** -p / (2 * p + d)": "power before the division",
        "return m ** (-2 * p / (2 * p + d))": "squared error",
        "return m ** (-p / (2 + d))": r"you have 2 \+ d",
        "return m ** (-p / (2 * (p + d)))": "only p is doubled",
        "return float(m) ** (-p / 2 * p + d)": "from left to right",
        "return m ** (-2 / (4 + d))": "all three",
    },
    "samples-needed": {
        "pass": "returns nothing",
        "return m * d_to / d_from": "there would be no curse",
        "return m * 2 ** (d_to - d_from)": "good guess",
        "return m ** ((2*p + d_from) / (2*p + d_to))": "upside down",
        "return m ** (d_to / d_from)": r"Where is p\?",
        "return m ** ((p + d_to) / (p + d_from))": r"it is 2p \+ d",
        "return m ** ((2*p + d_to) / (2*p + d_from)) - m": "how many examples to add",
        "return m ** (-p / (2*p + d_to))": "That is a rate",
    },
    "loglog-slope": {
        "np.polyfit(np.log(x), np.log(y), 1)": "returns nothing",
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
# Correct answers that differ from the solution.
ALTERNATIVES = {
    "occupied-share": """
def occupied_share(n, bins, d):
    missed = np.log1p(-1 / float(bins) ** d)
    return float(-np.expm1(n * missed))
""",
    "relative-contrast": """
def relative_contrast(X, q):
    away = sorted(sum((a - b) ** 2 for a, b in zip(row, q)) ** 0.5 for row in X)
    return away[-1] / away[0] - 1
""",
    "stone-rate": "def stone_rate(m, p, d): return float(np.exp(-p * np.log(m) / (d + 2 * p)))",
    "samples-needed": """
def samples_needed(m, d_from, d_to, p):
    rate = m ** (-p / (2 * p + d_from))
    return rate ** (-(2 + d_to / p))
""",
    "loglog-slope": """
def loglog_slope(x, y):
    u, v = np.log10(x), np.log10(y)
    return np.cov(u, v)[0, 1] / np.var(u, ddof=1)
""",
}
LESSON = Lesson("02-curse-of-dimensionality", WRONG, SIGNATURES)


class TestLesson(LessonTests):
    lesson = LESSON


@pytest.mark.parametrize("exercise", LESSON.exercises)
def test_another_solution_passes(exercise: str) -> None:
    LESSON.check_answer(exercise, ALTERNATIVES[exercise])
