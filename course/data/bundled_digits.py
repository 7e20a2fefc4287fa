"""The digits that come with the course: the first 10,000 of MNIST's 60,000 training images.

Example:
    >>> load().x_train.shape
    (8000, 784)

MNIST is by Y. LeCun, C. Cortes and C. J. C. Burges, CC BY-SA 3.0.
``benchmarks/assets/make_bundled_digits.py`` in the course's repository made the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from course.data import mnist
from course.data.dataset import Dataset
from course.data.validation import check_content, read_npz

FILE: Final = Path(__file__).with_name("bundled_digits.npz")
# Shapes, and SHA-256 digests of the arrays' bytes.
_ORIGINAL: Final = {
    "x_train": ((8_000, 784), "ce6f0c8fb029e567401aaaaed31dc17778192528b02aa57c6657d43d325cec03"),
    "y_train": ((8_000,), "db2b2d6131685520b2e8022b88eec436b8516beeee66800f9d827a7363b932bf"),
    "x_test": ((2_000, 784), "3b99a2d8b140a46925ba554c67f4c2ed042dc388c357303dbb44a65021f671d7"),
    "y_test": ((2_000,), "fa0763c90ec24f259ec5ef3e78a1a02f4e8a2cb578a14e4e747c59b3e5fe936d"),
}
_MAX_UNPACKED_BYTES: Final = 8_000_000


def load() -> Dataset:
    """Load the digits: 8,000 to train on, 2,000 to test on."""
    fields = {name: (shape, "u") for name, (shape, _) in _ORIGINAL.items()}
    arrays = read_npz(FILE.read_bytes(), fields, max_bytes=_MAX_UNPACKED_BYTES)
    for name, (_, sha256) in _ORIGINAL.items():
        check_content(name, [arrays[name].tobytes()], sha256)
    return mnist.as_dataset(arrays, "bundled", "10,000 digits of MNIST, which come with the course")
