"""Lesson 4: the solution passes, the stub fails, each wrong answer gets its own hint."""

from __future__ import annotations

import pytest

from course import quiz
from tests.source.lesson import Lesson, LessonTests

SIGNATURES = {
    "param-count": "def param_count(s): ",
    "two-errors": "def two_errors(x, y): ",
    "backprop-by-hand": "def gradients(x, W1, b1, W2, b2): ",
    "free-energy": "def free_energy(v, W, b, c): ",
    "conv-layer": "def conv_layer(shape, f, kernel=3, stride=1, padding=0): ",
}
SIGMOID = "def s(a): return 1 / (1 + np.exp(-a))\n"
FORWARD = "h = s(x @ W1 + b1); o = h @ W2 + b2; n = len(x); "
BACK = "D = d @ W2.T * h * (1 - h); return x.T @ D, D.sum(0), h.T @ d, d.sum(0)"
CONV = (
    "k, t, p = kernel, stride, padding; h, w, c = shape; "
    "size = lambda n: (n + 2 * p - k) // t + 1; count = (k * k * c + 1) * f; "
)
WRONG = {
    "param-count": {
        "sum((a + 1) * b for a, b in zip(s, s[1:]))": "returns nothing",
        "return sum(a * b for a, b in zip(s, s[1:]))": "counted only the weights",
        "return int(np.prod(s))": "multiplied all sizes",
        "return sum(s)": "added up the units",
        "return sum(a * b for a, b in zip(s, s[1:])) + sum(s)": "gave the inputs biases",
        "return sum(a * b for a, b in zip(s, s[1:])) + len(s) - 1": "one bias for each layer",
        "return (s[0] + 1) * s[1]": "Only the first pair",
        "return (s[-2] + 1) * s[-1]": "Only the last pair",
        "return (s[0] + 1) * s[1] + (s[1] + 1) * s[2]": "list index|any number of layers",
    },
    "two-errors": {
        "((y - x) ** 2).mean()": "returns nothing",
        "return ((y - x) ** 2).mean()": "Expected two numbers",
        "e = (y - x) ** 2; return e.sum(1).mean(), e.mean()": "wrong order",
        "e = abs(y - x); return e.mean(), e.sum(1).mean()": "absolute differences",
        "e = y - x; return e.mean(), e.sum(1).mean()": "plus and minus cancel",
        "e = (y - x) ** 2 / 2; return e.mean(), e.sum(1).mean()": "half of it",
        "e = (y - x) ** 2; return e.mean() ** 0.5, e.sum(1).mean()": "square root",
        "e = (y - x) ** 2; return e.mean(), e.sum()": "summed over the images as well",
        "e = (y - x) ** 2; return e.mean(), e.sum(0).mean()": "along axis=1",
    },
    "backprop-by-hand": {
        "pass": "returns nothing",
        FORWARD + "d = (o - x) / n; return h.T @ d, d.sum(0)": "Expected 4 gradients",
        FORWARD + "d = (o - x) / n; D = d @ W2.T * h * (1 - h); return x.T @ D, D, h.T @ d, d": (
            "has the shape"
        ),
        FORWARD + "d = (x - o) / n; " + BACK: "wrong way",
        FORWARD + "d = o - x; " + BACK: "divide by n",
        FORWARD + "d = 2 * (o - x) / n; " + BACK: "cancels the 2",
        FORWARD + "d = (o - x) / n; " + BACK.replace(" * h * (1 - h)", ""): "slope of the logistic",
        FORWARD + "d = (o - x) / n; " + BACK.replace("d.sum(0)", "d.mean(0)"): "sum the error",
        FORWARD + "d = (o - x) / n * o * (1 - o); " + BACK: "Follow the four steps",
    },
    "free-energy": {
        "v @ b": "returns nothing",
        "return -(v @ b).sum() - np.logaddexp(0, v @ W.T + c).sum()": "3 images have 3",
        "return (v @ b) + np.logaddexp(0, v @ W.T + c).sum(1)": "All signs|sign of",
        "return -np.logaddexp(0, v @ W.T + c).sum(1)": "visible biases b are missing",
        "return -(v @ b) - np.logaddexp(0, v @ W.T).sum(1)": "hidden biases c are missing",
        "return (v @ b) - np.logaddexp(0, v @ W.T + c).sum(1)": "sign of b.v",
        "return -(v @ b) + np.logaddexp(0, v @ W.T + c).sum(1)": "sign of the sum",
        "return -(v @ b) - s(v @ W.T + c).sum(1)": "summed the probabilities",
        "return -(v @ b) - (v @ W.T + c).sum(1)": r"Do not forget the 1 \+",
        "return -(v @ b) - np.logaddexp(0, (v @ W.T + c).sum(1))": "before the logarithm",
        "return -(v @ b) - np.log(1 + np.exp(v @ W.T + c)).sum(1)": r"exp\(1200\) is too large",
    },
    "conv-layer": {
        "pass": "returns nothing",
        CONV + "return count": "Return two things",
        CONV + "return (size(h), size(w)), count": "three numbers",
        CONV + "return (size(w), size(h), f), count": "swapped",
        CONV + "return (size(h) - 1, size(w) - 1, f), count": "One patch is missing",
        CONV + "p = p / 2; return (size(h), size(w), f), count": "counts twice",
        CONV + "p = 0; return (size(h), size(w), f), count": "padding is missing",
        CONV + "t = 1; return (size(h), size(w), f), count": "stride is missing",
        CONV + "k = 0; return (size(h) - 1, size(w) - 1, f), count": "also takes room",
        CONV + "size = lambda n: (n + 2 * p - k) / t + 1; "
        "return (size(h), size(w), f), count": "half a patch",
        CONV + "return (size(h) + 9, size(w), f), count": "Expected a height of 18",
        CONV + "return (size(h), size(w), c), count": "as many as there are filters",
        CONV + "return (size(h), size(w), 1), count": "one channel for each",
        CONV + "return (size(h), size(w), f), count - f": "Only the weights",
        CONV + "return (size(h), size(w), f), count - f + 1": "not one for the layer",
        CONV + "return (size(h), size(w), f), count // f": "a single filter",
        CONV + "return (size(h), size(w), f), (k * k + 1) * f": "looks at all 5 channels",
        CONV + "return (size(h), size(w), f), (k * c + 1) * f": "A patch is square",
        CONV + "return (size(h), size(w), f), (k * k + 1) * c * f": "for each channel of the input",
        CONV + "return (size(h), size(w), f), count * size(h) * size(w)": "weights are shared",
        CONV + "return (size(h), size(w), f), 0": "a bias each are 368",
        CONV + "k = 3; return (size(h), size(w), f), count": "Use all of the arguments",
    },
}


