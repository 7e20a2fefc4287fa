"""Train the digit autoencoder that ships: ``python -m course.assets.make_digit_autoencoder``.

It takes some 40 minutes on two free cores and needs MNIST. It is `course.autoencoder.train`
with its usual settings and 400 epochs: 784-1000-500-250-30 and its mirror, GELU, squared error,
each batch moved by up to one pixel, the running average of the weights. Only MNIST's 60,000
training images are learned from; the test images are measured once, at the end. The file that
ships was stopped after 340 epochs, when the average of the weights had come to rest.

Beside this file it writes ``digit_autoencoder.npz``, the weights in 16 bits each, and
``digit_autoencoder.json``: how it was trained, and the errors of just that file. Training is
seeded, but sums are added in another order on another machine, so another run gives nearly,
not exactly, these numbers.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

from course import data
from course.autoencoder import build, frozen
from course.autoencoder.archive import Stored, write_archive
from course.autoencoder.display import Display
from course.autoencoder.files import stored
from course.autoencoder.recipe import Recipe
from course.autoencoder.run import Run

SIZES: Final = (784, 1000, 500, 250, 30)
RECIPE: Final = Recipe(epochs=400)


def main() -> None:
    """Train, measure, write; a stop (Ctrl+C) writes what there is then."""
    arguments = argparse.ArgumentParser(description="Train the digit autoencoder that ships.")
    arguments.add_argument("--folder", type=Path, default=frozen.DIGITS.parent, help="where to")
    folder = arguments.parse_args().folder
    digits = data.digits("mnist")
    model = build(*SIZES)
    run = Run(RECIPE, model, digits.x_train)
    with Display(RECIPE.epochs, run.steps_an_epoch, shown=True) as display, run:
        for _ in range(RECIPE.epochs):
            run.epoch(display)
    done = len(run.history.loss)
    write(folder, stored(model), epochs=done, seconds=run.history.seconds[-1] if done else 0.0)


def write(folder: Path, weights: Stored, *, epochs: int, seconds: float) -> None:
    """Write the weights, and beside them how they came about and how good they are."""
    path = folder / frozen.DIGITS.name
    write_archive(path, weights, half=True)
    net, digits = frozen.read(path), data.digits("mnist")
    record = {
        "data": "MNIST",
        "sizes": SIZES,
        "epochs": epochs,
        "epochs_planned": RECIPE.epochs,
        "batch": RECIPE.batch,
        "learning_rate": RECIPE.learning_rate,
        "shift": RECIPE.shift,
        "minutes": round(seconds / 60, 1),
        "train_error": round(float(net.error(digits.x_train).mean()), 3),
        "test_error": round(float(net.error(digits.x_test).mean()), 3),
    }
    beside = path.with_suffix(".json.new")
    beside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    beside.replace(path.with_suffix(".json"))
    print(json.dumps(record))  # noqa: T201  (what the command has to say)


if __name__ == "__main__":
    main()
