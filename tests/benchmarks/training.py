"""How good the course's training is, and how fast: ``python -m tests.benchmarks.training``.

It needs MNIST and some 25 minutes on two free cores (``--quick``: a third of that), and writes
its tables to ``training.md`` beside this file. Everything that is compared learns in one run,
taking turns epoch by epoch, so that a busy moment of the machine hits all of it.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from course import data
from course.autoencoder import frozen
from course.autoencoder.precision import faster
from course.autoencoder.recipe import Recipe
from tests.benchmarks.training_contenders import (
    SIZES,
    Baselines,
    Contender,
    Copied,
    Ours,
    race,
    row,
)

HERE = Path(__file__).resolve()
PAPER = "Hinton and Salakhutdinov 2006"
HEADING = ("method", "numbers in the code", "test error", "seconds", "5-NN of the code")


def contenders(digits: Any, recipe: Recipe, *, quick: bool) -> list[Contender]:
    """Return what is compared with the recipe, one change at a time; the recipe comes first."""

    def changed(name: str, **changes: Any) -> Contender:
        return Ours(name, digits, replace(recipe, **changes))

    slow = [] if quick else [changed("compiled by XLA, float32", precision="float32", xla=True)]
    return [
        changed("the recipe"),
        changed("bfloat16 products", precision="bfloat16"),
        changed("float32 products", precision="float32"),
        *slow,
        changed("last weights instead of their running average", averaging=0.0),
        changed("no shifts", shift=0),
        changed("shifts by up to 2 pixels", shift=2),
        changed("cross-entropy instead of squared error", loss="cross_entropy"),
        changed("batch 256", batch=256),
        changed("batch 1024", batch=1024),
        changed("learning rate 1e-3", learning_rate=1e-3),
        changed("learning rate 4e-3", learning_rate=4e-3),
        changed("no warm-up", warm_up=0),
        Ours("ReLU instead of GELU", digits, recipe, hidden="relu"),
        Ours("logistic hidden units, as in 2006", digits, recipe, hidden="sigmoid"),
        Ours("weights that start as Keras's do (Glorot)", digits, recipe, glorot=True),
        Ours("output that starts at grey, not at the mean image", digits, recipe, grey=True),
    ]


def ladder(digits: Any, epochs: int) -> tuple[str, str]:
    """Return the table of methods, and what to say about 3.00."""
    lengths = sorted({min(2, epochs), min(4, epochs), epochs})
    ours = [Ours(f"the course's, {n} epochs", digits, Recipe(epochs=n)) for n in lengths]
    copied = Copied(f"the copied recipe, {epochs} epochs", digits, epochs)
    race([copied, *ours])
    rows = [row(*HEADING), row(":--", "--:", "--:", "--:", "--:")]
    rows += Baselines(digits).rows()
    rows.append(row(f"PCA, in the paper ({PAPER})", 30, "13.87", "–", "–"))
    rows.append(row(f"logistic PCA, in the paper ({PAPER})", 30, "8.01", "–", "–"))
    rows += [each.line() for each in (copied, *ours)]
    rows.append(row(f"deep autoencoder, in the paper ({PAPER})", 30, "3.00", "–", "–"))
    rows.append(shipped(digits))
    return "\n".join(rows), "\n".join(reached(each, 3.00) for each in (copied, ours[-1]))


def shipped(digits: Any) -> str:
    """Return the line of the network that ships, measured here and now."""
    net, record = frozen.digits(), frozen.digits_record()
    error = float(net.error(digits.x_test).mean())
    knn = Baselines.knn(digits, net.encode)
    name = f"the one that ships, {record['epochs']} epochs"
    return row(name, net.code_size, f"{error:.2f}", f"{60 * record['minutes']:.0f}", knn)


def reached(contender: Contender, target: float) -> str:
    """Return a sentence: when the error fell below the target."""
    for epoch, (error, seconds) in enumerate(
        zip(contender.errors, contender.seconds, strict=True), start=1
    ):
        if error < target:
            return (
                f"- {contender.name}: below {target:.2f} after epoch {epoch}, "
                f"{seconds:.0f} seconds of training ({error:.2f})."
            )
    return f"- {contender.name}: not below {target:.2f}; best {min(contender.errors):.2f}."


def ablations(digits: Any, epochs: int, *, quick: bool) -> str:
    """Return what each choice brings: a table, and how to read it."""
    entered = contenders(digits, Recipe(epochs=epochs), quick=quick)
    race(entered)
    base = entered[0]
    rows = [
        row("change", "test error", "against the recipe", "seconds", "against the recipe"),
        row(":--", "--:", "--:", "--:", "--:"),
    ]
    for each in entered:
        if each.failed:
            rows.append(row(each.name, f"fails: {each.failed}", "–", "–", "–"))
            continue
        error, seconds = each.errors[-1], each.seconds[-1]
        versus = (f"{error - base.errors[-1]:+.2f}", f"{seconds / base.seconds[-1]:.2f}×")
        first = ("–", "–") if each is base else versus
        rows.append(row(each.name, f"{error:.2f}", first[0], f"{seconds:.0f}", first[1]))
    return (
        "Each line changes one thing; all take turns, epoch by epoch.\n"
        f"Epochs: {epochs}. So short a run says nothing of what only pays in long ones, such as "
        "the shifts.\n\n" + "\n".join(rows)
    )


def busy(load: float) -> str:
    """Return a sentence on how far the seconds can be believed."""
    if load < 0.5:
        return "The machine had nothing else to do."
    return (
        f"The machine was busy with {load:.0f} other processes when this began: "
        "only ratios of seconds say something."
    )


def report(command: str, load: float, epochs: int, methods: tuple[str, str], changes: str) -> str:
    """Return the page, with what there is so far."""
    table, times = methods
    return f"""# How good the training is, and how fast

