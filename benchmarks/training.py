"""How good the course's training is, and how fast: ``python -m benchmarks.training``.

It needs MNIST and some 40 minutes on two free cores, and writes what it measures to
``course/assets/training.json``, and from that ``training.md`` beside this file. Everything that is
compared learns in one run, taking turns epoch by epoch, so that a busy moment of the machine hits
all of it. The two parts can be measured one at a time: ``--only methods`` or ``--only changes``;
the other part then stays as it is. ``--only page`` measures nothing and writes the page anew.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.training_contenders import Baselines, Contender, Copied, Ours, race
from benchmarks.training_fitted import fitted
from benchmarks.training_page import page
from course import atomic_write, data
from course.autoencoder import frozen, measured
from course.autoencoder.backend import tensorflow
from course.autoencoder.measured import MeasuredRun
from course.autoencoder.precision import faster_format
from course.autoencoder.recipe import Recipe

HERE = Path(__file__).resolve()
PAPER = "Hinton, Salakhutdinov 2006"
TARGET = 3.00


def contenders(digits: Any, recipe: Recipe) -> list[Contender]:
    """Return what is compared with the recipe, one change at a time; the recipe comes first."""

    def changed(name: str, **changes: Any) -> Contender:
        return Ours(name, digits, replace(recipe, **changes))

    other = "float32" if faster_format(recipe.batch, 784, 1000) == "bfloat16" else "bfloat16"
    return [
        changed("the recipe"),
        changed(f"{other} products", precision=other),
        changed("compiled by XLA, float32", precision="float32", xla=True),
        Ours("one step in each call of the graph, not 20", digits, recipe, steps_per_call=1),
        changed("last weights instead of their running average", averaging=0.0),
        changed("no shifts", shift=0),
        changed("shifts by up to 2 pixels", shift=2),
        changed("cross-entropy instead of squared error", loss="cross_entropy"),
        changed("batch 256", batch=256),
        changed("batch 1024", batch=1024),
        changed("learning rate 2e-3", learning_rate=2e-3),
        changed("learning rate 6e-3", learning_rate=6e-3),
        changed("no warm-up", warm_up=0),
        Ours("ReLU instead of GELU", digits, recipe, hidden="relu"),
        Ours("logistic hidden units, as in 2006", digits, recipe, hidden="sigmoid"),
        Ours("weights that start as Keras's do (Glorot)", digits, recipe, glorot=True),
        Ours("output that starts at gray, not at the mean image", digits, recipe, grey=True),
        Ours("layer normalization before each activation", digits, recipe, norm="layer"),
        Ours("batch normalization before each activation", digits, recipe, norm="batch"),
        *fitted(digits, recipe),
        changed("the recipe once more"),
    ]


def methods(digits: Any, epochs: int) -> dict[str, Any]:
    """Return the table of methods, and when the paper's error was reached."""
    lengths = sorted({min(2, epochs), min(4, epochs), epochs})
    ours = [Ours(f"the course's, {n} epochs", digits, Recipe(epochs=n)) for n in lengths]
    copied = Copied(f"the copied recipe, {epochs} epochs", digits, epochs)
    race([copied, *ours])
    rows = [
        *Baselines(digits).rows(),
        MeasuredRun(f"PCA ({PAPER})", 30, 13.87, None, None),
        MeasuredRun(f"logistic PCA ({PAPER})", 30, 8.01, None, None),
        *(each.row() for each in (copied, *ours)),
        MeasuredRun(f"autoencoder ({PAPER})", 30, 3.00, None, None),
        shipped(digits),
    ]
    target = [reached(each, TARGET) for each in (copied, ours[-1])]
    return {"epochs": epochs, "rows": [row._asdict() for row in rows], "to_target": target}


def shipped(digits: Any) -> MeasuredRun:
    """Return the line of the network that ships, measured here and now."""
    net, record = frozen.digits(), frozen.digits_record()
    error = float(net.error(digits.x_test).mean())
    knn = Baselines.knn(digits, net.encode)
    name = f"the one that ships, {record['epochs']} epochs"
    return MeasuredRun(name, net.code_size, error, 60 * record["minutes"], knn)


def reached(contender: Contender, target: float) -> dict[str, Any]:
    """Return after which epoch and how many seconds the error fell below the target, if it did."""
    for epoch, error in enumerate(contender.errors, start=1):
        if error < target:
            seconds: float | None = sum(contender.spent[:epoch])
            break
    else:
        epoch, error, seconds = None, min(contender.errors), None
    found = {"epoch": epoch, "error": error, "seconds": seconds}
    return {"method": contender.name, "target": target, **found}


def changes(digits: Any, epochs: int) -> dict[str, Any]:
    """Return what each choice brings."""
    entered = contenders(digits, Recipe(epochs=epochs))
    race(entered)
    rows = [
        {
            "change": each.name,
            "error": None if each.failed else each.errors[-1],
            "seconds": None if each.failed else each.seconds_an_epoch(),
            "failed": each.failed,
        }
        for each in entered
    ]
    return {"epochs": epochs, "rows": rows}


def device() -> str:
    """Return what the machine computes with, in words."""
    tf, _ = tensorflow()
    found = [
        tf.config.experimental.get_device_details(each).get("device_name", "a GPU")
        for each in tf.config.list_physical_devices("GPU")
    ]
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"{', '.join(found)} and {cores}" if found else f"{cores}, no GPU"


def main() -> None:
    """Run what is asked for, and write each part as soon as it is measured."""
    arguments = argparse.ArgumentParser(description="Measure the course's training on MNIST.")
    arguments.add_argument("--epochs", type=int, default=30, help="of the long run")
    arguments.add_argument("--budget", type=int, default=4, help="epochs for each change")
    arguments.add_argument(
        "--only", choices=("methods", "changes", "page"), help="leave out others"
    )
    arguments.add_argument("--record", type=Path, default=measured.RECORD, help="what is measured")
    arguments.add_argument("--to", type=Path, default=HERE.with_suffix(".md"), help="the page")
    given = arguments.parse_args()
    record = json.loads(given.record.read_text("utf-8")) if given.record.exists() else {}
    command = " ".join(["python -m benchmarks.training", *sys.argv[1:]])
    for name, measure, epochs in (
        ("methods", methods, given.epochs),
        ("changes", changes, given.budget),
    ):
        if given.only in (None, name):
            load = os.getloadavg()[0]
            part = measure(data.digits("mnist"), epochs)
            how = {"command": command, "load": load, "device": device()}
            record[name] = {**how, "products": faster_format(512, 784, 1000), **part}
            atomic_write.write_text(given.record, json.dumps(record, indent=1) + "\n")
    atomic_write.write_text(given.to, page(record))
    print(given.to.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
