"""A trained autoencoder in plain NumPy: it answers at once, without TensorFlow.

Example:
    >>> from course.autoencoder import frozen
    >>> net = frozen.digits()
    >>> net.sizes
    (784, 1000, 500, 250, 30, 250, 500, 1000, 784)

A file holds ``kernel_0``, ``bias_0``, ``kernel_1`` ... in the order of the layers, in NumPy's
own format, without pickle. The hidden layers are GELU in its tanh form (D. Hendrycks and
K. Gimpel 2016, https://arxiv.org/abs/1606.08415), the code is linear, the output logistic,
unless the file says otherwise.
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
from numpy.typing import ArrayLike, NDArray

from course.autoencoder.archive import read_archive
from course.autoencoder.checks import finite_rows

FloatArray = NDArray[np.float32]

DIGITS: Final = Path(__file__).resolve().parents[1] / "assets" / "digit_autoencoder.npz"
_AT_ONCE: Final = 1024  # rows: the widest layer then needs some 4 MB


@dataclass(frozen=True)
class FrozenAutoencoder:
    """A trained autoencoder that cannot learn any more.

    Example:
        >>> import numpy as np
        >>> net = digits()
        >>> net.decode(net.encode(np.zeros((2, 784)))).shape
        (2, 784)

    Attributes:
        kernels: The matrices, ``(inputs, outputs)`` each, from the pixels to the copy.
        biases: What is added after each.
        hidden: What the hidden layers do: ``"gelu"``, ``"relu"``, ``"tanh"``, ``"sigmoid"`` or
            ``"linear"``.
        output: What the last layer does: ``"sigmoid"``, ``"linear"`` or ``"softmax"``.
    """

    kernels: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    hidden: str = "gelu"
    output: str = "sigmoid"

    @property
    def sizes(self) -> tuple[int, ...]:
        """The width of every layer, from the input to the copy."""
        return (len(self.kernels[0]), *(len(bias) for bias in self.biases))

    @property
    def code_size(self) -> int:
        """How many numbers a code has."""
        return self.sizes[len(self.kernels) // 2]

    @property
    def parameters(self) -> int:
        """How many numbers the network learned."""
        return sum(array.size for array in (*self.kernels, *self.biases))

    def encode(self, x: ArrayLike) -> FloatArray:
        """Turn examples into codes.

        Args:
            x: ``(n, d)``; for the digits d is 784, values in [0, 1].

        Returns:
            ``(n, code_size)`` real numbers.

        Raises:
            ValueError: ``x`` has another shape, or holds no finite numbers.
        """
        return self._through(finite_rows("encode(x)", x, self.sizes[0]), encoding=True)

    def decode(self, code: ArrayLike) -> FloatArray:
        """Turn codes into examples.

        Args:
            code: ``(n, code_size)``.

        Returns:
            ``(n, d)``; for the digits in [0, 1].

        Raises:
            ValueError: ``code`` has another shape, or holds no finite numbers.
        """
        return self._through(finite_rows("decode(code)", code, self.code_size), encoding=False)

    def reconstruct(self, x: ArrayLike) -> FloatArray:
        """There and back: ``decode(encode(x))``."""
        return self.decode(self.encode(x))

    def error(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the squared error of each example, summed over its numbers, ``(n,)``.

        Example:
            >>> import numpy as np
            >>> digits().error(np.zeros((3, 784))).shape
            (3,)

        A large error says: this network has not learned from the like.

        Raises:
            ValueError: As for `encode`.
        """
        original = finite_rows("error(x)", x, self.sizes[0])
        squares = np.square(original - self.reconstruct(original))
        errors: NDArray[np.float64] = squares.sum(1, dtype=np.float64)
        return errors

    def __repr__(self) -> str:
        """The widths of the layers."""
        return f"FrozenAutoencoder({'-'.join(map(str, self.sizes))}, {self.hidden}, {self.output})"

    def _through(self, x: FloatArray, *, encoding: bool) -> FloatArray:
        middle = len(self.kernels) // 2
        last = len(self.kernels) - 1
        layers = range(middle) if encoding else range(middle, last + 1)
        out = np.empty((len(x), self.sizes[layers[-1] + 1]), np.float32)
        for start in range(0, len(x), _AT_ONCE):
            values = x[start : start + _AT_ONCE]
            for i in layers:
                kind = self.output if i == last else "linear" if i == middle - 1 else self.hidden
                values = activate(kind, values @ self.kernels[i] + self.biases[i])
            out[start : start + _AT_ONCE] = values
        return out


def activate(kind: str, x: FloatArray) -> FloatArray:
    """Apply an activation to each number (softmax: to each row).

    Example:
        >>> activate("relu", np.array([-1.0, 2.0], np.float32)).tolist()
        [0.0, 2.0]

    Raises:
        ValueError: There is no activation of that name.
    """
    half = np.float32(0.5)
    if kind == "gelu":
        curve = np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x * x * x))
        result = half * x * (1 + curve)
    elif kind == "relu":
        result = np.maximum(x, 0)
    elif kind == "tanh":
        result = np.tanh(x)
    elif kind == "sigmoid":
        result = half * (1 + np.tanh(half * x))  # exp would overflow
    elif kind == "softmax":
        grown = np.exp(x - x.max(1, keepdims=True))
        result = grown / grown.sum(1, keepdims=True)
    elif kind == "linear":
        result = x
    else:
        raise ValueError(f"kind={kind!r}: there is no such activation")
    activated: FloatArray = result.astype(np.float32, copy=False)
    return activated


@functools.cache
def digits() -> FrozenAutoencoder:
    """Return the course's own autoencoder for digits, 784-1000-500-250-30, trained on MNIST.

    Example:
        >>> digits().code_size
        30

    ``benchmarks/assets/make_digit_autoencoder.py`` made it and says how well it does.
    """
    return read(DIGITS)


@functools.cache
def digits_record() -> Mapping[str, Any]:
    """Return how the network of `digits` was trained, and how good it is.

    Example:
        >>> digits_record()["data"]
        'MNIST'

    Returns:
        Among others ``"epochs"``, ``"minutes"`` that it took, ``"shift"`` (pixels that the training
        images were moved by at most), ``"train_error"`` and ``"test_error"``: squared error summed
        over the 784 pixels, mean over MNIST's 60,000 training and 10,000 test images.
    """
    record: dict[str, Any] = json.loads(DIGITS.with_suffix(".json").read_text(encoding="utf-8"))
    return MappingProxyType(record)


def read(path: str | Path) -> FrozenAutoencoder:
    """Read an autoencoder that `course.autoencoder.save` wrote, or the course's own.

    Example:
        >>> read(DIGITS).parameters
        2837314

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no autoencoder; the message says what is wrong in it.
    """
    stored = read_archive(path)
    for array in (*stored.kernels, *stored.biases):
        array.flags.writeable = False  # every caller shares them
    return FrozenAutoencoder(stored.kernels, stored.biases, stored.hidden, stored.output)
