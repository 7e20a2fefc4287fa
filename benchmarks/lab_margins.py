"""Measure how much the lab's grading depends on chance: ``python -m benchmarks.lab_margins``.

The solution of the exercise that trains, and many plausible wrong answers, run with up to 20 seeds
and with one and two threads; the lesson's own test cell grades each. Exercises without training run
once. The table goes to ``benchmarks/lab_margins.md``; this takes about forty minutes on two idle
cores, and an interrupted run resumes. The page contains a fingerprint of the code of exercises and
tests (without docstrings and messages): run this again after changing that code.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from autograder.publish.build import notebook_from_text
from autograder.reports.lesson_times import without_messages
from course import atomic_write

HERE: Final = Path(__file__).resolve()
ROOT: Final = HERE.parents[1]
KEPT: Final = ROOT / ".tools" / "lab_margins"
TEXT: Final = ROOT / "source" / "05-autoencoder-lab" / "autoencoder-lab.md"
CELLS: Final[dict[str, str]] = {
    cell.id: cell.source for cell in notebook_from_text(TEXT.read_text(encoding="utf-8")).cells
}
EXERCISES: Final = tuple(name.removesuffix("-test") for name in CELLS if name.endswith("-test"))
SOLUTION: Final = CELLS["train-small"]


def changed(*changes: tuple[str, str]) -> str:
    """Return the solution with these pieces of text replaced; each must occur."""
    source = SOLUTION
    for old, new in changes:
        if old not in source:
            raise ValueError(f"the solution does not hold {old!r}")
        source = source.replace(old, new)
    return source


def built(old: str, new: str) -> str:
    """Return the solution after a ``build_autoencoder`` in which some text is replaced."""
    builder = CELLS["build-autoencoder"]
    if old not in builder:
        raise ValueError(f"the solution does not hold {old!r}")
    return builder.replace(old, new) + "\n" + SOLUTION


_STOP: Final = (
    ', callbacks=[keras.callbacks.EarlyStopping("accuracy", patience=1, mode="max")], verbose=0'
)
_PCA: Final = """from course.baselines import PCA

def as_model(weights, bias, activation):
    layer = keras.layers.Dense(len(bias), activation=activation)
    model = keras.Sequential([keras.Input((len(weights),)), layer])
    layer.set_weights([weights, bias])
    return model

def train_small(images):
    pca = PCA(16).fit(scale(images))
    encoder = as_model(pca.axes.T, -pca.axes @ pca.mean, None)
    return encoder, as_model(pca.axes, pca.mean, keras.layers.ReLU(max_value=1.0))
"""
_KEEPS_ITS_FIRST: Final = f"""{SOLUTION.replace("def train_small", "def train")}
kept = []

def train_small(images):
    kept.append(kept[0] if kept else train(images))
    return kept[0]
