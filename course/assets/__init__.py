"""What was computed once and ships with the course, so that lessons answer at once and offline.

Example:
    >>> import numpy as np
    >>> from course import assets
    >>> coder = assets.face_autoencoder()
    >>> coder.encode(np.zeros((2, 784))).shape
    (2, 30)

``make_intro.py`` beside this file made all of it and says how well it does.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float32]

_HERE: Final = Path(__file__).resolve().parent
CODE_SIZE_FACTS: Final = _HERE / "code_size.json"
CODE_SIZE_PICTURES: Final = _HERE / "code_size.png"
FACE_WEIGHTS: Final = _HERE / "face_autoencoder.npz"


@dataclass(frozen=True)
class SmallAutoencoder:
    """A trained autoencoder with one hidden layer on each side, in plain NumPy.

    Example:
        >>> coder = face_autoencoder()
        >>> coder.decode(coder.encode(np.zeros((2, 784)))).shape
        (2, 784)

    Attributes:
        weights: Four matrices: pixels to hidden, hidden to code, code to hidden, hidden to pixels.
        biases: What is added after each.
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return int(self.weights[1].shape[1])

    def encode(self, images: ArrayLike) -> FloatArray:
        """Return the codes, ``(n, code_size)`` real numbers, of images ``(n, 784)`` in [0, 1].

        Raises:
            ValueError: The images do not have that shape.
        """
        x = _rows(images, "images", int(self.weights[0].shape[0]))
        hidden = np.maximum(x @ self.weights[0] + self.biases[0], 0)
        codes: FloatArray = hidden @ self.weights[1] + self.biases[1]
        return codes

    def decode(self, codes: ArrayLike) -> FloatArray:
        """Return the images, ``(n, 784)`` in [0, 1], that codes ``(n, code_size)`` stand for.

        Raises:
            ValueError: The codes do not have that shape.
        """
        z = _rows(codes, "codes", self.code_size)
        hidden = np.maximum(z @ self.weights[2] + self.biases[2], 0)
        return _sigmoid(hidden @ self.weights[3] + self.biases[3])


@functools.cache
def face_autoencoder() -> SmallAutoencoder:
    """Return the autoencoder for the drawn faces: 784-256-30-256-784, ReLU, linear code.

    It was trained on 10,000 faces drawn for it alone, so the faces of
    ``course.data.faces("drawn")``, training and test, are all new to it.
    """
    with np.load(FACE_WEIGHTS, allow_pickle=False) as stored:
        layers = range(4)
        # Eight bits a weight are enough: a quarter of the size, the same pictures.
        weights = tuple(
            stored[f"weights_{i}"].astype(np.float32) * stored[f"scale_{i}"] for i in layers
        )
        biases = tuple(stored[f"biases_{i}"] for i in layers)
    return SmallAutoencoder(weights, biases)


@dataclass(frozen=True)
class CodeSizeFacts:
    """What the pictures of ``code_size.png`` show, and how good the copies are.

    All errors are squared errors summed over the 784 pixels of an image.

    Attributes:
        sizes: The code sizes, rising: the columns of the picture.
        pca: PCA's error for each size, mean over the bundled test digits.
        autoencoder: The same for an autoencoder 784-256-size-256-784.
        mean_image: The error of always answering with the mean training digit.
        names: What each image is ("a 0", ..., "a face"): the rows of the picture, two a name.
        pca_each: PCA's error for each image and size.
        autoencoder_each: The autoencoder's error for each image and size.
    """

    sizes: tuple[int, ...]
    pca: tuple[float, ...]
    autoencoder: tuple[float, ...]
    mean_image: float
    names: tuple[str, ...]
    pca_each: tuple[tuple[float, ...], ...]
    autoencoder_each: tuple[tuple[float, ...], ...]


@functools.cache
def code_size_facts() -> CodeSizeFacts:
    """Return the measured errors behind the code-size explorer.

    Example:
        >>> facts = code_size_facts()
        >>> facts.sizes[0], facts.sizes[-1]
        (1, 100)
    """
    stored = json.loads(CODE_SIZE_FACTS.read_text(encoding="utf-8"))
    return CodeSizeFacts(
        sizes=tuple(stored["sizes"]),
        pca=tuple(stored["pca"]),
        autoencoder=tuple(stored["autoencoder"]),
        mean_image=stored["mean_image"],
        names=tuple(stored["names"]),
        pca_each=tuple(map(tuple, stored["pca_each"])),
        autoencoder_each=tuple(map(tuple, stored["autoencoder_each"])),
    )


@functools.cache
def code_size_pictures() -> FloatArray:
    """Return the originals and copies, ``(names, 2, 1 + sizes, 28, 28)``, as they look: 1 is white.

    The second axis is PCA, autoencoder; the first column is the original itself.
    """
    from PIL import Image

    with Image.open(CODE_SIZE_PICTURES) as picture:
        pixels: FloatArray = np.asarray(picture.convert("L"), dtype=np.float32) / np.float32(255)
    rows, columns = pixels.shape[0] // 56, pixels.shape[1] // 28
    return pixels.reshape(rows, 2, 28, columns, 28).transpose(0, 1, 3, 2, 4)


def _rows(values: ArrayLike, name: str, width: int) -> FloatArray:
    array = np.asarray(values, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != width:
        raise ValueError(
            f"{name}: shape {array.shape}; (n, {width}) is right, "
            f"one row each. For a single one: {name}[None]"
        )
    return array


def _sigmoid(x: FloatArray) -> FloatArray:
    squashed: FloatArray = (1 / (1 + np.exp(-np.clip(x, -60, 60)))).astype(np.float32)
    return squashed
