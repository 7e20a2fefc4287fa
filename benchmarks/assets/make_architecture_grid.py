"""Train every network of lesson 4's network explorer on MNIST and store the test errors.

Run as ``python -m benchmarks.assets.make_architecture_grid``. It takes an hour on one core and
writes ``course/widgets/architecture_grid.json``.
"""

from __future__ import annotations

import json
from typing import Final

import numpy as np

from course import atomic_write, backprop
from course.arrays import Float32Array
from course.widgets import architecture_grid as grid

IMAGES: Final = 20_000
EPOCHS: Final = 20


def network_error(
    widths: list[int], train: Float32Array, test: Float32Array, epochs: int = EPOCHS
) -> float:
    """Return a network's test error: squared error summed over pixels, mean over images."""
    rng = np.random.default_rng(0)
    layers = backprop.build(widths, rng, np.float32)
    layers = backprop.train(layers, train, rng, epochs=epochs, rate=0.002, kind="squared")
    return round(backprop.loss(layers, test), 2)


def pca_error(code: int, train: Float32Array, test: Float32Array) -> float:
    """Return the test error of PCA with a code of this size, in the same unit."""
    mean = train.mean(axis=0)
    covariance = (train - mean).T @ (train - mean)
    axes = np.linalg.eigh(covariance)[1][:, -code:]
    residual = (test - mean) - (test - mean) @ axes @ axes.T
    return round(float((residual**2).sum(axis=1).mean()), 2)


def main() -> None:
    """Train and measure all networks, and write the results."""
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    from course import data

    digits = data.digits("mnist")
    train, test = digits.x_train[:IMAGES], digits.x_test
    with threadpool_limits(1):  # the matrices are small: threads would wait for each other
        results = {
            "images": IMAGES,
            "epochs": EPOCHS,
            "networks": [
                [*choice, network_error(grid.sizes(*choice), train, test)]
                for choice in tqdm(sorted(grid.networks(), key=lambda c: sum(grid.sizes(*c))))
            ],
            "pca": {str(code): pca_error(code, train, test) for code in grid.CODE},
        }
    atomic_write.write_text(grid.FILE, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