# Correct answers that differ from the solution.
ALTERNATIVES = {
    "param-count": """
def param_count(sizes):
    if len(sizes) < 2:
        return 0
    return np.int64(sizes[0] * sizes[1] + sizes[1]) + param_count(sizes[1:])
""",
    "two-errors": """
def two_errors(x, y):
    errors = [float(np.dot(a - b, a - b)) for a, b in zip(x, y)]
    total = sum(errors) / len(errors)
    return np.array([total / x.shape[1], total])
""",
    "backprop-by-hand": """
def gradients(x, W1, b1, W2, b2):
    gradients = [np.zeros_like(array) for array in (W1, b1, W2, b2)]
    for image in x:  # one at a time
        h = s(image @ W1 + b1)
        above = (h @ W2 + b2 - image) / len(x)
        below = (W2 @ above) * (h - h**2)
        terms = np.outer(image, below), below, np.outer(h, above), above
        for total, term in zip(gradients, terms):
            total += term
    return gradients
""",
    "free-energy": """
def free_energy(v, W, b, c):
    x = c + (W @ v.T).T
    soft = np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))
    return [-float(b @ row) - float(soft[i].sum()) for i, row in enumerate(v)]
""",
    "conv-layer": """
def conv_layer(shape, filters, kernel=3, stride=1, padding=0):
    empty = np.zeros((shape[0] + 2 * padding, shape[1] + 2 * padding))
    patches = np.lib.stride_tricks.sliding_window_view(empty, (kernel, kernel))
    weights = np.zeros((filters, shape[2], kernel, kernel))
    return [*patches[::stride, ::stride].shape[:2], filters], np.int64(weights.size + filters)
""",
}
LECTURE = {
    "autoencoder-or-rbm": (
        "What is the difference between Autoencoders and RBMs?",
        [
            (
                "Autoencoders are used for supervised learning, but RBMs are used for "
                "unsupervised learning."
            ),
            "Autoencoders use a deterministic approach, but RBMs use a stochastic approach.",
            "Autoencoders have less layers than RBMs.",
            "All of the above",
        ],
        "Autoencoders use a deterministic approach, but RBMs use a stochastic approach.",
    ),
    "deep-autoencoder": (
        "What is a Deep Autoencoder:",
        [
            "An Autoencoder with Multiple Hidden Layers",
            "An Autoencoder with multiple input and output layers",
            "An Autoencoder stacked with Multiple Visible Layers",
            "An Autoencoder stacked with over 1000 layers",
            "None of the Above",
        ],
        "An Autoencoder with Multiple Hidden Layers",
    ),
}
LESSON = Lesson(
    "04-architecture", WRONG, {name: SIGMOID + line for name, line in SIGNATURES.items()}
)


class TestLesson(LessonTests):
    lesson = LESSON
    min_boxes = 6


@pytest.mark.parametrize("exercise", LESSON.exercises)
def test_another_solution_passes(exercise: str) -> None:
    LESSON.check_answer(exercise, SIGMOID + ALTERNATIVES[exercise])


def test_the_lectures_questions_are_verbatim() -> None:
    questions = {name: quiz.parse(LESSON.cells[name].source) for name in LECTURE}
    for name, (prompt, options, key) in LECTURE.items():
        assert prompt in questions[name].prompt
        assert [option.text for option in questions[name].options] == options
        assert [option.text for option in questions[name].ticked] == [key]
