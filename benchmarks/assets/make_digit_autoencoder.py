"""Train the digit autoencoder that ships: ``python -m benchmarks.assets.make_digit_autoencoder``.

It needs MNIST and an hour or more on two cores. It uses the defaults of
`course.autoencoder.train`: 784-1000-500-250-30 and its mirror, GELU, squared error, shifts by up to
one pixel, the running average of the weights. It trains only on MNIST's 60,000 training images; the
test images are measured once, at the end. The learning rate is planned for 400 epochs, and training
stops after 340 (``--stop-after``): by then the averaged weights hardly change.

It writes ``digit_autoencoder.npz``, the weights in 16 bits each, and ``digit_autoencoder.json``,
the settings, the time and the errors of that file, to ``course/assets``. Training is seeded, but
machines add numbers in different orders, so another run gives almost, not exactly, these numbers.
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


def main(argv: Sequence[str] | None = None) -> None:
    """Train, measure and write; after Ctrl+C, write the weights so far."""
    arguments = argparse.ArgumentParser(description="Train the digit autoencoder that ships.")
    arguments.add_argument(
        "--folder", type=Path, default=frozen.DIGITS.parent, help="output folder"
    )
    arguments.add_argument(
        "--stop-after", type=int, default=STOP_AFTER, help=f"epochs, of {RECIPE.epochs} planned"
    )
    args = arguments.parse_args(argv)
    epochs = min(args.stop_after, RECIPE.epochs)
    digits, model = data.digits("mnist"), build(*SIZES)
    run = TrainingRun(RECIPE, model, digits.x_train)
    with (
        deferred_interrupt() as stopped,
        Display(epochs, run.steps_per_epoch, shown=True) as display,
        run,
    ):
        for _ in range(epochs):
            run.epoch(display, stopped)
    write(args.folder, extract(model), run.history, digits)


def write(folder: Path, weights: StoredAutoencoder, history: History, digits: data.Dataset) -> None:
    """Write the weights, and a record of the training and its errors."""
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
