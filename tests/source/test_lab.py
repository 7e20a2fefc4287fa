"""Lesson 5: the solution passes, the stub fails, and each wrong answer hears what is wrong.

What is wrong in *training* is in ``test_lab_margins.py``; the answers here train for no more
than a moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.limits import MB
from autograder.kernels.session import Session
from course import quiz
from tests.source.lesson import ROOT, Lesson, LessonTests

SCALE = "def scale(images): return "
ROWS = "images.reshape(len(images), -1)"
SETS = "def three_sets(x_train, x_test, share=0.1, seed=0):\n    "
ORDER = (
    "order = np.random.default_rng(seed).permutation(len(x_train)); n = round(share * len(x_train))"
    "\n    "
)
ERRORS = "def image_errors(x, x_hat): "
DENSE = "D = keras.layers.Dense\n"
BUILD = (
    DENSE
    + """
def build_autoencoder(sizes, hidden="gelu", code=None, output="sigmoid", bias=True, mirror=-1):
    x = layer = keras.Input((sizes[0],))
    for units in sizes[1:-1]:
        layer = D(units, activation=hidden, use_bias=bias)(layer)
    encoder = keras.Model(x, D(sizes[-1], activation=code, use_bias=bias)(layer))
    z = layer = keras.Input((sizes[-1],))
    for units in sizes[1:-1][::mirror]:
        layer = D(units, activation=hidden, use_bias=bias)(layer)
    decoder = keras.Model(z, D(sizes[0], activation=output, use_bias=bias)(layer))
    return encoder, decoder, keras.Model(x, decoder(encoder(x)))
right = build_autoencoder
"""
)
CHANGED = "def build_autoencoder(sizes): return right(sizes, {})"
TRAIN = "def train_small(images): "
# The wrong answers' networks below: one matrix each, so that nothing has to be trained.
NETWORK = (
    "rows = lambda x: (x.reshape(len(x), -1) / 255).astype('float32')\n"
    "W = np.linspace(-1, 1, 784 * 30).reshape(784, 30)\n"
    "grey = lambda codes: np.full((len(codes), 784), 0.5)\n"
)
WRONG: dict[str, dict[str, str]] = {
    "scale": {
        f"def scale(images): {ROWS} / 255": "gives nothing back",
        SCALE + "(images / 255).astype('float32')": "not rows yet",
        SCALE + "(images.ravel() / 255).astype('float32')": "one row",
        SCALE + f"{ROWS}.T / 255": r"make an array \(2, 6\)",
        SCALE + f"{ROWS}.astype('float32')": "Numbers up to 204",
        SCALE + f"{ROWS} / 127.5 - 1": "Negative numbers",
        SCALE + f"({ROWS} // 255).astype('float32')": "Everything became 0",
        SCALE + f"({ROWS} / images.max()).astype('float32')": "Divide by 255, always",
        SCALE + "images.transpose(0, 2, 1).reshape(len(images), -1) / 255": "lie on their side",
        SCALE + f"{ROWS} / 256": "divided by 256",
        SCALE + f"{ROWS} / 255": "float32 is what",
    },
    "three-sets": {
        SETS + ORDER + "x_train[order[n:]], x_train[order[:n]], x_test": "gives nothing back",
        SETS + ORDER + "return x_train[order[n:]], x_train[order[:n]]": "Expected three",
        SETS + ORDER + "return order[n:], order[:n], x_test": "rows of 3 pixels",
        SETS + "return x_train, x_test, x_test": "You watch test images",
        SETS + ORDER + "both = np.concatenate([x_train, x_test]); "
        "return both[20:], both[:20], x_test": "among those to fit to",
        SETS + ORDER + "return x_train, x_train[order[:n]], x_test": "20 images are in both",
        SETS + ORDER + "return x_train[order[n:]], x_train[order[:n]], x_test[::-1]": "third set",
        SETS + ORDER + "return x_train[order[:n]], x_train[order[n:]], x_test": "swapped",
        SETS + ORDER + "return x_train[order[10:]], x_train[order[:10]], x_test": "not 10",
        SETS + ORDER + "return x_train[order[n + 1:]], x_train[order[:n]], x_test": "180 of 200",
        SETS + ORDER + "return x_train[n:], x_train[:n], x_test": "a block from one end",
        SETS + ORDER + "order = np.random.permutation(200); "
        "return x_train[order[n:]], x_train[order[:n]], x_test": "same seed chose other",
        SETS + "seed = 0\n    " + ORDER + "return x_train[order[n:]], x_train[order[:n]], x_test": (
            "Another seed chose the same"
        ),
    },
    "image-errors": {
        ERRORS + "((x - x_hat) ** 2).sum(1)": "gives nothing back",
        ERRORS + "return (x - x_hat) ** 2": "squares of single pixels",
        ERRORS + "return ((x - x_hat) ** 2).sum(0)": "summed over the images",
        ERRORS + "return ((x - x_hat) ** 2).sum()": "one number",
        ERRORS + "return ((x - x_hat) ** 2).mean(1)": "Keras' mse",
        ERRORS + "return abs(x - x_hat).sum(1)": "absolute differences",
        ERRORS + "return (x - x_hat).sum(1)": "either sign cancel",
        ERRORS + "return ((x - x_hat) ** 2).sum(1) ** 0.5": "took a root",
        ERRORS + "return ((x - x_hat) ** 2).sum(1) / 2": "half of it",
        ERRORS + "return (x == x_hat).mean(1)": "Expected the errors",
    },
    "build-autoencoder": {
        BUILD + "def build_autoencoder(sizes): right(sizes)": "gives nothing back",
        BUILD + "def build_autoencoder(sizes): return right(sizes)[2]": "Return three models",
        BUILD
        + "def build_autoencoder(sizes): return right(sizes)[::-1]": r"the encoder gave|order",
        BUILD + CHANGED.format("output='linear'"): "pixels lie in",
        BUILD + CHANGED.format("output='softmax'"): "that is a softmax",
        BUILD + CHANGED.format("code='relu'"): "No code goes far below 0",
        BUILD + CHANGED.format("code='tanh'"): "has a tanh",
        BUILD + CHANGED.format("code='leaky_relu'"): "code layer is not linear",
        BUILD + CHANGED.format("hidden=None"): "encoder's hidden layer is linear",
        BUILD + CHANGED.format("bias=False"): "There are no biases",
        BUILD + CHANGED.format("mirror=1"): "in the encoder's order",
        BUILD
        + "def build_autoencoder(sizes):\n    e, d, _ = right(sizes)\n"
        + "    return e, d, right(sizes)[2]": "weights of its own",
        BUILD
        + "def build_autoencoder(sizes):\n    e = right(sizes)[0]\n"
        + "    d = keras.Sequential([keras.Input((sizes[-1],)), D(len(sizes) * 4, 'gelu'), "
        + "D(sizes[0], 'sigmoid')])\n"
        + "    x = keras.Input((sizes[0],))\n    return e, d, keras.Model(x, d(e(x)))": (
            "a layer too many or too few"
        ),
    },
    "train-small": {
        TRAIN + "pass": "gives nothing back",
        TRAIN + "return grey": "Return two functions",
        TRAIN + "return lambda x: rows(x), grey": r"296 images have codes \(296, 30\)",
        TRAIN + "return lambda x: rows(x) @ W, lambda z: z": r"make images \(296, 784\)",
        TRAIN + "return lambda x: rows(x) @ W, lambda z: grey(z) * np.nan": "the training ran off",
        TRAIN + "return lambda x: rows(x) @ W, lambda z: 255 * grey(z)": "from 0 to 1 are wanted",
        TRAIN + "return lambda x: np.zeros((len(x), 30)), grey": "the same code",
        TRAIN + "return lambda x: rows(x) @ W, lambda z: grey(z) / 392": "that is a softmax",
        TRAIN + "return lambda x: np.maximum(0, rows(x) @ W), grey": "No code is ever negative",
        TRAIN + "return lambda x: np.tanh(rows(x) @ W), grey": "beyond 1",
        TRAIN + "return lambda x: rows(x) @ W, grey": "not far from or above",
    },
}


class Keras(Mapping[str, Any]):
    """The name that the lesson's set-up cell defines; TensorFlow loads when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        from course.autoencoder.backend import tensorflow  # noqa: PLC0415  (heavy)

        if name != "keras":
            raise KeyError(name)
        return tensorflow()[1]

    def __iter__(self) -> Iterator[str]:
        return iter(["keras"])

    def __len__(self) -> int:
        return 1


