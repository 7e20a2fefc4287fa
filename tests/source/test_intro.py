"""Lesson 1: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import pytest

from course import quiz
from tests.source.lesson import Lesson, LessonTests

DECODE = "\ndef decode(z, mean, axes): return mean + z @ axes"
ENCODE = "def encode(x, mean, axes): return (x - mean) @ axes.T\n"
ERROR = "def reconstruction_error(x, x_copy): "
GOOD_ERROR = ERROR + "return ((x - x_copy) ** 2).sum(axis=1).mean()\n"
LAZY = "def mean_image_error(x_train, x_test): "
RATIOS = "def compression(pixels, code_size, bits_per_pixel=8, bits_per_number=32): "
WRONG = {
    "linear-code": {
        "def encode(x, mean, axes): (x - mean) @ axes.T" + DECODE: "encode returns nothing",
        "def encode(x, mean, axes): return (x - mean) @ axes" + DECODE: "encode stopped on arrays",
        "def encode(x, mean, axes): return axes @ (x - mean).T" + DECODE: "one row per axis",
        "def encode(x, mean, axes): return (x - mean)[0] @ axes.T"
        + DECODE: r"\(4, 2\), not \(2,\)",
        "def encode(x, mean, axes): return x @ axes.T" + DECODE: "subtract the mean image",
        "def encode(x, mean, axes): return (mean - x) @ axes.T" + DECODE: "the sign is wrong",
        "def encode(x, mean, axes): return x @ axes.T - mean.mean()" + DECODE: "expected the codes",
        "def encode(x, mean, axes): return (x - mean)[:, :3] @ axes[:, :3].T"
        + DECODE: "work for one size only",
        ENCODE + "def decode(z, mean, axes): return z @ axes": "add the mean image",
        ENCODE + "def decode(z, mean, axes): z @ axes + mean": "decode returns nothing",
        ENCODE + "def decode(z, mean, axes): return mean + z @ axes.T": "decode stopped on arrays",
        ENCODE + "def decode(z, mean, axes): return z": "decode: four codes give images",
        ENCODE + "def decode(z, mean, axes): return mean - z @ axes": "come back exactly",
        ENCODE + "def decode(z, mean, axes): return mean + abs(z @ axes)": r"\[2.0, 2.0, 3.0\]\]\.",
    },
    "reconstruction-error": {
        ERROR + "((x - x_copy) ** 2).sum(axis=1).mean()": "reconstruction_error returns nothing",
        ERROR
        + "return ((x - x_copy) ** 2).sum(axis=1)": r"one number, not an array of shape \(2,\)",
        ERROR + "return ((x - x_copy) ** 2).mean()": "mean over the pixels, too. Sum",
        ERROR + "return ((x - x_copy) ** 2).sum()": "summed over the images",
        ERROR + "return abs(x - x_copy).sum(axis=1).mean()": "Square each",
        ERROR + "return ((x - x_copy) ** 2).mean() ** 0.5": "root of the mean over all",
        ERROR + "return ((x - x_copy) ** 2).sum(axis=1).mean() ** 0.5": "root at the end",
        ERROR + "return np.linalg.norm(x - x_copy, axis=1).mean()": "root of each image",
        ERROR + "return ((x - x_copy) ** 2).sum(axis=0).mean()": "the wrong axis",
        GOOD_ERROR
        + LAZY
        + "reconstruction_error(x_test, x_train.mean(axis=0))": "mean_image_error re",
        GOOD_ERROR
        + LAZY
        + "return reconstruction_error(x_test, x_test.mean(axis=0))": "test images. The",
        GOOD_ERROR + LAZY + "return reconstruction_error(x_test, x_train.mean())": "one gray",
        GOOD_ERROR + LAZY + "return ((x_test - x_train.mean(axis=0)) ** 2).mean()": "Use your",
        GOOD_ERROR
        + LAZY
        + "return reconstruction_error(x_train, x_train.mean(axis=0))": "compared the tr",
        GOOD_ERROR
        + LAZY
        + "return ((x_test - x_train.mean(axis=0)) ** 2).sum()": "error: you summed",
        GOOD_ERROR
        + LAZY
        + "return reconstruction_error(x_test, np.median(x_train, axis=0))": "0.6875,",
        ERROR
        + "return ((x - x_copy) ** 2).sum(axis=1).sum() / 2\n"
        + LAZY
        + "return ((x_test - x_train.mean(axis=0)) ** 2).sum() / 2": "1 images of 4 pixels",
    },
    "compression": {
        RATIOS + "pixels / code_size": "returns nothing",
        RATIOS + "return pixels / code_size": "should return two numbers",
        RATIOS + "return code_size / pixels, code_size / pixels": "in_numbers: upside down",
        RATIOS + "return pixels // code_size, pixels // code_size": "need not be a whole number",
        RATIOS + "return 1 - code_size / pixels, 0": "the share saved",
        RATIOS + "return 100 * (1 - code_size / pixels), 0": "the percentage saved",
        RATIOS + "return pixels * 8 / code_size / 32, pixels / code_size": "The bits come second",
        RATIOS + "return pixels / code_size, pixels / code_size": "in bits the ratio is smaller",
        RATIOS + "return pixels / code_size, code_size * 32 / (pixels * 8)": "in_bits: upside down",
        RATIOS + "return pixels / code_size, pixels * 32 / (code_size * 8)": "bits are swapped",
        RATIOS + "return pixels / code_size, pixels * 8 / code_size": "only the bits of the image",
        RATIOS + "return pixels / code_size, pixels / code_size / 32": "only the bits of the code",
        RATIOS + "return pixels / code_size, pixels * 8 / code_size / 32": "all four arguments",
    },
}
# The lecture's questions, verbatim; x marks the key.
LECTURE = {
    "quiz-cannot": """Which of the following problems cannot be solved by Autoencoders:
  Dimensionality Reduction
