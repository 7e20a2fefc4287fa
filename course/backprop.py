"""An autoencoder and its gradients by hand, in NumPy: nothing between you and the chain rule.

Example:
    >>> rng = np.random.default_rng(0)
    >>> x = rng.random((20, 6))
    >>> layers = build([6, 3, 6], rng)
    >>> by_hand, by_nudging = gradients(layers, x), numerical_gradients(layers, x)
    >>> worst_relative_error(by_hand, by_nudging) < 1e-7
    True

A network is a list of layers, a layer a pair of arrays: weights ``(inputs, units)`` and
biases ``(units,)``. The output is logistic and the code in the middle linear, as in G. Hinton and
R. Salakhutdinov, Reducing the dimensionality of data with neural networks, Science 313,
2006, 504-507, https://doi.org/10.1126/science.1127647. The other units are tanh: the
logistic function, stretched so that 0 is its middle, which trains much faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Floats = NDArray[np.floating]
Layer = tuple[Floats, Floats]
Loss = Literal["squared", "cross-entropy"]


def build(
    sizes: Sequence[int], rng: np.random.Generator, dtype: DTypeLike = np.float64
) -> list[Layer]:
    """Return layers with random weights for a chain such as ``[784, 100, 30, 100, 784]``.

    Example:
        >>> [weights.shape for weights, _ in build([784, 30, 784], np.random.default_rng(0))]
        [(784, 30), (30, 784)]

    The weights' spread, ``sqrt(2 / (inputs + units))``, keeps signals at one size through many
    layers: X. Glorot and Y. Bengio, AISTATS 2010.

    Args:
        sizes: Units from input to output; an odd number of them, so that one is the code.
        rng: Where the weights come from.
        dtype: float64 for checking gradients; float32 trains in half the time.
    """
    if len(sizes) < 3 or len(sizes) % 2 == 0:
        raise ValueError(f"sizes={list(sizes)}: input, ..., code, ..., output: an odd number, 3 up")
    if sizes[0] != sizes[-1]:
        raise ValueError(f"sizes={list(sizes)}: the output is as wide as the input")
    return [
        ((rng.standard_normal((a, b)) * np.sqrt(2 / (a + b))).astype(dtype), np.zeros(b, dtype))
        for a, b in pairwise(sizes)
    ]


def forward(layers: Sequence[Layer], x: ArrayLike) -> list[Floats]:
    """Return what every layer says, from the input to the reconstruction.

    Example:
        >>> layers = build([6, 4, 2, 4, 6], np.random.default_rng(0))
        >>> [said.shape for said in forward(layers, np.zeros((5, 6)))]
        [(5, 6), (5, 4), (5, 2), (5, 4), (5, 6)]
    """
    said = [np.asarray(x, dtype=layers[0][0].dtype)]
    for number, (weights, biases) in enumerate(layers):
        signal = said[-1] @ weights + biases
        if number == len(layers) - 1:
            signal = 0.5 * (1 + np.tanh(0.5 * signal))
        elif not _is_code(number, layers):
            signal = np.tanh(signal)
        said.append(signal)
    return said


def encode(layers: Sequence[Layer], x: ArrayLike) -> Floats:
    """Return the codes, ``(n, code)``."""
    return forward(layers, x)[len(layers) // 2]


def reconstruct(layers: Sequence[Layer], x: ArrayLike) -> Floats:
    """Return the reconstructions, in (0, 1), of the shape of ``x``."""
    return forward(layers, x)[-1]


def loss(
    layers: Sequence[Layer], x: ArrayLike, kind: Loss = "squared", target: ArrayLike | None = None
) -> float:
    """Return the loss, summed over the pixels, mean over the images.

    ``"squared"`` is what the 2006 paper reports, ``"cross-entropy"``, in nats, what it trains with.

    Args:
        layers: The network.
        x: Images in [0, 1], ``(n, pixels)``.
        kind: Which loss.
        target: What the output is compared with; ``x`` itself if left out.
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

    The error is carried back from the output: through a unit it is multiplied by the unit's
    slope (``y * (1 - y)`` if logistic, ``1 - y**2`` if tanh), through weights by their transpose.
    What arrives at a layer, times what the layer before it said, is the gradient of the weights
    between them.
    """
    said = forward(layers, x)
    goal = said[0] if target is None else np.asarray(target, dtype=said[0].dtype)
    error = (said[-1] - goal) / len(goal)
    if kind == "squared":
        error = 2 * error * said[-1] * (1 - said[-1])  # else the slope cancels
    found: list[Layer] = []
    for number in reversed(range(len(layers))):
        below = said[number]
        found.append((below.T @ error, error.sum(axis=0)))
        error = error @ layers[number][0].T
        if number and not _is_code(number - 1, layers):
            error = error * (1 - below**2)
    return found[::-1]


def numerical_gradients(
    layers: Sequence[Layer], x: ArrayLike, kind: Loss = "squared", step: float = 1e-5
) -> list[Layer]:
    """Return the same gradients by nudging each number up and down: slow, and hard to get wrong."""
    found: list[Layer] = []
    for pair in layers:
        slopes = tuple(np.empty_like(array) for array in pair)
        for array, slope in zip(pair, slopes, strict=True):
            for index in np.ndindex(array.shape):
                kept = array[index]
                array[index] = kept + step
                above = loss(layers, x, kind)
                array[index] = kept - step
                below = loss(layers, x, kind)
                array[index] = kept
                slope[index] = (above - below) / (2 * step)
        found.append((slopes[0], slopes[1]))
    return found


def worst_relative_error(a: Sequence[Layer], b: Sequence[Layer]) -> float:
    """Return the largest ``|a - b| / (|a| + |b|)`` over the arrays, by their lengths.

    Below 1e-7 two gradients agree; above 1e-2 one is wrong. The measure is that of
    https://cs231n.github.io/neural-networks-3/#gradcheck, for a whole array at once, so that
    a single slope near 0 does not decide.
    """
    worst = 0.0
    for pair, other in zip(a, b, strict=True):
        for one, two in zip(pair, other, strict=True):
            size = np.linalg.norm(one) + np.linalg.norm(two)
            worst = max(worst, float(np.linalg.norm(one - two) / size) if size else 0.0)
    return worst


def train(  # noqa: PLR0913  (the settings are named, and have defaults)
    layers: Sequence[Layer],
    x: ArrayLike,
    rng: np.random.Generator,
    *,
    epochs: int = 20,
    rate: float = 0.003,
    batch: int = 100,
    kind: Loss = "cross-entropy",
    corrupt: Callable[[Floats], Floats] = lambda images: images,
    watch: Callable[[int, list[Layer]], None] | None = None,
) -> list[Layer]:
    """Return the layers after training with Adam.

    D. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015,
    https://arxiv.org/abs/1412.6980.

    Args:
        layers: Where to start; they are left as they are.
        x: Images in [0, 1], ``(n, pixels)``.
        rng: Decides the order.
        epochs: How often all images are gone through.
        rate: Learning rate.
        batch: Images for each step.
        kind: Which loss to lower.
        corrupt: What is done to the images before they go in. The clean image stays the
            target, so with noise this makes a denoising autoencoder.
        watch: Called after each epoch with its number, from 1, and the layers.
    """
    images = np.asarray(x, dtype=layers[0][0].dtype)
    arrays = [array.copy() for pair in layers for array in pair]
    means, squares = ([np.zeros_like(array) for array in arrays] for _ in range(2))
    now = list(zip(arrays[::2], arrays[1::2], strict=True))
    steps = 0
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(images))
        for start in range(0, len(images), batch):
            clean = images[order[start : start + batch]]
            steps += 1
            slopes = [g for pair in gradients(now, corrupt(clean), kind, clean) for g in pair]
            for i, slope in enumerate(slopes):
                means[i] += 0.1 * (slope - means[i])
                squares[i] += 0.001 * (slope**2 - squares[i])
                size = np.sqrt(squares[i] / (1 - 0.999**steps)) + 1e-8
                arrays[i] -= rate * means[i] / (1 - 0.9**steps) / size
        if watch is not None:
            watch(epoch, now)
    return now


def _is_code(number: int, layers: Sequence[Layer]) -> bool:
    """Whether layer ``number``, from 0, makes the code: the last of the encoder."""
    return number == len(layers) // 2 - 1
