"""Lesson 3: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.source.lesson import ROOT, Lesson, LessonTests

ANGLES = "def principal_angles(A, B): "
PURITY = "def knn_purity(Z, y, k): "
ERROR = "def fair_error(X, copies): "
SOLUTION = Lesson("03-pca-comparison", {}).cells["pca-svd"].source
SVD = "np.linalg.svd(X - m, full_matrices=False)"
FIT = "def pca_fit(X, k): m = X.mean(axis=0); "
APART = "apart = ((Z[:, None] - Z[None]) ** 2).sum(axis=2); np.fill_diagonal(apart, np.inf); "
NEAR = APART + "same = y[np.argsort(apart, axis=1)[:, :k]] == y[:, None]; "
QR = "a, b = np.linalg.qr(A.T)[0], np.linalg.qr(B.T)[0]; "
COSINES = QR + "c = np.linalg.svd(a.T @ b, compute_uv=False); "
# Each answer runs after the solution, so it may replace just one of several functions.
WRONG = {
    "pca-svd": {
        FIT + f"m, {SVD}[2][:k]": "pca_fit returns nothing",
        FIT + f"return {SVD}[2][:k]": "two things",
        f"def pca_fit(X, k): m = X.mean(); return m, {SVD}[2][:k]": "has its own mean",
        f"def pca_fit(X, k): m = np.median(X, axis=0); return m, {SVD}[2][:k]": "mean of the col",
        FIT + f"return m, {SVD}[2].T[:, :k]": "axes are transposed",
        FIT + f"return m, {SVD}[2]": "only the first k = 3 axes",
        FIT + f"return m, {SVD}[0].T[:k]": "the axes are in the third result",
        FIT + "return m, np.linalg.svd(X, full_matrices=False)[2][:k]": "Subtract the mean before",
        FIT + "return m, np.linalg.svd((X - m) / X.std(axis=0))[2][:k]": "divided by the standard",
        FIT + f"_, s, v = {SVD}; return m, (s[:, None] * v)[:k]": "leave out S",
        FIT + f"return m, {SVD}[2][-k:]": "These are the last axes",
        FIT + f"return m, {SVD}[2][:k][::-1]": "in this order",
        "def pca_encode(X, mean, axes): (X - mean) @ axes.T": "pca_encode returns nothing",
        "def pca_encode(X, mean, axes): return X @ axes.T": "subtract the mean first",
        "def pca_encode(X, mean, axes): return (X - X.mean(axis=0)) @ axes.T": "of the new data",
        "def pca_encode(X, mean, axes): return (X - mean) @ axes.T @ axes": "have codes of shape",
        "def pca_encode(X, mean, axes): return (X + mean) @ axes.T": "for the first example",
        "def pca_decode(Z, mean, axes): mean + Z @ axes": "pca_decode returns nothing",
        "def pca_decode(Z, mean, axes): return Z @ axes": "add the mean again",
        "def pca_decode(Z, mean, axes): return Z": "Multiply the codes by the axes",
        "def pca_decode(Z, mean, axes): return Z @ axes - mean": "yours is different",
    },
    "knn-purity": {
        PURITY + NEAR + "same.mean()": "returns nothing",
        PURITY + NEAR + "return same.mean(axis=1)": "Expected one number",
        PURITY + NEAR.replace("np.inf", "-1") + "return same.mean()": "its own nearest neighbor",
        PURITY + NEAR.replace("np.inf", "0").replace(":k]", ":k + 1]") + "return same.mean()": (
            "the point itself and its k nearest"
        ),
        PURITY + NEAR + "return 100 * same.mean()": "a percentage",
        PURITY + NEAR + "return same.sum(axis=1).mean()": "Divide by k",
        PURITY + NEAR + "return 1 - same.mean()": "with .another. label",
        PURITY + NEAR + "return (same.sum(axis=1) > k / 2).mean()": "how often the majority",
        PURITY + NEAR + "return same.all(axis=1).mean()": "how often all k agree",
        PURITY + NEAR.replace("np.inf", "0").replace(":k]", "-k:]") + "return same.mean()": (
            "farthest points"
        ),
        PURITY + NEAR.replace(":k]", ":k - 1]") + "return same.mean()": "k - 1 neighbors",
        PURITY + "Z = Z[:, :1]; " + NEAR + "return same.mean()": "first number of the code only",
        PURITY + NEAR.replace("** 2", "").replace("((Z", "abs((Z") + "return same.mean()": (
            "absolute differences"
        ),
        PURITY + NEAR.replace(":k]", ":3]") + "return same.mean()": "and its k",
    },
    "principal-angles": {
        ANGLES + COSINES + "np.degrees(np.arccos(c))": "returns nothing",
        ANGLES + COSINES + "return np.degrees(np.arccos(c)).max()": "have 2 angles",
        ANGLES + "a, b = np.linalg.qr(A)[0], np.linalg.qr(B)[0]; return np.zeros((5, 5))": "A.T",
        ANGLES + COSINES + "return np.arccos(c)": "radians",
        ANGLES + COSINES + "return c": "These are the cosines",
        ANGLES + COSINES + "return np.degrees(np.arccos(c))[::-1]": "The largest angle comes first",
        ANGLES + "c = np.linalg.svd(A @ B.T)[1]; return np.degrees(np.arccos(np.minimum(c, 1)))": (
            "neither have length 1 nor"
        ),
        ANGLES + "c = np.linalg.svd(A @ B.T)[1]; return c * np.nan": "a NaN among",
        ANGLES
        + "u = lambda r: r / np.linalg.norm(r, axis=1)[:, None]; "
        + "c = np.linalg.svd(u(A) @ u(B).T)[1]; return np.degrees(np.arccos(np.minimum(c, 1)))": (
            "Length 1 is not enough"
        ),
        ANGLES
        + "u = lambda r: r / np.linalg.norm(r, axis=1)[:, None]; "
        + "return np.degrees(np.arccos((u(A) * u(B)).sum(axis=1)))": "axes one by one. Compare",
        ANGLES + QR + "return np.degrees(np.arccos((a * b).sum(axis=0)))": "columns one by one",
        ANGLES + COSINES + "return np.degrees(np.arcsin(c))": "expected the angles",
    },
    "fair-error": {
        ERROR + "((X - copies) ** 2).sum(axis=1).mean()": "returns nothing",
        ERROR + "return ((X - np.clip(copies, 0, 1)) ** 2).sum(axis=1)": "Expected one number",
        ERROR + "return ((X - copies) ** 2).sum(axis=1).mean()": "Nothing was cut off",
        ERROR + "return ((X - copies.clip(0)) ** 2).sum(axis=1).mean()": "Cut off at 1 as well",
        ERROR + "return ((X - copies.clip(None, 1)) ** 2).sum(axis=1).mean()": "off at 0 as well",
        ERROR + "return ((X - copies.clip(0, 1)) ** 2).mean()": "mean over the pixels",
        ERROR + "return ((X - copies.clip(0, 1)) ** 2).sum()": "summed over the images",
        ERROR + "return abs(X - copies.clip(0, 1)).sum(axis=1).mean()": "absolute differences",
        ERROR
        + "c = (copies - copies.min()) / np.ptp(copies); "
        + "return ((X - c) ** 2).sum(axis=1).mean()": "stretched all values",
        ERROR + "return ((X - abs(copies)) ** 2).sum(axis=1).mean()": "minus into plus",
        ERROR + "return ((X - copies.clip(0, 1).round()) ** 2).sum(axis=1).mean()": "You rounded",
        ERROR + "return (((X - copies.clip(0, 1)) ** 2).sum(axis=1) ** 0.5).mean()": "square root",
    },
}
LESSON = Lesson("03-pca-comparison", WRONG, {"pca-svd": f"{SOLUTION}\n"})


class TestLesson(LessonTests):
    lesson = LESSON


@pytest.mark.parametrize(
    ("explanation", "use"),
    [
        ("the [**cross-entropy**]", 'loss="cross_entropy"'),
        ("The [**learning rate**]", "learning_rate="),
        ("A *logistic* output", "logistic PCA"),
        ("a [**softmax**]", 'output="softmax"'),
    ],
)
def test_nothing_is_used_before_it_is_explained(explanation: str, use: str) -> None:
    text = "\n".join(cell.source for cell in LESSON.notebook.cells)
    assert text.index(explanation) < text.index(use)


@pytest.mark.parametrize("exercise", LESSON.exercises)
def test_another_solution_passes(exercise: str) -> None:
    others = {
        "pca-svd": (
            "def pca_fit(X, k): m = X.mean(0); w, v = np.linalg.eigh((X - m).T @ (X - m)); "
            "return m, -v[:, ::-1].T[:k]"
        ),
        "knn-purity": (
            "def knn_purity(Z, y, k):\n"
            "    matches = []\n"
            "    for i in range(len(Z)):\n"
            "        away = [(sum((Z[i] - Z[j]) ** 2), y[j]) for j in range(len(Z)) if j != i]\n"
            "        matches += [label == y[i] for _, label in sorted(away)[:k]]\n"
            "    return float(sum(matches) / len(matches))"
        ),
        "principal-angles": (
            "def principal_angles(A, B):\n"
            "    a, b = (np.linalg.svd(M, full_matrices=False)[2] for M in (A, B))\n"
            "    c = np.linalg.svd(b @ a.T)[1]\n"
            "    return sorted(float(x) for x in np.degrees(np.arccos(np.minimum(c, 1))))"
        ),
        "fair-error": (
            "def fair_error(X, copies): "
            "return sum(float(((a - np.minimum(1, np.maximum(0, b))) ** 2).sum()) "
            "for a, b in zip(X, copies)) / len(X)"
        ),
    }
    LESSON.check_answer(exercise, LESSON.prefixes.get(exercise, "") + others[exercise])


MEASURE = """
from course import data
from benchmarks import separability as benchmark

digits = data.digits("mnist")
rows = benchmark.digit_rows(digits, benchmark.LESSON, epochs=6, codes=(2,), seeds=range(1))
print(benchmark.table(rows, benchmark.DIGITS))
"""


@pytest.mark.long
@pytest.mark.skipif(
    "COURSE_DATA" not in os.environ, reason="COURSE_DATA must name a folder with MNIST"
)
def test_two_autoencoder_numbers_beat_pcas_by_25_points_on_mnist() -> None:
    completed = subprocess.run(
        [sys.executable, "-c", MEASURE],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    accuracy = dict(re.findall(r"\| (PCA-2|AE-2) \| ([\d.]+)%", completed.stdout))
    assert float(accuracy["AE-2"]) >= float(accuracy["PCA-2"]) + 25
