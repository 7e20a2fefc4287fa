"""How the numbers of the network explorer were measured, and how to measure them again.

Example:
    >>> sizes(first=256, second=0, code=30)
    [784, 256, 30, 256, 784]

``python -m course.widgets.architecture_grid`` trains every network of the explorer on MNIST,
which takes an hour on one core, and writes ``architecture_grid.json`` beside this file.
"""

from __future__ import annotations

import json
from itertools import pairwise, product
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from course import atomic_write, backprop

FIRST: Final = (0, 64, 256, 1000)
SECOND: Final = (0, 32, 128)
CODE: Final = (2, 10, 30)
"""Units of each layer in the explorer; 0 leaves a layer out."""

IMAGES: Final = 20_000
EPOCHS: Final = 20

_FILE: Final = Path(__file__).with_name("architecture_grid.json")


def sizes(first: int, second: int, code: int) -> list[int]:
    """Return the widths of all layers of the network and its mirror image."""
    down = [784, *(width for width in (first, second) if width)]
    return [*down, code, *reversed(down)]


def networks() -> list[tuple[int, int, int]]:
    """Return every choice of the explorer: there is no second layer without a first."""
    return [pick for pick in product(FIRST, SECOND, CODE) if pick[0] or not pick[1]]


def measure(
    widths: list[int], train: NDArray[np.float32], test: NDArray[np.float32], epochs: int = EPOCHS
) -> float:
    """Return the test error of a network: squared error summed over pixels, mean over images."""
    rng = np.random.default_rng(0)
    start = backprop.build(widths, rng, np.float32)
    end = backprop.train(start, train, rng, epochs=epochs, rate=0.002, kind="squared")
    return round(backprop.loss(end, test), 2)


def principal_components(code: int, train: NDArray[np.float32], test: NDArray[np.float32]) -> float:
    """Return the test error of PCA with a code of this size, in the same unit."""
    mean = train.mean(axis=0)
    covariance = (train - mean).T @ (train - mean)
    axes = np.linalg.eigh(covariance)[1][:, -code:]
    left_over = (test - mean) - (test - mean) @ axes @ axes.T
    return round(float((left_over**2).sum(axis=1).mean()), 2)


def load() -> dict[str, Any]:
    """Return what was measured; each of ``"networks"`` is ``[first, second, code, error]``."""
    grid: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return grid


def by_depth(code: int) -> dict[str, list[tuple[int, float]]]:
    """Return pairs of parameters and test error for all networks with this code, by depth."""
    found: dict[str, list[tuple[int, float]]] = {}
    for first, second, units, error in load()["networks"]:
        if units == code:
            chain = pairwise(sizes(first, second, code))
            parameters = sum((a + 1) * b for a, b in chain)
            name = "one layer a side" if first else "no hidden layer"
            if second:
                name = f"two layers a side, the second of {second}"
            found.setdefault(name, []).append((parameters, error))
    return found


def main() -> None:
    """Measure everything and write it down."""
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    from course import data

    digits = data.digits("mnist")
    train, test = digits.x_train[:IMAGES], digits.x_test
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        grid = {
            "images": IMAGES,
            "epochs": EPOCHS,
            "networks": [
                [*pick, measure(sizes(*pick), train, test)]
                for pick in tqdm(sorted(networks(), key=lambda pick: sum(sizes(*pick))))
            ],
            "pca": {str(code): principal_components(code, train, test) for code in CODE},
        }
    atomic_write.write_text(_FILE, json.dumps(grid, indent=1) + "\n")


if __name__ == "__main__":
    main()
