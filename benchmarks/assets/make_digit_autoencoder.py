"""Train the digit autoencoder that ships: ``python -m benchmarks.assets.make_digit_autoencoder``.

It needs MNIST and an hour or more on two cores; how long it took stands in the record. It is
`course.autoencoder.train` with its usual settings: 784-1000-500-250-30 and its mirror, GELU,
squared error, each batch moved by up to one pixel, the running average of the weights. Only MNIST's
60,000 training images are learned from; the test images are measured once, at the end. The
learning rate is planned for 400 epochs, and 340 are learned (``--stop-after``): by then it is so
small that the average of the weights has come to rest.

Beside this file it writes ``digit_autoencoder.npz``, the weights in 16 bits each, and
``digit_autoencoder.json``: how it was trained, and the errors of just that file. Training is
seeded, but sums are added in another order on another machine, so another run gives nearly,
not exactly, these numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from course import atomic_write, data
from course.autoencoder import build, frozen
from course.autoencoder.archive import StoredAutoencoder, write_archive
from course.autoencoder.display import Display
from course.autoencoder.files import extract
from course.autoencoder.history import History
from course.autoencoder.interrupts import deferred_interrupt
from course.autoencoder.recipe import Recipe
from course.autoencoder.training_run import TrainingRun

SIZES: Final = (784, 1000, 500, 250, 30)
RECIPE: Final = Recipe(epochs=400, learning_rate=2e-3)


STOP_AFTER: Final = 340


def main(given: Sequence[str] | None = None) -> None:
    """Train, measure, write; a stop (Ctrl+C) writes what there is then."""
    arguments = argparse.ArgumentParser(description="Train the digit autoencoder that ships.")
    arguments.add_argument("--folder", type=Path, default=frozen.DIGITS.parent, help="where to")
    arguments.add_argument(
        "--stop-after", type=int, default=STOP_AFTER, help=f"epochs, of {RECIPE.epochs} planned"
    )
    asked = arguments.parse_args(given)
    epochs = min(asked.stop_after, RECIPE.epochs)
    digits, model = data.digits("mnist"), build(*SIZES)
    run = TrainingRun(RECIPE, model, digits.x_train)
    with (
        deferred_interrupt() as stopped,
        Display(epochs, run.steps_per_epoch, shown=True) as display,
        run,
    ):
        for _ in range(epochs):
            run.epoch(display, stopped)
    write(asked.folder, extract(model), run.history, digits)


def write(folder: Path, weights: StoredAutoencoder, history: History, digits: data.Dataset) -> None:
    """Write the weights, and beside them how they came about and how good they are."""
    path = folder / frozen.DIGITS.name
    write_archive(path, weights, half=True)
    net = frozen.read(path)
    record = {
        "data": "MNIST",
        "sizes": SIZES,
        "epochs": round(history.epochs, 2) if history.part else len(history.loss),
        "epochs_planned": RECIPE.epochs,
        "batch": RECIPE.batch,
        "learning_rate": RECIPE.learning_rate,
        "shift": RECIPE.shift,
        "minutes": round(history.total_seconds / 60, 1),
        "train_error": round(float(net.error(digits.x_train).mean()), 3),
        "test_error": round(float(net.error(digits.x_test).mean()), 3),
    }
    atomic_write.write_text(path.with_suffix(".json"), json.dumps(record, indent=2) + "\n")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
