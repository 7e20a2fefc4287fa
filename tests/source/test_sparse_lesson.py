"""Lesson 8: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import re

import pytest

from course.assets import digit_features
from tests.source.lesson import Lesson, LessonTests

SIZE = (
    "def dimensionality(directions):\n"
    "    W = directions; L = np.linalg.norm(W, axis=1); U = W / L[:, None]\n    "
)
LOSS = "def sparse_loss(x, copies, codes, penalty): "
ERRORS = "((x - copies) ** 2).sum(axis=1)"
DEAD = "def dead_features(codes): "
SCORE = (
    "def matching_score(found, true):\n"
    "    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)\n    "
)
WITHOUT = (
    "def scores_without(hidden, strengths, direction, weights, bias):\n"
    "    part = strengths[:, None] * direction\n    "
)
WRONG = {
    "dimensionality": {
        SIZE + "L**2 / ((U @ W.T) ** 2).sum(axis=1)": "returns nothing",
        SIZE + "return (W**2).sum(axis=0) / ((W.T @ W) ** 2).sum(axis=1)": "features are the rows",
        SIZE + "return (U @ W.T) ** 2": "per pair of features",
        SIZE + "return (L**2).sum() / ((U @ W.T) ** 2).sum()": "a single number",
        SIZE + "return L**2 / ((W @ W.T) ** 2).sum(axis=1)": "must have length 1",
        SIZE + "return L**2 / (((U @ W.T) ** 2).sum(axis=1) - L**2)": "i itself included",
        SIZE + "return L**2 / abs(U @ W.T).sum(axis=1)": "absolute values",
        SIZE + "return L**2 / (U @ W.T).sum(axis=1) ** 2": "otherwise opposites cancel",
        SIZE + "return L / ((U @ W.T) ** 2).sum(axis=1)": "must be squared",
        SIZE + "return ((U @ W.T) ** 2).sum(axis=1) / L**2": "upside down",
        SIZE + "return L**2 / ((U @ U.T) ** 2).sum(axis=1)": "keeps its length",
        SIZE + "return 1 / ((U @ U.T) ** 2).sum(axis=1)": "Lengths matter",
        SIZE + "return L**2": "squared lengths alone",
        SIZE + "return np.zeros(len(W))": "Expected",
    },
    "sparse-loss": {
        LOSS + f"({ERRORS} + penalty * codes.sum(axis=1)).mean()": "returns nothing",
        LOSS + f"return {ERRORS} + penalty * codes.sum(axis=1)": "Expected one number, got 2",
        LOSS + f"return ({ERRORS} + penalty * codes.sum(axis=1)).sum()": "summed over the examples",
        LOSS + "return ((x - copies) ** 2).mean() + penalty * codes.sum(axis=1).mean()": (
            "averaged the errors"
        ),
        LOSS + f"return ({ERRORS} + codes.sum(axis=1)).mean()": "has no effect",
        LOSS + f"return {ERRORS}.mean()": "costs nothing",
        LOSS
        + f"return ({ERRORS} + penalty * (codes > 0).sum(axis=1)).mean()": "You count how many",
        LOSS
        + f"return ({ERRORS} + penalty * (codes**2).sum(axis=1)).mean()": "You square the code",
        LOSS + f"return {ERRORS}.mean() + penalty * codes.mean()": "numbers of a code",
        LOSS + f"return ({ERRORS} - penalty * codes.sum(axis=1)).mean()": "subtract the penalty",
        LOSS + "return (abs(x - copies).sum(axis=1) + penalty * codes.sum(axis=1)).mean()": (
            "aren't squared"
        ),
        LOSS + f"return penalty * ({ERRORS} + codes.sum(axis=1)).mean()": "the errors as well",
        LOSS
        + f"return (penalty * {ERRORS} + codes.sum(axis=1)).mean()": "multiplies the errors. It",
        LOSS + "return 0.0": "Expected 1.425",
    },
    "dead-features": {
        DEAD + "np.flatnonzero(~(codes > 0).any(axis=0))": "returns nothing",
        DEAD + "return ~(codes > 0).any(axis=0)": "True or False for each",
        DEAD + "return int((~(codes > 0).any(axis=0)).sum())": "how many are dead",
        DEAD + "return float((~(codes > 0).any(axis=0)).mean())": "a share",
        DEAD + "return np.flatnonzero((codes > 0).any(axis=0))": "Return the others",
        DEAD + "return np.flatnonzero(~(codes > 0).any(axis=1))": "an input for which nothing",
        DEAD + "return np.flatnonzero((codes == 0).any(axis=0))": "0 for some input",
        DEAD + "return np.flatnonzero(codes[0] == 0)": "first input only",
        DEAD + "return np.flatnonzero(codes.mean(axis=0) < 0.01)": "only once and weakly",
        DEAD + "return np.flatnonzero(~(codes > 0).any(axis=0)) + 1": "count from 1",
        DEAD + "return np.flatnonzero(~(codes > 0).any(axis=0))[::-1]": "be increasing",
        DEAD + "return [0]": "Expected",
    },
    "matching-score": {
        SCORE + "(unit(true) @ unit(found).T).max(axis=1).mean()": "returns nothing",
        SCORE + "return (unit(true) @ unit(found).T).max(axis=1)": "Expected one score, got 3",
        SCORE + "return (true @ found.T).max(axis=1).mean()": "scalar products",
        SCORE + "return (true @ unit(found).T).max(axis=1).mean()": "true directions have lengths",
        SCORE + "return (unit(true) @ found.T).max(axis=1).mean()": "found directions have lengths",
        SCORE + "return abs(unit(true) @ unit(found).T).max(axis=1).mean()": "dropped the sign",
        SCORE
        + "return (unit(true) @ unit(found).T).max(axis=0).mean()": "over the found directions",
        SCORE + "return (unit(true) @ unit(found).T).max()": "best match of all",
        SCORE + "return (unit(true) @ unit(found).T).min(axis=1).mean()": "smallest cosine",
        SCORE + "return (unit(true) @ unit(found).T).max(axis=1).sum()": "Average over them",
        SCORE + "return ((unit(true) @ unit(found).T).max(axis=1) > 0.9).mean()": "count how many",
        SCORE + "return (unit(true) @ unit(found).T).mean()": "over all pairs",
        SCORE + "return 0.5": "Expected 0.693333",
    },
    "scores-without": {
        WITHOUT + "(hidden - part) @ weights + bias": "returns nothing",
        WITHOUT + "return hidden - part": "the hidden layer. Multiply",
        WITHOUT
        + "return ((hidden - part) @ weights + bias).argmax(axis=1)": "scores of all classes",
        WITHOUT + "return ((hidden - part) @ weights + bias)[:, :2].T[:1]": "Two images and three",
        WITHOUT + "return hidden @ weights + bias": "Nothing was turned off",
        WITHOUT + "return (hidden - part) @ weights": "bias is missing",
        WITHOUT + "return (hidden + part) @ weights + bias": "made the feature stronger",
        WITHOUT + "return (hidden - direction) @ weights + bias": "the strength in that image",
        WITHOUT + "return np.maximum(hidden - part, 0) @ weights + bias": "cut off what became",
        WITHOUT + "return part @ weights + bias": "the feature alone",
        WITHOUT + "return (hidden - (hidden @ direction)[:, None] * direction) @ weights + bias": (
            "all that points in this direction"
        ),
        WITHOUT + "return (hidden - part) @ weights + 2 * bias": "added twice",
        WITHOUT + "return 0 * (part @ weights)": r"Expected \[\[1.9",
    },
}
LESSON = Lesson("08-sparse-autoencoders", WRONG)


class TestLesson(LessonTests):
    lesson = LESSON
    min_boxes = 2  # the lecture says little about what is inside a network


def test_the_text_describes_the_dictionary_that_ships() -> None:
    text = " ".join(LESSON.path.read_text(encoding="utf-8").split())
    facts = digit_features.facts()
    assert f"{facts.features} directions, four at a time" in text
    assert facts.active == 4
    assert facts.features - len(facts.shares) == 1  # "One direction died and is left out."
    shown = re.search(r"shown = \(([\d, ]+)\)", text)
    assert shown is not None
    assert set(shown[1].split(", ")) <= set(facts.names)


@pytest.mark.parametrize("exercise", LESSON.exercises)
def test_another_solution_passes(exercise: str) -> None:
    others = {
        "dimensionality": (
            "def dimensionality(directions):\n"
            "    gram = directions @ directions.T\n"
            "    return [row[i] ** 2 / sum(row**2) for i, row in enumerate(gram)]"
        ),
        "sparse-loss": (
            "def sparse_loss(x, copies, codes, penalty):\n"
            "    total = np.sum((copies - x) ** 2) + penalty * np.abs(codes).sum()\n"
            "    return np.array([total / len(x)])"
        ),
        "dead-features": (
            "def dead_features(codes):\n"
            "    return [j for j in range(codes.shape[1]) if codes[:, j].max() == 0]"
        ),
        "matching-score": (
            "def matching_score(found, true):\n"
            "    best = []\n"
            "    for t in true:\n"
            "        best.append(max(t @ f / (t @ t * (f @ f)) ** 0.5 for f in found))\n"
            "    return sum(best) / len(best)"
        ),
        "scores-without": (
            "def scores_without(hidden, strengths, direction, weights, bias):\n"
            "    scores = hidden @ weights + bias\n"
            "    return scores - np.outer(strengths, direction @ weights)"
        ),
    }
    LESSON.check_answer(exercise, others[exercise])
