"""Run trained autoencoders in plain NumPy, without loading TensorFlow.

Example:
    >>> from course.autoencoder import frozen
    >>> net = frozen.digits()
    >>> net.sizes
    (784, 1000, 500, 250, 30, 250, 500, 1000, 784)

Unless the file says otherwise, hidden layers use GELU in its tanh form (D. Hendrycks and K. Gimpel
2016, https://arxiv.org/abs/1606.08415), and the output is a sigmoid; the code is linear.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import Float32Array, Float64Array, float32_matrix, sigmoid
from course.autoencoder.archive import StoredAutoencoder, read_archive

DIGITS: Final = Path(__file__).resolve().parents[1] / "assets" / "digit_autoencoder.npz"
_CHUNK: Final = 1024  # rows at a time; the widest layer then needs about 4 MB


class FrozenAutoencoder(StoredAutoencoder):
    """A trained autoencoder whose weights are fixed.

    Example:
        >>> import numpy as np
        >>> net = digits()
        >>> net.decode(net.encode(np.zeros((2, 784)))).shape
        (2, 784)

    Its attributes ``kernels``, ``biases``, ``hidden`` and ``output`` are those of the file.
    """

    @property
    def sizes(self) -> tuple[int, ...]:
        """The width of every layer, from the input to the reconstruction."""
        return (len(self.kernels[0]), *(len(bias) for bias in self.biases))

    @property
    def code_size(self) -> int:
        """Number of values in a code."""
        return self.sizes[len(self.kernels) // 2]

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(array.size for array in (*self.kernels, *self.biases))

    def encode(self, x: ArrayLike) -> Float32Array:
        """Turn examples ``(n, d)`` into codes ``(n, code_size)``, any real numbers.

        For the digits, d is 784 and values lie in [0, 1].

        Raises:
            ValueError: ``x`` has another shape, or isn't finite numbers.
        """
        values = float32_matrix("x", x, self.sizes[0], min_rows=0)
        return self._apply_layers(values, range(len(self.kernels) // 2))

    def decode(self, code: ArrayLike) -> Float32Array:
        """Turn codes ``(n, code_size)`` into examples ``(n, d)``; for the digits in [0, 1].

        Raises:
            ValueError: ``code`` has another shape, or isn't finite numbers.
        """
        values = float32_matrix("code", code, self.code_size, min_rows=0)
        return self._apply_layers(values, range(len(self.kernels) // 2, len(self.kernels)))

    def reconstruct(self, x: ArrayLike) -> Float32Array:
        """Encode and decode: ``decode(encode(x))``."""
        return self.decode(self.encode(x))

    def features(self, x: ArrayLike) -> Float32Array:
        """Return the last hidden layer before the code, ``(n, h)``; without one, the examples.

        Raises:
            ValueError: As for `encode`.
        """
        values = float32_matrix("x", x, self.sizes[0], min_rows=0)
        hidden = range(len(self.kernels) // 2 - 1)
        return self._apply_layers(values, hidden) if hidden else values

    def error(self, x: ArrayLike) -> Float64Array:
        """Return the squared error of each example, summed over its numbers, ``(n,)``.

        Example:
            >>> import numpy as np
            >>> digits().error(np.zeros((3, 784))).shape
            (3,)

        A large error means that the network wasn't trained on similar examples.

        Raises:
            ValueError: As for `encode`.
        """
        original = float32_matrix("x", x, self.sizes[0], min_rows=0)
        squares = np.square(original - self.reconstruct(original))
        errors: Float64Array = squares.sum(1, dtype=np.float64)
        return errors

    def __repr__(self) -> str:
        """Layer widths and activations."""
        return f"FrozenAutoencoder({'-'.join(map(str, self.sizes))}, {self.hidden}, {self.output})"

    def _apply_layers(self, x: Float32Array, layers: range) -> Float32Array:
        last, code = len(self.kernels) - 1, len(self.kernels) // 2 - 1
        out = np.empty((len(x), self.sizes[layers[-1] + 1]), np.float32)
        for start in range(0, len(x), _CHUNK):
            values = x[start : start + _CHUNK]
            for i in layers:
                kind = self.output if i == last else "linear" if i == code else self.hidden
                values = activate(kind, values @ self.kernels[i] + self.biases[i])
            out[start : start + _CHUNK] = values
        return out


def activate(kind: str, x: Float32Array) -> Float32Array:
    """Apply an activation to each number, or for softmax to each row.

    Example:
        >>> activate("relu", np.array([-1.0, 2.0], np.float32)).tolist()
        [0.0, 2.0]
    """
    if kind == "gelu":
        curve = np.tanh(np.float32(np.sqrt(2 / np.pi)) * (x + np.float32(0.044715) * x * x * x))
        result = np.float32(0.5) * x * (1 + curve)
    elif kind == "relu":
        result = np.maximum(x, 0)
    elif kind == "tanh":
        result = np.tanh(x)
    elif kind == "sigmoid":
        result = sigmoid(x)
    elif kind == "softmax":
        powers = np.exp(x - x.max(1, keepdims=True))
        result = powers / powers.sum(1, keepdims=True)
    elif kind == "linear":
        result = x
    else:
        raise ValueError(f"unknown activation {kind!r}")
    activated: Float32Array = result.astype(np.float32, copy=False)
    return activated


@functools.cache
def digits() -> FrozenAutoencoder:
    """Return the course's autoencoder for digits, 784-1000-500-250-30, trained on MNIST.

    Example:
        >>> digits().code_size
        30

    ``benchmarks/assets/make_digit_autoencoder.py`` trained it and reports its errors.
    """
    return read(DIGITS)


@functools.cache
def digits_record() -> Mapping[str, Any]:
    """Return how the network of `digits` was trained, and its errors.

    Example:
        >>> digits_record()["data"]
        'MNIST'

    Returns:
        Among others ``"epochs"``, training time in ``"minutes"``, ``"shift"`` (the largest random
        shift of a training image, in pixels), ``"train_error"`` and ``"test_error"``: squared
        error summed over the 784 pixels, mean over MNIST's 60,000 training and 10,000 test images.
    """
    record: dict[str, Any] = json.loads(DIGITS.with_suffix(".json").read_text(encoding="utf-8"))
    return MappingProxyType(record)


def read(path: str | Path) -> FrozenAutoencoder:
    """Read an autoencoder from a file that `course.autoencoder.save` wrote.

    Example:
        >>> read(DIGITS).parameters
        2837314

    Raises:
        FileNotFoundError: The file does not exist.
        ValueError: The file isn't a valid autoencoder; the message says why.
    """
    net = FrozenAutoencoder(**vars(read_archive(path)))
    for array in (*net.kernels, *net.biases):
        array.flags.writeable = False  # callers share them
    return net
