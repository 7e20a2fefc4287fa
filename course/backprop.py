"""An autoencoder with hand-written gradients in NumPy: nothing between you and the chain rule.

Example:
    >>> rng = np.random.default_rng(0)
    >>> x = rng.random((20, 6))
    >>> layers = build([6, 3, 6], rng)
    >>> exact, numerical = gradients(layers, x), numerical_gradients(layers, x)
    >>> worst_relative_error(exact, numerical) < 1e-7
    True

A network is a list of layers, and a layer a pair of arrays: weights ``(inputs, units)`` and biases
``(units,)``. The output is a sigmoid and the code in the middle is linear, as in G. Hinton and
R. Salakhutdinov, Reducing the dimensionality of data with neural networks, Science 313, 2006,
504-507, https://doi.org/10.1126/science.1127647. The other units are tanh, a sigmoid rescaled to be
centered at 0, which trains much faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from course.adam import Adam
from course.arrays import FloatArray, sigmoid

Layer = tuple[FloatArray, FloatArray]
Loss = Literal["squared", "cross-entropy"]


def build(
    sizes: Sequence[int], rng: np.random.Generator, dtype: DTypeLike = np.float64
) -> list[Layer]:
    """Return layers with random weights for sizes such as ``[784, 100, 30, 100, 784]``.

    Example:
        >>> [weights.shape for weights, _ in build([784, 30, 784], np.random.default_rng(0))]
        [(784, 30), (30, 784)]

    The standard deviation of the weights, ``sqrt(2 / (inputs + units))``, keeps the size of signals
    constant through many layers: X. Glorot and Y. Bengio, AISTATS 2010.

    Args:
        sizes: Units from input to output; an odd number of layers, with the code in the middle.
        rng: The random number generator.
        dtype: float64 for checking gradients; float32 trains in half the time.
    """
    if len(sizes) < 3 or len(sizes) % 2 == 0:
        raise ValueError(
            "sizes must be an odd number of sizes, 3 or more (input, ..., code, ..., output), "
            f"got {list(sizes)}"
        )
    if sizes[0] != sizes[-1]:
        raise ValueError(f"sizes must end as they start, with the image size, got {list(sizes)}")
    return [
        ((rng.standard_normal((a, b)) * np.sqrt(2 / (a + b))).astype(dtype), np.zeros(b, dtype))
        for a, b in pairwise(sizes)
    ]


def forward(layers: Sequence[Layer], x: ArrayLike) -> list[FloatArray]:
    """Return the outputs of every layer, from the input to the reconstruction.

    Example:
        >>> layers = build([6, 4, 2, 4, 6], np.random.default_rng(0))
        >>> [output.shape for output in forward(layers, np.zeros((5, 6)))]
        [(5, 6), (5, 4), (5, 2), (5, 4), (5, 6)]
    """
    outputs = [np.asarray(x, dtype=layers[0][0].dtype)]
    for number, (weights, biases) in enumerate(layers):
        output = outputs[-1] @ weights + biases
        if number == len(layers) - 1:
            output = sigmoid(output)
        elif not _is_code(number, layers):
            output = np.tanh(output)
        outputs.append(output)
    return outputs


def encode(layers: Sequence[Layer], x: ArrayLike) -> FloatArray:
    """Return the codes, ``(n, code)``."""
    return forward(layers, x)[len(layers) // 2]


def reconstruct(layers: Sequence[Layer], x: ArrayLike) -> FloatArray:
    """Return reconstructions in (0, 1), with the shape of ``x``."""
    return forward(layers, x)[-1]


def loss(
    layers: Sequence[Layer], x: ArrayLike, kind: Loss = "squared", target: ArrayLike | None = None
) -> float:
    """Return the loss, summed over pixels, averaged over images.

    The 2006 paper reports ``"squared"`` and trains with ``"cross-entropy"``, in nats. Images are in
    [0, 1], ``(n, pixels)``; the ``target``, the desired output, is ``x`` itself if left out.
    """
    output = reconstruct(layers, x)
    goal = np.asarray(x if target is None else target, dtype=output.dtype)
    if kind == "squared":
        return float(((output - goal) ** 2).sum(axis=1).mean())
    tiny = np.finfo(output.dtype).tiny  # keeps the logarithm of 0 finite
    on, off = (np.log(np.maximum(part, tiny)) for part in (output, 1 - output))
    return float(-(goal * on + (1 - goal) * off).sum(axis=1).mean())


def gradients(
    layers: Sequence[Layer], x: ArrayLike, kind: Loss = "squared", target: ArrayLike | None = None
) -> list[Layer]:
    """Return the gradient of ``loss`` for each weight and bias, by back-propagation.

    The error propagates backward from the output: it is multiplied by the slope of each unit
    (``y * (1 - y)`` for a sigmoid, ``1 - y**2`` for tanh), and by the transpose of each weight
    matrix. The error that arrives at a layer, times the outputs of the layer before it, is the
    gradient of the weights between them.
    """
    outputs = forward(layers, x)
    goal = outputs[0] if target is None else np.asarray(target, dtype=outputs[0].dtype)
    error = (outputs[-1] - goal) / len(goal)
    if kind == "squared":
        error = 2 * error * outputs[-1] * (1 - outputs[-1])  # cancels for the cross-entropy
    result: list[Layer] = []
    for number in reversed(range(len(layers))):
        below = outputs[number]
        result.append((below.T @ error, error.sum(axis=0)))
        error = error @ layers[number][0].T
        if number and not _is_code(number - 1, layers):
            error = error * (1 - below**2)
    return result[::-1]


def numerical_gradients(
    layers: Sequence[Layer], x: ArrayLike, kind: Loss = "squared", step: float = 1e-5
) -> list[Layer]:
    """Return the gradients by changing each number up and down: slow, but hard to get wrong."""
    slopes = []
    for array in chain(*layers):
        slope = np.empty_like(array)
        for index in np.ndindex(array.shape):
            original = array[index]
            array[index] = original + step
            above = loss(layers, x, kind)
            array[index] = original - step
            below = loss(layers, x, kind)
            array[index] = original
            slope[index] = (above - below) / (2 * step)
        slopes.append(slope)
    return _in_pairs(slopes)


def worst_relative_error(a: Sequence[Layer], b: Sequence[Layer]) -> float:
    """Return the largest ``|a - b| / (|a| + |b|)`` over all arrays, with ``|.|`` their norms.

    Below 1e-7 the gradients agree; above 1e-2 one is wrong. This is the measure of
    https://cs231n.github.io/neural-networks-3/#gradcheck, applied to whole arrays so that a single
    slope near 0 doesn't dominate.
    """
    worst = 0.0
    for first, second in zip(chain(*a), chain(*b), strict=True):
        size = np.linalg.norm(first) + np.linalg.norm(second)
        worst = max(worst, float(np.linalg.norm(first - second) / size) if size else 0.0)
    return worst


def train(  # noqa: PLR0913  (keyword arguments with defaults)
    layers: Sequence[Layer],
    x: ArrayLike,
    rng: np.random.Generator,
    *,
    epochs: int = 20,
    rate: float = 0.003,
    batch: int = 100,
    kind: Loss = "cross-entropy",
    corrupt: Callable[[FloatArray], FloatArray] = lambda images: images,
    watch: Callable[[int, list[Layer]], None] | None = None,
) -> list[Layer]:
    """Return the layers after training with `course.adam.Adam`.

    Args:
        layers: The initial network, which stays unchanged.
        x: Images in [0, 1], ``(n, pixels)``.
        rng: Shuffles the images.
        epochs: Number of passes over all images.
        rate: Learning rate.
        batch: Images per step.
        kind: The loss to minimize.
        corrupt: Changes the input images. The target is the original image, so adding noise makes
            this a denoising autoencoder.
        watch: Called after each epoch with its number, from 1, and the layers.
    """
    images = np.asarray(x, dtype=layers[0][0].dtype)
    arrays = [array.copy() for array in chain(*layers)]
    adam = Adam(arrays, rate)
    now = _in_pairs(arrays)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch):
            clean = images[order[start : start + batch]]
            adam.step(list(chain(*gradients(now, corrupt(clean), kind, clean))))
        if watch is not None:
            watch(epoch, now)
    return now


def _in_pairs(arrays: list[FloatArray]) -> list[Layer]:
    return list(zip(arrays[::2], arrays[1::2], strict=True))


def _is_code(number: int, layers: Sequence[Layer]) -> bool:
    """Return whether layer ``number``, from 0, is the last of the encoder."""
    return number == len(layers) // 2 - 1
