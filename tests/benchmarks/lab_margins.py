"""Does the lab's grading hang on luck? ``python -m tests.benchmarks.lab_margins`` counts.

The exercise that trains is solved 20 times, and got wrong 20 times in each of many plausible
ways, with other seeds and with one and two threads; each time the lesson's own test cell judges.
Exercises without training are judged once: chance has no part in them. The table goes to
``lab_margins.md`` beside this file; it takes some ten minutes on two free cores.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from autograder.publish.build import notebook

HERE: Final = Path(__file__).resolve()
ROOT: Final = HERE.parents[2]
TEXT: Final = ROOT / "source" / "05-autoencoder-lab" / "autoencoder-lab.md"
CELLS: Final[dict[str, str]] = {
    cell.id: cell.source for cell in notebook(TEXT.read_text(encoding="utf-8")).cells
}
EXERCISES: Final = tuple(name.removesuffix("-test") for name in CELLS if name.endswith("-test"))
SOLUTION: Final = CELLS["train-small"]


def changed(*changes: tuple[str, str]) -> str:
    """Return the solution with these pieces of text exchanged; each must be there."""
    source = SOLUTION
    for old, new in changes:
        if old not in source:
            raise ValueError(f"the solution does not hold {old!r}")
        source = source.replace(old, new)
    return source


def built(old: str, new: str) -> str:
    """Return the solution behind a ``build_autoencoder`` in which something is exchanged."""
    builder = CELLS["build-autoencoder"]
    if old not in builder:
        raise ValueError(f"the solution does not hold {old!r}")
    return builder.replace(old, new) + "\n" + SOLUTION


_STOP: Final = (
    ', callbacks=[keras.callbacks.EarlyStopping("accuracy", patience=1, mode="max")], verbose=0'
)
TRAINED_WRONG: Final[dict[str, str]] = {
    "images not scaled": changed(
        ("scale(images)", 'images.reshape(len(images), -1).astype("float32")'),
        ("scale(new)", 'new.reshape(len(new), -1).astype("float32")'),
    ),
    "scaled to learn from, not to encode": changed(
        ("scale(new)", 'new.reshape(len(new), -1).astype("float32")')
    ),
    "scaled twice": changed(("scale(images)", "scale(images) / 255")),
    "softmax output": built('activation="sigmoid"', 'activation="softmax"'),
    "ReLU code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="relu")'),
    "logistic code": built("Dense(sizes[-1])", 'Dense(sizes[-1], activation="sigmoid")'),
    "stops when the accuracy does not rise": changed(
        ('loss="mse"', 'loss="mse", metrics=["accuracy"]'), (", verbose=0", _STOP)
    ),
    "images on their side": changed(
        ("scale(images)", "scale(images.transpose(0, 2, 1))"),
        ("scale(new)", "scale(new.transpose(0, 2, 1))"),
    ),
    "two epochs": changed(("epochs=25", "epochs=2")),
    "plain gradient steps on Keras' mse": changed(("optimizers.Adam(0.002)", "optimizers.SGD()")),
    "absolute error that is a mean, SGD": changed(
        ("optimizers.Adam(0.002)", "optimizers.SGD()"), ('loss="mse"', 'loss="mae"')
    ),
    "not trained": changed(("    model.fit(", "    0 and model.fit(")),
    "targets in another order": changed(
        ("model.fit(x, x,", "model.fit(x, np.random.permutation(x),")
    ),
    "learnt from the lesson's digits, not from the given ones": changed(
        ("scale(images)", "digits.x_train[:1501]")
    ),
    "one network trained, another one used": changed(
        (
            "    def encode(new)",
            "    encoder, decoder, _ = build_autoencoder([784, 128, 30])\n\n    def encode(new)",
        )
    ),
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
"""Wrong answers in which chance has no part: the exercise, and the code."""


def lesson() -> dict[str, Any]:
    """Return the names of a kernel in which the lesson's exercises are solved."""
    from course import data  # noqa: PLC0415  (for those who run something)
    from course.autoencoder.backend import tensorflow  # noqa: PLC0415  (heavy)

    _, keras = tensorflow()
    names: dict[str, Any] = {"np": np, "keras": keras, "digits": data.digits("bundled")}
    for exercise in EXERCISES:
        exec(CELLS[exercise], names)
    return names


