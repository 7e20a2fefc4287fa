"""Train every network of lesson 4's network explorer and store the test errors.

Run as ``python -m benchmarks.assets.make_architecture_grid``. It takes half an hour on one core and
writes ``course/widgets/architecture_grid.json``. Every network learns from the digits that come
with the course, by `course.autoencoder.train` with its defaults, but smaller batches: with 128
images each, 8,000 digits give 63 steps per epoch.
"""

from __future__ import annotations

import json
from typing import Final

from course import atomic_write, autoencoder, baselines, data, metrics
from course.autoencoder.backend import tensorflow
from course.data import Dataset
from course.widgets import architecture_grid as grid

EPOCHS: Final = 20
BATCH: Final = 128


def network_error(choice: tuple[int, int, int], digits: Dataset, epochs: int = EPOCHS) -> float:
    """Return a network's test error: squared error summed over pixels, mean over images."""
    _, keras = tensorflow()
    keras.utils.set_random_seed(0)
    widths = grid.sizes(*choice)
    model = autoencoder.build(*widths[: len(widths) // 2 + 1])
    autoencoder.train(model, digits.x_train, epochs=epochs, batch=BATCH, live=False)
    copies = model.predict(digits.x_test, verbose=0)
    keras.backend.clear_session()
    return round(metrics.squared_error(digits.x_test, copies), 2)


def pca_error(code: int, digits: Dataset) -> float:
    """Return the test error of PCA with a code of this size, in the same unit."""
    pca = baselines.PCA(code).fit(digits.x_train)
    return round(metrics.squared_error(digits.x_test, pca.reconstruct(digits.x_test)), 2)


def main() -> None:
    """Train and measure all networks, and write the results."""
    tf, _ = tensorflow()
    tf.config.threading.set_intra_op_parallelism_threads(1)  # small matrices: threads would wait
    tf.config.threading.set_inter_op_parallelism_threads(1)
    digits = data.digits("bundled")
    networks = []
    for choice in sorted(grid.networks(), key=lambda choice: sum(grid.sizes(*choice))):
        networks.append([*choice, network_error(choice, digits)])
        print(*networks[-1], flush=True)
    results = {
        "images": len(digits.x_train),
        "test_images": len(digits.x_test),
        "epochs": EPOCHS,
        "networks": networks,
        "pca": {str(code): pca_error(code, digits) for code in grid.CODE},
    }
    atomic_write.write_text(grid.FILE, json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
