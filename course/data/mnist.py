"""MNIST: 70,000 handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0).

Example:
    >>> read(Path("mnist.npz").read_bytes())  # doctest: +SKIP
    digits: 60,000 to train on, 10,000 to test on; 28 x 28 pixels; 10 labels.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from course.arrays import Float32Array
from course.data.dataset import Dataset
from course.data.validation import check_content, read_npz

URL: Final = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"

# Shapes, and SHA-256 digests of the four unpacked IDX files as MNIST's home page published them.
_ORIGINAL: Final = {
    "x_train": (
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "y_train": ((60_000,), "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
    "x_test": (
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "y_test": ((10_000,), "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
}
_MAX_UNPACKED_BYTES: Final = 60_000_000  # pixels and labels have 54.9 MB


def read(content: bytes) -> Dataset:
    """Read MNIST from the bytes of Keras's ``mnist.npz``; raise DataError if it is anything else.

    Example:
        >>> read(b"half a fi")
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: not a readable .npz file
    """
    fields = {name: (shape, "u") for name, (shape, _) in _ORIGINAL.items()}
    arrays = read_npz(content, fields, max_bytes=_MAX_UNPACKED_BYTES)
    for name, (_, sha256) in _ORIGINAL.items():
        check_content(name, _as_idx(arrays[name].astype(np.uint8)), sha256)
    return as_dataset(arrays, "mnist", "MNIST")


def as_dataset(arrays: Mapping[str, NDArray[np.uint8]], source: str, note: str) -> Dataset:
    """Return pixels of 0 to 255, ``x_train`` and ``x_test``, and their labels as a Dataset."""
    return Dataset(
        name="digits",
        x_train=_intensities(arrays["x_train"]),
        y_train=arrays["y_train"].astype(np.int64),
        x_test=_intensities(arrays["x_test"]),
        y_test=arrays["y_test"].astype(np.int64),
        labels=tuple("0123456789"),
        source=source,
        note=note,
    )


def _as_idx(array: NDArray[np.uint8]) -> list[bytes]:
    """Return an IDX file's header (0, 0, 8 for uint8, dimensions, big-endian sizes) and data."""
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return [header, array.tobytes()]


def _intensities(pixels: NDArray[np.uint8]) -> Float32Array:
    images = pixels.reshape(len(pixels), -1).astype(np.float32)
    images /= 255  # in place: a second copy of the training set would be 188 MB
    return images
