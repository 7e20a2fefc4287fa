"""What the page that trains an autoencoder needs: digits, and errors to compare with.

Example:
    >>> digits = chosen_digits()
    >>> digits.x_train.shape, digits.x_test.shape
    ((4000, 784), (500, 784))
"""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from course import baselines, data, metrics
from course.arrays import Float32Array
from course.figures.style import class_style

TRAINING: Final = 4_000
TESTS: Final = 500


@functools.cache
def chosen_digits() -> data.Dataset:
    """Return the digits of the page: the first of those that come with the course."""
    digits = data.digits("bundled")
    return dataclasses.replace(
        digits,
        x_train=digits.x_train[:TRAINING],
        y_train=digits.y_train[:TRAINING],
        x_test=digits.x_test[:TESTS],
        y_test=digits.y_test[:TESTS],
    )


def write(folder: Path) -> None:
    """Write ``digits.npz``, about 0.7 MB, and ``facts.json`` into a new folder."""
    folder.mkdir(parents=True)
    digits = chosen_digits()
    np.savez_compressed(
        folder / "digits.npz",
        x_train=_to_bytes(digits.x_train),
        x_test=_to_bytes(digits.x_test),
        y_test=digits.y_test.astype(np.uint8),
    )
    (folder / "facts.json").write_text(json.dumps(facts()), encoding="utf-8")


def facts() -> dict[str, Any]:
    """Return errors of simple methods on the test digits, one example of each digit, and markers.

    Example:
        >>> 40 < facts()["pca"] < facts()["mean_image"] < 60
        True
    """
    digits = chosen_digits()
    errors = {}
    for name, model in {"pca": baselines.PCA(2), "mean_image": baselines.MeanImage()}.items():
        copies = model.fit(digits.x_train).reconstruct(digits.x_test)
        errors[name] = round(metrics.squared_error(digits.x_test, copies), 2)
    return errors | {
        "labels": digits.y_test.tolist(),
        "examples": [int(np.argmax(digits.y_test == digit)) for digit in range(10)],
        "styles": [class_style(digit) for digit in range(10)],
    }


def _to_bytes(images: Float32Array) -> NDArray[np.uint8]:
    return np.rint(255 * images).astype(np.uint8)
