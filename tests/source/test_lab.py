"""Lesson 5: the solution passes, the stub fails, each wrong answer gets its own hint.

Answers with mistakes in *training* are in ``test_lab_margins.py``; the answers here train for a
moment at most.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import Kernel
from autograder.sandbox.limits import MB
from course import autoencoder, data, quiz
from course.baselines import PCA, Baseline, ClippedPCA, MeanImage
from course.metrics import squared_error
from tests.source.lesson import ROOT, Lesson, LessonTests

real = pytest.mark.skipif(
    not (Path(os.environ.get("COURSE_DATA", "")) / "mnist.npz").is_file(),
    reason="COURSE_DATA must name a folder with mnist.npz",
)
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
ALARM = """def cheapest_alarm(errors, is_scratched, miss, false_alarm):
    def cost(t, above=np.greater):
        stopped = above(errors, t)
        missed = np.sum(is_scratched & ~stopped)
        return miss * missed + false_alarm * np.sum(~is_scratched & stopped)
    alarms = np.sort([0, *errors])
    costs = [cost(t) for t in alarms]
    """
# The networks of the wrong answers below are single layers, so nothing has to be trained.
NETWORK = """
def net(inputs, units, activation=None, weights=None, **options):
    spread = keras.initializers.RandomNormal(stddev=0.3, seed=1)
    layer = keras.layers.Dense(units, activation, kernel_initializer=spread, **options)
    model = keras.Sequential([keras.Input((inputs,)), layer])
    if weights is not None:
        layer.set_weights(weights)
    return model
encoder = lambda activation=None, units=16: net(784, units, activation)
decoder = lambda activation="sigmoid", units=784: net(16, units, activation)
gray = lambda level=0.5: net(16, 784, None, [np.zeros((16, 784)), np.full(784, level)])
"""
PCA16 = """
from course.baselines import PCA
bent = keras.layers.LeakyReLU(negative_slope=0.2)
def train_small(images, bend=False):
    pca = PCA(16).fit(images.reshape(len(images), -1) / 255)
    clip = keras.layers.ReLU(max_value=1.0)
    weights = [pca.axes.T, -pca.axes @ pca.mean]
    return net(784, 16, bent if bend else None, weights), net(16, 784, clip, [pca.axes, pca.mean])
