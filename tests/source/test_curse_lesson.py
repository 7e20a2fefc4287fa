"""Lesson 2: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import pytest

from tests.source.lesson import Lesson, LessonTests

SIGNATURES = {
    "occupied-share": "def occupied_share(n, bins, d): ",
    "relative-contrast": "def relative_contrast(X, q): ",
    "neighbor-error": "def neighbor_error(x, y, new_x, new_y, k): ",
    "loglog-slope": "def loglog_slope(x, y): ",
}
NEAR = (
    "a = ((new_x[:, None] - x[None]) ** 2).sum(axis=2); "
    "p = y[np.argsort(a, axis=1)[:, :k]].mean(1); "
)
ROOT = "return np.sqrt(((p - new_y) ** 2).mean())"
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
    "neighbor-error": {
        NEAR + "np.sqrt(((p - new_y) ** 2).mean())": "returns nothing",
        NEAR + "return abs(p - new_y)": "Expected one number",
        NEAR + "return ((p - new_y) ** 2).mean()": "mean squared error. Take its square root",
        NEAR + "return abs(p - new_y).mean()": "absolute differences. Square them, average",
        NEAR + "return (p - new_y).mean()": "plus and minus cancel",
        NEAR + "return np.sqrt(((p - new_y) ** 2).sum())": "added up the squares",
        NEAR.replace("[:, :k]", "[:, -k:]") + ROOT: "k farthest",
        NEAR.replace("[:, :k]", "[:, :1]") + ROOT: "single nearest",
        NEAR.replace("[:, :k]", "[:, k - 1 : k]") + ROOT: "only the k-th nearest",
        NEAR.replace("[:, :k]", "[:, 1 : k + 1]") + ROOT: "left out the nearest",
        NEAR.replace("[:, :k]", "") + ROOT: "all examples, wherever",
        NEAR.replace(".mean(1)", ".sum(1)") + ROOT: "The prediction is their mean",
        NEAR.replace(".mean(1)", ".T") + ROOT: "compared each neighbor",
        NEAR.replace("((new", "(abs(new").replace(" ** 2", "") + ROOT: "Euclidean distance squares",
        "new_x, x = new_x[:, :1], x[:, :1]; " + NEAR + ROOT: "first input only",
        "x = x.T; " + NEAR + ROOT: "stopped on arrays of shape",
        NEAR.replace("[:, :k]", "[:, :2]") + ROOT: "all its arguments",
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
    "neighbor-error": """
def neighbor_error(x, y, new_x, new_y, k):
    from sklearn.neighbors import KNeighborsRegressor
    learned = KNeighborsRegressor(k).fit(x, y)
    return float(np.linalg.norm(learned.predict(new_x) - new_y) / len(new_y) ** 0.5)
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
