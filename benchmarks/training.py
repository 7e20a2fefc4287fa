"""Measure the quality and the speed of the course's training: ``python -m benchmarks.training``.

It needs MNIST and some 40 minutes on two idle cores. The results go to
``course/assets/training.json`` and ``benchmarks/training.md``. All contenders of a part take turns
epoch by epoch, so that background load affects all of them. ``--only methods``, ``--only forms`` or
``--only changes`` measures one part and keeps the others; ``--only untrained`` measures the errors
of the baselines and of the network that ships, but no times; ``--only page`` only rewrites the
page.
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

from benchmarks.training_contenders import (
    Baselines,
    Contender,
    Copied,
    Ours,
    Sparse,
    cross_entropy,
    race,
)
from benchmarks.training_fitted import fitted
from benchmarks.training_page import SIZES, page
from course import atomic_write, data
from course.autoencoder import build_convolutional, build_variational, frozen, measured
from course.autoencoder.backend import tensorflow
from course.autoencoder.measured import MeasuredRun
from course.autoencoder.precision import faster_format
from course.autoencoder.recipe import Recipe

HERE = Path(__file__).resolve()
PAPER = "Hinton, Salakhutdinov 2006"
TARGET = 3.00


def contenders(digits: Any, recipe: Recipe) -> list[Contender]:
    """Return the recipe, then variants that each change one thing."""

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
        Ours("output that starts at gray, not at the mean image", digits, recipe, gray=True),
        Ours("layer normalization before each activation", digits, recipe, norm="layer"),
        Ours("batch normalization before each activation", digits, recipe, norm="batch"),
        *fitted(digits, recipe),
        changed("the recipe once more"),
    ]


def methods(digits: Any, epochs: int) -> dict[str, Any]:
    """Measure the methods, and when the paper's error is reached."""
    default = min(Recipe().epochs, epochs)
    lengths = sorted({min(2, epochs), min(4, epochs), default, epochs})
    by_length = {n: Ours(f"the course's, {n} epochs", digits, Recipe(epochs=n)) for n in lengths}
    ours = [*by_length.values()]
    copied = Copied(f"the copied recipe, {epochs} epochs", digits, epochs)
    race([copied, *ours])
    rows = [
        *Baselines(digits).rows(),
        MeasuredRun(f"PCA ({PAPER})", 30, 13.87, None, None),
        MeasuredRun(f"logistic PCA ({PAPER})", 30, 8.01, None, None),
        *(contender.row() for contender in (copied, *ours)),
        MeasuredRun(f"autoencoder ({PAPER})", 30, 3.00, None, None),
        shipped(digits),
    ]
    target = [reached(contender, TARGET) for contender in (copied, by_length[default])]
    return {"epochs": epochs, "rows": [row._asdict() for row in rows], "to_target": target}


def shipped(digits: Any) -> MeasuredRun:
    """Return the row of the network that ships; its error is measured, its time recorded."""
    net, record = frozen.digits(), frozen.digits_record()
    error = float(net.error(digits.x_test).mean())
    knn = Baselines.knn(digits, net.encode)
    name = f"the one that ships, {record['epochs']} epochs"
    cost = cross_entropy(digits.x_test, net.reconstruct(digits.x_test))
    return MeasuredRun(name, net.code_size, error, 60 * record["minutes"], knn, cost)


def forms(digits: Any, epochs: int) -> dict[str, Any]:
    """Measure other forms of autoencoder beside the course's network, with as many epochs each."""
    code, features = SIZES[-1], 1000
    recipe = Recipe(epochs=epochs)
    small = replace(recipe, batch=128, learning_rate=4e-3)  # of few weights, that share many places
    convolutional = Ours(
        f"convolutional, {epochs} epochs", digits, small, make=lambda: build_convolutional(code)
    )
    contenders = [
        Ours(f"the course's, {epochs} epochs", digits, recipe),
        Ours(
            f"variational, {epochs} epochs",
            digits,
            replace(recipe, loss="cross_entropy"),
            make=lambda: build_variational(*SIZES),
        ),
        convolutional,
        Sparse(f"sparse, {code} of {features:,} numbers", digits, features, epochs),
    ]
    race(contenders)
    return {
        "epochs": epochs,
        "rows": [contender.row()._asdict() for contender in contenders],
        "weights": convolutional.model.count_params(),
        "floor": cross_entropy(digits.x_test, digits.x_test),
    }


def reached(contender: Contender, target: float) -> dict[str, Any]:
    """Return the epoch and the seconds after which the error was below the target, if ever."""
    for epoch, error in enumerate(contender.errors, start=1):
        if error < target:
            seconds: float | None = sum(contender.spent[:epoch])
            break
    else:
        epoch, error, seconds = None, min(contender.errors), None
    result = {"epoch": epoch, "error": error, "seconds": seconds}
    return {"method": contender.name, "target": target, **result}


def changes(digits: Any, epochs: int) -> dict[str, Any]:
    """Measure the effect of each change of the recipe."""
    variants = contenders(digits, Recipe(epochs=epochs))
    race(variants)
    rows = [
        {
            "change": variant.name,
            "error": None if variant.failed else variant.errors[-1],
            "seconds": None if variant.failed else variant.seconds_per_epoch(),
            "failed": variant.failed,
        }
        for variant in variants
    ]
    return {"epochs": epochs, "rows": rows}


def device() -> str:
    """Describe the machine's GPUs and cores."""
    tf, _ = tensorflow()
    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", "a GPU")
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"{', '.join(gpus)} and {cores}" if gpus else f"{cores}, no GPU"


def main() -> None:
    """Measure the chosen parts, and write each as soon as it is complete."""
    parser = argparse.ArgumentParser(description="Measure the course's training on MNIST.")
    parser.add_argument("--epochs", type=int, default=30, help="of the long run")
    parser.add_argument("--budget", type=int, default=4, help="epochs for each form and change")
    parts = ("methods", "untrained", "forms", "changes", "page")
    parser.add_argument("--only", choices=parts, help="skip the others")
    parser.add_argument("--record", type=Path, default=measured.RECORD, help="the results")
    parser.add_argument("--to", type=Path, default=HERE.with_suffix(".md"), help="the page")
    arguments = parser.parse_args()
    record = json.loads(arguments.record.read_text("utf-8")) if arguments.record.exists() else {}
    command = " ".join(["python -m benchmarks.training", *sys.argv[1:]])
    for name, measure, epochs in (
        ("methods", methods, arguments.epochs),
        ("forms", forms, arguments.budget),
        ("changes", changes, arguments.budget),
    ):
        if arguments.only in (None, name):
            load = os.getloadavg()[0]
            part = measure(data.digits("mnist"), epochs)
            how = {"command": command, "load": load, "device": device(), "waiting_excluded": True}
            record[name] = {**how, "products": faster_format(512, 784, 1000), **part}
            atomic_write.write_text(arguments.record, json.dumps(record, indent=1) + "\n")
    if arguments.only == "untrained":
        digits = data.digits("mnist")
        rows = {row.method: row for row in (*Baselines(digits).rows(), shipped(digits))}
        for row in record["methods"]["rows"]:
            if row["method"] in rows:
                row.update(rows[row["method"]]._replace(seconds=row["seconds"])._asdict())
        atomic_write.write_text(arguments.record, json.dumps(record, indent=1) + "\n")
    atomic_write.write_text(arguments.to, page(record))
    print(arguments.to.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