def verdict(exercise: str, answer: str, names: dict[str, Any], seed: int) -> str:
    """Judge an answer with the lesson's own test cell; return what it says, "" if it passes."""
    names["keras"].utils.set_random_seed(seed)
    names = dict(names)
    try:
        exec(answer, names)
        exec(CELLS[f"{exercise}-test"], names)
    except AssertionError as error:
        return str(error) or "no words"
    finally:
        names["keras"].backend.clear_session()
    return ""


def count(seeds: range, threads: int, names: list[str]) -> dict[str, list[float]]:
    """Judge in this process; return for each answer how many passed, of how many, in seconds."""
    from course.autoencoder.backend import tensorflow  # noqa: PLC0415  (heavy)

    tf, _ = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    kernel = lesson()
    answers = {"the solution": SOLUTION, **TRAINED_WRONG}
    found = {}
    for name in names:
        began = time.perf_counter()
        passed = sum(not verdict("train-small", answers[name], kernel, seed) for seed in seeds)
        found[name] = [passed, len(seeds), time.perf_counter() - began]
        print(f"{threads} threads: {name}: {passed} of {len(seeds)}", file=sys.stderr, flush=True)
    return found


def apart(seeds: range, threads: int, names: list[str]) -> dict[str, list[float]]:
    """The same in a process of its own, because threads are set once."""
    command = [sys.executable, "-m", "tests.benchmarks.lab_margins", "--count", *names]
    command += ["--threads", str(threads), "--seeds", str(seeds.start), str(seeds.stop)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def table(rounds: int) -> str:
    """Return the table; half of the seeds run with one thread, the others with two."""
    lines = ["| answer | exercise | passes |", "|:--|:--|--:|"]
    answers = ["the solution", *TRAINED_WRONG]
    seeds = (range(rounds // 2), range(rounds // 2, rounds))
    with ThreadPoolExecutor(2) as both:
        one, two = both.map(apart, seeds, (1, 2), (answers, answers))
    for name in answers:
        passed, of = (int(one[name][i] + two[name][i]) for i in (0, 1))
        lines.append(f"| {name} | train-small | {passed} of {of} |")
    kernel = lesson()
    for name, (exercise, answer) in CERTAIN.items():
        passed = int(not verdict(exercise, answer, kernel, 0))
        lines.append(f"| {name} | {exercise} | {passed} of 1 |")
    seconds = sum(each["the solution"][2] for each in (one, two)) / rounds
    lines += ["", f"The solution, trained and judged, took {seconds:.1f} s on average."]
    return "\n".join(lines)


def main() -> None:
    """Count, print, write."""
    arguments = argparse.ArgumentParser(description="Count how often the lab's grading errs.")
    arguments.add_argument("--rounds", type=int, default=20, help="seeds for each answer")
    arguments.add_argument("--count", nargs="+", help=argparse.SUPPRESS)
    arguments.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    arguments.add_argument("--seeds", type=int, nargs=2, default=(0, 1), help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.count:
        print(json.dumps(count(range(*given.seeds), given.threads, given.count)))
        return
    before = os.getloadavg()[0]
    text = f"""# How far the lab's grading is from luck

Written by `python -m tests.benchmarks.lab_margins --rounds {given.rounds}`; no number is typed.
Each answer that trains was judged with {given.rounds} seeds, one half with one thread, the
other with two, on {os.cpu_count()} cores ({platform.machine()}, load {before:.0f} at the start).
Right is: the solution passes every time, and nothing else ever does.

{table(given.rounds)}
"""
    beside = HERE.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(HERE.with_suffix(".md"))
    print(text)


if __name__ == "__main__":
    main()