"""
WRONG: dict[str, dict[str, str]] = {
    "scale": {
        f"def scale(images): {ROWS} / 255": "returns nothing",
        SCALE + "(images / 255).astype('float32')": "not rows yet",
        SCALE + "(images.ravel() / 255).astype('float32')": "one row",
        SCALE + f"{ROWS}.T / 255": r"an array of shape \(2, 6\)",
        SCALE + f"{ROWS}.astype('float32')": "as large as 204",
        SCALE + f"{ROWS} / 127.5 - 1": "Some numbers are negative",
        SCALE + f"({ROWS} // 255).astype('float32')": "Everything became 0",
        SCALE + f"({ROWS} / images.max()).astype('float32')": "Always divide by 255",
        SCALE + "images.transpose(0, 2, 1).reshape(len(images), -1) / 255": "are transposed",
        SCALE + f"{ROWS} / 256": "divided by 256",
        SCALE + f"{ROWS} / 255": "networks work with float32",
    },
    "three-sets": {
        SETS + ORDER + "x_train[order[n:]], x_train[order[:n]], x_test": "returns nothing",
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
        "return x_train[order[n:]], x_train[order[:n]], x_test": "same seed chose different",
        SETS + "seed = 0\n    " + ORDER + "return x_train[order[n:]], x_train[order[:n]], x_test": (
            "A different seed chose the same"
        ),
    },
    "image-errors": {
        ERRORS + "((x - x_hat) ** 2).sum(1)": "returns nothing",
        ERRORS + "return (x - x_hat) ** 2": "squares of single pixels",
        ERRORS + "return ((x - x_hat) ** 2).sum(0)": "summed over the images",
        ERRORS + "return ((x - x_hat) ** 2).sum()": "one number",
        ERRORS + "return ((x - x_hat) ** 2).mean(1)": "Keras' mse",
        ERRORS + "return abs(x - x_hat).sum(1)": "absolute differences",
        ERRORS + "return (x - x_hat).sum(1)": "negative differences cancel",
        ERRORS + "return ((x - x_hat) ** 2).sum(1) ** 0.5": "took a square root",
        ERRORS + "return ((x - x_hat) ** 2).sum(1) / 2": "half of it",
        ERRORS + "return (x == x_hat).mean(1)": "Expected the errors",
    },
    "build-autoencoder": {
        BUILD + "def build_autoencoder(sizes): right(sizes)": "returns nothing",
        BUILD + "def build_autoencoder(sizes): return right(sizes)[2]": "Return three models",
        BUILD
        + "def build_autoencoder(sizes): return right(sizes)[::-1]": r"the encoder gave|order",
        BUILD
        + "def build_autoencoder(sizes):\n    models = right(sizes)\n"
        + "    return [lambda x, model=model: model(x) for model in models]": (
            "The encoder should be a Keras model, not a function"
        ),
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
        + "    return e, d, right(sizes)[2]": "its own weights",
        BUILD
        + "def build_autoencoder(sizes):\n    e = right(sizes)[0]\n"
        + "    d = keras.Sequential([keras.Input((sizes[-1],)), D(len(sizes) * 4, 'gelu'), "
        + "D(sizes[0], 'sigmoid')])\n"
        + "    x = keras.Input((sizes[0],))\n    return e, d, keras.Model(x, d(e(x)))": (
            "a layer too many or too few"
        ),
    },
    "train-small": {
        TRAIN + "pass": "returns nothing",
        TRAIN + "return gray()": "Return two models",
        TRAIN + "return lambda x: x[:, :16], gray()": "a Keras model, not a function",
        "first = keras.layers.Lambda(lambda x: x[:, :16])\n"
        + TRAIN
        + "return keras.Sequential([keras.Input((784,)), first]), gray()": "it uses Lambda",
        "class Own(keras.Model):\n    def call(self, x): return x[:, :16]\n"
        + TRAIN
        + "own = Own(); own(np.ones((1, 784))); return own, gray()": "it uses Own|can't be read",
        TRAIN + "return encoder('relu', units=20), gray()": r"500 images have codes \(500, 16\)",
        TRAIN + "return gray(), encoder()": "Return encoder, decoder, in this order",
        TRAIN + "return encoder(), decoder(units=20)": r"give images \(500, 784\)",
        TRAIN + "return encoder(), gray(np.nan)": "the training diverged",
        TRAIN + "return encoder(), gray(255)": "between 0 and 1",
        TRAIN + "return net(784, 16, None, [np.zeros((784, 16)), np.ones(16)]), gray()": (
            "the same code"
        ),
        TRAIN + "return encoder(), decoder('softmax')": "that is a softmax",
        TRAIN + "return encoder('relu'), gray()": "No code goes far below 0",
        TRAIN + "return encoder('tanh'), gray()": "beyond 1",
        TRAIN + "return encoder(), gray()": "not far below the mean",
        PCA16: "must be below 20",
        PCA16.replace("bend=False", "bend=True"): "bends negative",
    },
    "cheapest-alarm": {
        ALARM + "alarms[np.argmin(costs)]": "returns nothing",
        ALARM + "return alarms": r"not an array of shape \(7,\)",
        ALARM.replace("miss, false_alarm", "false_alarm, miss")
        + "return alarms[np.argmin(costs)]": "prices are swapped",
        ALARM + "miss = false_alarm = 1; return alarms[np.argmin([cost(t) for t in alarms])]": (
            "prices change nothing"
        ),
        ALARM
        + "return alarms[np.argmin([cost(t, np.less_equal) for t in alarms])]": "images below",
        ALARM
        + "return alarms[np.argmin([cost(t, np.greater_equal) for t in alarms])]": "equals the",
        ALARM + "return min(costs)": "That is the lowest cost",
        ALARM + "return np.argmin(costs)": "a place in the list",
        ALARM + "return np.sort(errors)[np.argmin([cost(t) for t in errors])]": "Sort the alarms",
        ALARM + "return errors[np.argmin(costs[1:])]": "Look both up",
        ALARM + "return max(alarms, key=lambda t: (-cost(t), t))": "Return the smallest alarm",
        ALARM + "return alarms[1:][np.argmin(costs[1:])]": "stop everything",
        ALARM + "return errors.mean()": "You returned 3",
    },
}


class Keras(Mapping[str, Any]):
    """The name ``keras`` from the lesson's set-up cell; loads TensorFlow on first use."""

    def __getitem__(self, name: str) -> Any:
        from course.autoencoder.backend import tensorflow

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
        self.lesson.check_answer(exercise, "\n".join(cells))


def test_the_question_about_the_papers_unit_keeps_its_key() -> None:
    question = quiz.parse(LESSON.cells["lab-error-unit"].source)
    assert "report an error of 3.00 for 30 numbers per digit" in question.prompt
    assert [option.ticked for option in question.options] == [False, True, False, False]