LESSON = Lesson(
    "05-autoencoder-lab",
    WRONG,
    {"train-small": NETWORK},
    Keras(),  # type: ignore[arg-type]  # any mapping will do
)


@pytest.mark.slow
class TestLesson(LessonTests):
    lesson = LESSON

    def test_the_solution_passes(self, exercise: str) -> None:
        earlier = ("scale", "build-autoencoder") if exercise == "train-small" else ()
        cells = [self.lesson.cells[name].source for name in (*earlier, exercise)]
        self.lesson.judge(exercise, "\n".join(cells))


def test_the_question_of_the_paper_keeps_its_words() -> None:
    asked = quiz.parse(LESSON.cells["lab-error-unit"].source)
    assert "report an error of 3.00 for 30 numbers a digit" in asked.prompt
    assert [option.ticked for option in asked.options] == [False, True, False, False]


def test_the_numbers_of_the_ladder_are_those_of_their_sources() -> None:
    text = LESSON.text.read_text(encoding="utf-8")
    for number in ("52.90", "13.87", "12.59", "8.01", "3.00", "2,837,314"):
        assert number in text


def test_widgets_and_heavy_imports_stay_apart() -> None:
    script = ROOT / "course" / "widgets" / "code_walk.py"
    assert "tensorflow" not in script.read_text(encoding="utf-8").lower()


def test_running_the_lab_twice_in_one_kernel_takes_no_more_memory(tmp_path: Path) -> None:
    path = next((ROOT / "source" / "05-autoencoder-lab").glob("*.ipynb"))
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    held = []
    ask = "print(int(open('/proc/self/statm').read().split()[1]) * 4096)"
    variables = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    with Session(tmp_path, variables, allow_unprotected=True) as session:
        for _ in range(2):
            for cell in cells:
                outcome = session.run(cell, 300)
                assert outcome.status == "ran", (cell.source, outcome)
            last = new_code_cell(ask)
            session.run(last, 30)
            held.append(int(last["outputs"][0]["text"]))
    assert held[1] - held[0] < 400 * MB, held