x Time series prediction
  Image Reconstruction
  Emotion Detection
  All of the above""",
    "quiz-true": """What is TRUE about Autoencoders:
  Help to Reduce the Curse of Dimensionality
  Used to Learn the Most important Features in Data
  Used for Unsupervised Learning
x All of the Above""",
    "quiz-what": """What are Autoencoders:
  A Neural Network that is designed to replace Non-Linear Regression
x A Neural Network that is trained to attempt to copy its input to its output
  A Neural Network that learns all the weights by using labeled data
  A Neural Network where different layer inputs are controlled by gates
  All of the Above""",
}
# Correct answers that differ from the solution.
ALTERNATIVES = {
    "linear-code": """
def encode(x, mean, axes): return [[sum((r - m) * a for r, m, a in zip(row, mean, axis))
                                    for axis in axes] for row in x]
def decode(z, mean, axes): return np.einsum("nk,kd->nd", np.asarray(z), axes) + mean
""",
    "reconstruction-error": """
def reconstruction_error(x, x_copy):
    return np.mean([np.linalg.norm(a - b) ** 2 for a, b in zip(x, x_copy)])
def mean_image_error(x_train, x_test):
    lazy = np.tile(x_train.sum(axis=0) / len(x_train), (len(x_test), 1))
    return np.array([reconstruction_error(x_test, lazy)])
""",
    "compression": """
def compression(pixels, code_size, bits_per_pixel=8, bits_per_number=32):
    ratio = pixels / code_size
    return [ratio, ratio / bits_per_number * bits_per_pixel]
""",
}
LESSON = Lesson("01-intro", WRONG)


class TestLesson(LessonTests):
    lesson = LESSON


@pytest.mark.parametrize("exercise", LESSON.exercises)
def test_another_solution_passes(exercise: str) -> None:
    LESSON.check_answer(exercise, ALTERNATIVES[exercise])


@pytest.mark.parametrize("error", [NameError, ValueError])
def test_only_shape_errors_get_the_hint_about_shapes(error: type[Exception]) -> None:
    name = "matrx" if error is NameError else "axes"
    answer = f"def encode(x, mean, axes): return x @ {name}\n{DECODE}"
    with pytest.raises((NameError, AssertionError)) as caught:
        LESSON.check_answer("linear-code", answer)
    assert ("a must have as many" in str(caught.value)) == (error is ValueError)


@pytest.mark.parametrize("name", LECTURE)
def test_the_lectures_questions_are_verbatim(name: str) -> None:
    question = quiz.parse(LESSON.cells[name].source)
    options = [f"{'x' if option.ticked else ' '} {option.text}" for option in question.options]
    assert [question.prompt.strip("*"), *options] == LECTURE[name].splitlines()
    assert not LESSON.cells[name].metadata.course.quiz.multiple


def test_the_time_series_question_explains_its_limits() -> None:
    (right,) = quiz.parse(LESSON.cells["quiz-cannot"].source).ticked
    assert "do help forecasters" in right.explanation
    assert "10.1038/s41598-019-55320-6" in right.explanation


def test_the_first_network_is_trained_in_plain_sight() -> None:
    cells = LESSON.notebook.cells
    (training,) = [cell for cell in cells if "keras.Sequential" in cell.source]
    first_exercise = next(cell for cell in cells if cell.id == "linear-code")
    assert cells.index(training) < cells.index(first_exercise)
    network = training.source.partition("keras.Sequential")[2].partition("fit(images, images")[0]
    assert len(network.splitlines()) <= 10


def test_one_question_gives_credit_for_each_option() -> None:
    settings = [
        cell.metadata.course.quiz
        for cell in LESSON.cells.values()
        if "quiz" in cell.metadata.get("course", {})
    ]
    assert {"multiple": True, "credit": "each-option"} in settings


def test_exercises_give_two_points_and_questions_one() -> None:
    points = {name: cell.metadata.nbgrader.get("points") for name, cell in LESSON.cells.items()}
    assert {points[f"{exercise}-test"] for exercise in LESSON.exercises} == {2}
    assert {points[name] for name in LESSON.cells if name.startswith("quiz-")} == {1}
