"""Precomputed networks and results that ship with the course, so that lessons work offline.

Example:
    >>> import numpy as np
    >>> from course import assets
    >>> coder = assets.face_autoencoder()
    >>> coder.encode(np.zeros((2, 784))).shape
    (2, 30)

``benchmarks/assets`` in the course's repository has the scripts that computed them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from course.arrays import Float32Array
from course.autoencoder.frozen import FrozenAutoencoder
from course.autoencoder.frozen_variational import FrozenVariational

_HERE: Final = Path(__file__).resolve().parent
CODE_SIZE_FACTS: Final = _HERE / "code_size.json"
CODE_SIZE_PICTURES: Final = _HERE / "code_size.png"
FACE_WEIGHTS: Final = _HERE / "face_autoencoder.npz"
VARIATIONAL_WEIGHTS: Final = _HERE / "digit_variational.npz"
VARIATIONAL_RECORD: Final = _HERE / "digit_variational.json"
VARIATIONAL_BETAS: Final = (0, 1, 4, 40)


@functools.cache
def face_autoencoder() -> FrozenAutoencoder:
    """Return the autoencoder for the drawn faces: 784-256-30-256-784, ReLU, linear code.

    It was trained on 10,000 other drawn faces, so it has never seen the faces of
    ``course.data.faces("drawn")``, neither training nor test.
    """
    with np.load(FACE_WEIGHTS, allow_pickle=False) as stored:
        # Eight bits per weight: a quarter of the size, and the images look the same.
        weights = [stored[f"weights_{i}"].astype(np.float32) for i in range(4)]
        kernels = tuple(matrix * stored[f"scale_{i}"] for i, matrix in enumerate(weights))
        biases = tuple(stored[f"biases_{i}"] for i in range(4))
    return FrozenAutoencoder(kernels, biases, hidden="relu", output="sigmoid")


@dataclass(frozen=True)
class CodeSizeFacts:
    """The content of ``code_size.png``, and the errors of the reconstructions.

    All errors are squared errors summed over the 784 pixels of an image.

    Attributes:
        sizes: The code sizes in increasing order: the columns of the picture.
        pca: PCA's error for each size, mean over the bundled test digits.
        autoencoder: The same for an autoencoder 784-256-size-256-784.
        mean_image: The error of always returning the mean training digit.
        names: The images ("a 0", ..., "a face"); each has two rows in the picture.
        pca_each: PCA's error for each image and size.
        autoencoder_each: The autoencoder's error for each image and size.
        pca_codes: PCA's code of each image, for each size.
        autoencoder_codes: The autoencoder's code of each image, for each size.
    """

    sizes: tuple[int, ...]
    pca: tuple[float, ...]
    autoencoder: tuple[float, ...]
    mean_image: float
    names: tuple[str, ...]
    pca_each: tuple[tuple[float, ...], ...]
    autoencoder_each: tuple[tuple[float, ...], ...]
    pca_codes: tuple[tuple[tuple[float, ...], ...], ...]
    autoencoder_codes: tuple[tuple[tuple[float, ...], ...], ...]

    def largest(self, method: str, size: int) -> float:
        """Return the largest absolute value in the codes of all images, at one size.

        Args:
            method: ``"pca"`` or ``"autoencoder"``.
            size: One of ``sizes``.
        """
        codes = self.pca_codes if method == "pca" else self.autoencoder_codes
        at = self.sizes.index(size)
        return max(abs(value) for image in codes for value in image[at])


@functools.cache
def code_size_facts() -> CodeSizeFacts:
    """Return the measured errors behind the code-size explorer.

    Example:
        >>> facts = code_size_facts()
        >>> facts.sizes[0], facts.sizes[-1]
        (1, 100)
    """
    stored = json.loads(CODE_SIZE_FACTS.read_text(encoding="utf-8"))
    return CodeSizeFacts(**{name: _as_tuples(value) for name, value in stored.items()})


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


@functools.cache
def code_size_pictures() -> Float32Array:
    """Return originals and reconstructions, ``(names, 2, 1 + sizes, 28, 28)``; 1 is white.

    The second axis is PCA, autoencoder; the first column is the original.
    """
    from PIL import Image

    with Image.open(CODE_SIZE_PICTURES) as picture:
        pixels: Float32Array = np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
    rows, columns = pixels.shape[0] // 56, pixels.shape[1] // 28
    return pixels.reshape(rows, 2, 28, columns, 28).transpose(0, 1, 3, 2, 4)


@functools.cache
def digit_variational(beta: float = 1) -> FrozenVariational:
    """Return a variational autoencoder for digits, 784-128-64-8-64-128-784.

    Example:
        >>> digit_variational().sample(3).shape
        (3, 784)

    ``benchmarks/assets/make_variational.py`` trained it on the 8,000 bundled training digits.

    Args:
        beta: The price of the divergence in its training: 1, 4 or 40.

    Raises:
        ValueError: No network was trained with this price.
    """
    if beta not in VARIATIONAL_BETAS[1:]:
        raise ValueError(f"beta must be 1, 4 or 40, as in the networks that ship; got {beta!r}.")
    *layers, (kernel, bias) = _variational_layers(beta)
    return FrozenVariational(_joined(layers), kernel, bias)


@functools.cache
def plain_digit_autoencoder() -> FrozenAutoencoder:
    """Return a plain autoencoder with the layers of `digit_variational`, trained like it.

    Example:
        >>> plain_digit_autoencoder().code_size
        8
    """
    return _joined(_variational_layers(0))


def _variational_layers(beta: float) -> list[tuple[Float32Array, Float32Array]]:
    with np.load(VARIATIONAL_WEIGHTS, allow_pickle=False) as stored:
        ends = sorted(name[7:] for name in stored if name.startswith(f"weights_{beta:g}_"))
        return [
            (
                stored[f"weights{end}"].astype(np.float32) * stored[f"scale{end}"],
                stored[f"biases{end}"],
            )
            for end in ends
        ]


def _joined(layers: list[tuple[Float32Array, Float32Array]]) -> FrozenAutoencoder:
    kernels, biases = zip(*layers, strict=True)
    return FrozenAutoencoder(kernels, biases)


@functools.cache
def digit_variational_record() -> Mapping[str, Any]:
    """Return the layers and epochs of `digit_variational`, and under ``"networks"`` its errors.

    Example:
        >>> sorted(digit_variational_record()["networks"])
        ['0', '1', '4', '40']

    For each price, ``"0"`` being the plain autoencoder: the squared ``"error"`` of copies, and in
    nats the mean ``"bound"`` (`course.autoencoder.bounds.Bill.total`) and ``"code_cost"``, all on
    the bundled test digits.
    """
    record: dict[str, Any] = json.loads(VARIATIONAL_RECORD.read_text(encoding="utf-8"))
    return MappingProxyType(record)