@pytest.mark.slow
@real
def test_published_errors_match_the_measurement() -> None:
    (cell,) = (c for c in LESSON.notebook.cells if "published = {" in c.source)
    names: dict[str, Any] = {}
    exec(re.search(r"published = \{.*?\n\}", cell.source, re.DOTALL)[0], names)  # type: ignore[index]
    published, digits = names["published"], data.digits("mnist")
    methods: list[Baseline] = [MeanImage(), PCA(30), ClippedPCA(30)]
    for name, method in zip(
        ("mean image", "PCA, 30 numbers", "PCA, clipped"), methods, strict=True
    ):
        copies = method.fit(digits.x_train).reconstruct(digits.x_test)
        assert published[name] == pytest.approx(squared_error(digits.x_test, copies), abs=0.005)
    # From the paper's Figure 2B; its PCA equals ours exactly.
    assert (published["logistic PCA"], published["the paper's autoencoder"]) == (8.01, 3.00)


def test_the_parameter_count_in_the_text_is_right() -> None:
    count = autoencoder.build(784, 1000, 500, 250, 30).count_params()
    text = LESSON.path.read_text(encoding="utf-8")
    assert text.count(f"{count:,}") >= 2
    assert "2.8 million weights" in text
    assert round(count / 1e6, 1) == 2.8


def test_the_code_walk_widget_does_not_need_tensorflow() -> None:
    script = ROOT / "course" / "widgets" / "code_walk.py"
    assert "tensorflow" not in script.read_text(encoding="utf-8").lower()


@pytest.mark.long
def test_repeated_training_does_not_leak_memory(tmp_path: Path) -> None:
    sources = [cell.source for cell in LESSON.notebook.cells if cell.cell_type == "code"]
    setup = [source for source in sources if source.startswith("import time\n")]
    setup += [LESSON.cells[name].source for name in ("three-sets", "image-errors")]
    setup += [LESSON.cells["build-autoencoder"].source]
    setup += [source for source in sources if source.startswith(("digits = ", "split = "))]
    trained = ("\nhistory = autoencoder.train(", "noise=noise", "copies = np.asarray(model(test))")
    train = [source for source in sources if any(words in source for words in trained)]
    assert (len(setup), len(train)) == (6, 3)
    memory = []
    print_memory = "print(int(open('/proc/self/statm').read().split()[1]) * 4096)"
    variables = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
    with Kernel(tmp_path, variables, allow_unprotected=True) as kernel:
        run(kernel, *setup, "errors_of = image_errors")
        for _ in range(4):
            run(kernel, *(source.replace("(12, 128)", "(2, 128)") for source in train))
            memory.append(int(run(kernel, print_memory)[0]["text"]))
    growth = [after - before for before, after in itertools.pairwise(memory[1:])]
    assert min(growth) < 60 * MB, memory  # a leak is in every round


def run(kernel: Kernel, *sources: str) -> list[Any]:
    """Run cells; return the outputs of the last one."""
    cell = new_code_cell()
    for source in sources:
        cell = new_code_cell(source.replace("rounds = 30", "rounds = 2"))
        outcome = kernel.run_cell(cell, 300)
        assert outcome.status == "ran", (source, outcome)
    return list(cell["outputs"])


@pytest.mark.slow
def test_the_optional_network_for_faces_runs() -> None:
    """The lab skips it by default because training takes minutes; here it is small."""
    source = next(c.source for c in LESSON.notebook.cells if c.source.startswith("run_it = False"))
    small = source.replace("run_it = False", "run_it = True")
    small = small.replace("625, 2000, 1000, 500, 30", "625, 20, 10, 5, 30")
    small = small.replace("epochs=100", "epochs=1")
    assert [small.count(new) for new in ("= True", "20, 10, 5", "epochs=1,")] == [1, 1, 1]
    rng = np.random.default_rng(0)
    known = np.arange(60) < 40
    tables: list[tuple[list[str], list[list[str]]]] = []
    names: dict[str, Any] = {
        "Table": lambda *parts: tables.append(parts),
        "np": np,
        "autoencoder": autoencoder,
        "PCA": PCA,
        "images": rng.random((60, 784), np.float32),
        "held_out": {"by person": ~known},
        "errors_of": lambda x, copy: ((x - copy) ** 2).sum(axis=1),
    }
    exec(small, names)
    ((heading, rows),) = tables
    assert [row[0] for row in rows] == ["people it learned from", "new people"]
    learned, new = ([float(number) for number in row[1:]] for row in rows)
    assert f"{names['deep'].count_params():,} weights" in heading[1]
    # The images are noise: PCA memorizes 30 of 40 directions and learns nothing about new ones.
    assert learned[1] < 0.5 * new[1]
    assert all(0.5 * 625 < error < 2 * 625 for error in (learned[0], new[0], new[1]))


def test_the_size_of_the_network_for_faces_is_right() -> None:
    text = LESSON.path.read_text(encoding="utf-8")
    sizes = [625, 2000, 1000, 500, 30, 500, 1000, 2000, 625]
    count = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    assert count == 7_537_655
    assert f"It has {count / 1e6:.1f} million weights" in text