"""
TRAINED_WRONG: Final[dict[str, str]] = {
    "images not scaled": changed(
        ("scale(images)", 'images.reshape(len(images), -1).astype("float32")')
    ),
    "scaled twice": changed(("scale(images)", "scale(images) / 255")),
    "softmax output": built('activation="sigmoid"', 'activation="softmax"'),
    "ReLU code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="relu")'),
    "GELU code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="gelu")'),
    "leaky ReLU code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="leaky_relu")'),
    "ELU code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="elu")'),
    "no hidden activation": built('activation="gelu", kernel_initializer="he_normal"', ""),
    "PCA with 16 numbers, clipped": _PCA,
    "logistic code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="sigmoid")'),
    "stops when the accuracy does not rise": changed(
        ('loss="mse"', 'loss="mse", metrics=["accuracy"]'), (", verbose=0", _STOP)
    ),
    "images on their side": changed(("scale(images)", "scale(images.transpose(0, 2, 1))")),
    "two epochs": changed(("epochs=10", "epochs=2")),
    "plain gradient steps on Keras' mse": changed(("optimizers.Adam(0.005)", "optimizers.SGD()")),
    "absolute error that is a mean, SGD": changed(
        ("optimizers.Adam(0.005)", "optimizers.SGD()"), ('loss="mse"', 'loss="mae"')
    ),
    "not trained": changed(("    model.fit(", "    0 and model.fit(")),
    "targets in another order": changed(
        ("model.fit(x, x,", "model.fit(x, np.random.permutation(x),")
    ),
    "learned from the lesson's digits, not from the given ones": changed(
        ("scale(images)", "digits.x_train[:3000]")
    ),
    "one network trained, another one used": changed(
        ("return encoder, decoder", "return build_autoencoder([784, 128, 16])[:2]")
    ),
    "one network for all images": _KEEPS_ITS_FIRST,
}
"""Wrong answers to the exercise that trains, with training."""

CERTAIN: Final[dict[str, tuple[str, str]]] = {
    "test images watched while training": (
        "three-sets",
        "def three_sets(x_train, x_test, share=0.1, seed=0): return x_train, x_test, x_test",
    ),
    "test images mixed into training": (
        "three-sets",
        (
            "def three_sets(x_train, x_test, share=0.1, seed=0):\n"
            "    both = np.concatenate([x_train, x_test])\n"
            "    both = np.random.default_rng(seed).permutation(both)\n"
            "    n = round(share * len(x_train))\n"
            "    return both[n + len(x_test) :], both[:n], x_test"
        ),
    ),
    "error in Keras' unit": (
        "image-errors",
        "def image_errors(x, x_hat): return ((x - x_hat) ** 2).mean(axis=1)",
    ),
    "accuracy instead of an error": (
        "image-errors",
        "def image_errors(x, x_hat): return (x == x_hat).mean(axis=1)",
    ),
    "no scaling": (
        "scale",
        "def scale(images): return images.reshape(len(images), -1).astype(np.float32)",
    ),
    "transposed": (
        "scale",
        (
            "def scale(images): return (images.transpose(0, 2, 1)"
            ".reshape(len(images), -1) / 255).astype(np.float32)"
        ),
    ),
}
"""Wrong answers that don't depend on chance: the exercise, and the code."""


def lesson() -> dict[str, Any]:
    """Return the namespace of a kernel that ran the solutions of the lesson's exercises."""
    from course import data
    from course.autoencoder.backend import tensorflow

    _, keras = tensorflow()
    names: dict[str, Any] = {"np": np, "keras": keras, "digits": data.digits("bundled")}
    for exercise in EXERCISES:
        exec(CELLS[exercise], names)
    return names


def fingerprint() -> str:
    """Return a short hash of the code of exercises, tests and wrong answers."""
    parts = [CELLS[name] for exercise in EXERCISES for name in (exercise, f"{exercise}-test")]
    parts += [*TRAINED_WRONG.values(), *(answer for _, answer in CERTAIN.values())]
    code = [without_messages(part) for part in parts]
    return hashlib.sha256("\0".join(code).encode()).hexdigest()[:16]


class Judged(NamedTuple):
    """The result of the lesson's own test cell.

    Attributes:
        said: Its message; "" if the answer passed.
        error: The reconstruction error of new images, if the test computed it.
    """

    said: str
    error: float | None


def judge(exercise: str, answer: str, names: dict[str, Any], seed: int) -> Judged:
    """Grade an answer with the lesson's own test cell."""
    names["keras"].utils.set_random_seed(seed)
    names, said, test = dict(names), "", CELLS[f"{exercise}-test"]
    try:
        exec(answer, names)
        # The error that the test measures becomes a global name.
        test = re.sub(r"(?m)^(def \w+_test\(\):)$", r"\1\n    global error", test)
        exec(test, names)
    except AssertionError as failure:
        said = str(failure) or "no message"
    finally:
        names["keras"].backend.clear_session()
    return Judged(said, float(names["error"]) if "error" in names else None)


Counted = dict[str, Any]


OFTEN: Final = ("the solution", "PCA with 16 numbers, clipped", "not trained")
"""The solution, and two answers that need no training: these run with every seed."""


def seeds_of(name: str, seeds: range, few: int) -> range:
    """Return the seeds to run an answer with."""
    return seeds if name in OFTEN else seeds[:few]


def count(seeds: range, few: int, threads: int, names: list[str]) -> dict[str, Counted]:
    """Grade in this process; return each answer's number of passes, errors and seconds.

    Every result is stored at once, so that an interrupted run can resume.
    """
    from course.autoencoder.backend import tensorflow

    tf, _ = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    kernel = lesson()
    answers = {"the solution": SOLUTION, **TRAINED_WRONG}
    found = {}
    for name in names:
        own = seeds_of(name, seeds, few)
        all_of_it = [kept(name, answers[name], kernel, seed, threads) for seed in own]
        passed = sum(not each["said"] for each in all_of_it)
        errors = [each["error"] for each in all_of_it if each["error"] is not None]
        seconds = sum(each["seconds"] for each in all_of_it)
        found[name] = {"passed": passed, "errors": errors, "seconds": seconds, "of": len(own)}
        print(f"{threads} threads: {name}: {passed} of {len(own)}", file=sys.stderr, flush=True)
    return found