Written by `{command}`; no number is typed.
Layers {"-".join(map(str, SIZES))} and their mirror, MNIST.
Error: squared error summed over the 784 pixels, mean over the 10,000 test images.
Seconds: training alone, without measuring, on {os.cpu_count()} cores ({platform.machine()},
products in {faster(512, 784, 1000)} where "auto" chooses).
{busy(load)}
5-NN: share of 2,000 test codes that their five nearest neighbours among 10,000 training codes name
right.

## Methods

{table}

"The copied recipe" is what most tutorials show: ReLU, Adam 1e-3, batch 256, binary cross-entropy,
`model.fit`, with the same layers and a linear code. It and the course's own runs took turns, epoch
by epoch; the seconds of the first epoch hold the building of the graph. Those of the network that
ships were measured when it was trained (`course/assets/make_digit_autoencoder.py`).

The paper's error, 3.00, with a learning rate planned for {epochs} epochs:

{times}

## What helps, and what does not

{changes}
"""


def write(path: Path, text: str) -> None:
    """Replace the page at once and whole."""
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


def main() -> None:
    """Run everything, and write each part as soon as it is measured."""
    arguments = argparse.ArgumentParser(description="Measure the course's training on MNIST.")
    arguments.add_argument("--quick", action="store_true", help="fewer epochs: a first look")
    arguments.add_argument("--epochs", type=int, help="of the long run (20; quick: 4)")
    arguments.add_argument(
        "--budget", type=int, help="epochs for each change (4; quick: 2; 0 leaves them out)"
    )
    arguments.add_argument("--to", type=Path, default=HERE.with_suffix(".md"), help="where to")
    given = arguments.parse_args()
    usual = (4, 2) if given.quick else (20, 4)
    epochs = usual[0] if given.epochs is None else given.epochs
    budget = usual[1] if given.budget is None else given.budget
    digits, load = data.digits("mnist"), os.getloadavg()[0]
    command = " ".join(["python -m tests.benchmarks.training", *sys.argv[1:]])
    methods = ladder(digits, epochs)
    write(given.to, report(command, load, epochs, methods, "Not measured in this run."))
    if budget:
        changes = ablations(digits, budget, quick=given.quick)
        write(given.to, report(command, load, epochs, methods, changes))
    print(given.to.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