def kept(name: str, answer: str, kernel: dict[str, Any], seed: int, threads: int) -> Counted:
    """Grade an answer, or return the stored result of an earlier run."""
    cells = [CELLS[cell] for cell in ("scale", "build-autoencoder", "train-small-test")]
    parts = [without_messages(source) for source in (answer, *cells)]
    said = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
    path = KEPT / f"{said}-{threads}-{seed}.json"
    if path.exists():
        found: Counted = json.loads(path.read_bytes())
        return found
    began = time.perf_counter()
    judged = judge("train-small", answer, kernel, seed)
    seconds = time.perf_counter() - began
    found = {"name": name, "said": judged.said, "error": judged.error, "seconds": seconds}
    KEPT.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found), encoding="utf-8")
    return found


def apart(seeds: range, few: int, threads: int, names: list[str]) -> dict[str, Counted]:
    """Run `count` in a separate process, because TensorFlow sets its threads once."""
    command = [sys.executable, "-m", "benchmarks.lab_margins", "--count", *names]
    command += ["--threads", str(threads), "--seeds", str(seeds.start), str(seeds.stop)]
    command += ["--few", str(2 * few)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    found: dict[str, Counted] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(rounds: int, few: int) -> str:
    """Return the table; half of the seeds run with one thread, the other half with two."""
    lines = ["| answer | exercise | passes | error of its copies |", "|:--|:--|--:|--:|"]
    answers = ["the solution", *TRAINED_WRONG]
    seeds = (range(rounds // 2), range(rounds // 2, rounds))
    with ThreadPoolExecutor(2) as both:
        one, two = both.map(apart, seeds, (few // 2,) * 2, (1, 2), (answers,) * 2)
    for name in answers:
        passed, of = (one[name][what] + two[name][what] for what in ("passed", "of"))
        errors = one[name]["errors"] + two[name]["errors"]
        told = f"{min(errors):.2f} to {max(errors):.2f}" if errors else "–"
        lines.append(f"| {name} | train-small | {passed} of {of} | {told} |")
    kernel = lesson()
    for name, (exercise, answer) in CERTAIN.items():
        passed = int(not judge(exercise, answer, kernel, 0).said)
        lines.append(f"| {name} | {exercise} | {passed} of 1 | – |")
    seconds = sum(each["the solution"]["seconds"] for each in (one, two)) / rounds
    lines += ["", f"The solution, trained and judged, took {seconds:.1f} s on average."]
    return "\n".join(lines)


def main() -> None:
    """Grade all answers, print and write the page."""
    arguments = argparse.ArgumentParser(description="Count the lab's grading errors.")
    arguments.add_argument("--rounds", type=int, default=20, help="seeds for each answer")
    arguments.add_argument("--few", type=int, default=20, help="seeds for the less usual answers")
    arguments.add_argument("--count", nargs="+", help=argparse.SUPPRESS)
    arguments.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    arguments.add_argument("--seeds", type=int, nargs=2, default=(0, 1), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.count:
        found = count(range(*given.seeds), given.few // 2, given.threads, given.count)
        print(json.dumps(found))
        return
    before = os.getloadavg()[0]
    command = f"python -m benchmarks.lab_margins --rounds {given.rounds} --few {given.few}"
    text = f"""# How much the lab's grading depends on chance

Written by `{command}`; don't edit
the numbers. Each answer that trains was graded with {given.rounds} seeds, less common ones with
{given.few}, half of them with one thread, half with two, on {os.cpu_count()} cores
({platform.machine()}, load {before:.0f} at the start).
Grading is correct if the solution always passes and nothing else ever does. Where an error is as
small as the solution's, the test finds another mistake, such as a code that isn't linear; where
there is no error, it found one earlier.
Fingerprint of the exercises, their tests and the answers: `{fingerprint()}`.

{table(given.rounds, given.few)}
"""
    atomic_write.write_text(HERE.with_suffix(".md"), text)
    print(text)


if __name__ == "__main__":
    main()
