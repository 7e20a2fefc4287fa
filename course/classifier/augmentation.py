"""Augment digits with the variety of other writers and pens, which MNIST lacks.

Example:
    >>> import numpy as np
    >>> images, labels = np.zeros((2, 784), np.float32), np.array([0, 7])
    >>> augment(images, labels, np.random.default_rng(0)).shape
    (2, 784)

MNIST was written with one kind of pen by people of one country. People who draw on a screen use
pens of any width; some slash their zeros, cross their sevens, or give ones a flag. A classifier
has to see such digits during training, so these functions create them from MNIST's. The course's
real pen strokes are used only for measuring, never for training.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from course.arrays import Float32Array
from course.classifier.habits import FRAME, SIDE, Habit, add_habits

KINDS: Final = ("habits", "shape", "thickness")  # in the order in which they are applied
_MIDDLE: Final = 14  # pixel of the center of mass in MNIST, from 0
_INNER: Final = 20  # the longer side of a digit in MNIST, in pixels
_INK: Final = 0.3  # brighter pixels belong to a stroke
_CHUNK: Final = 1000  # images at a time, to fit into the processor's cache


def augment(
    images: Float32Array,
    labels: NDArray[np.integer],
    rng: Generator,
    kinds: tuple[str, ...] = KINDS,
) -> Float32Array:
    """Return a variation of every image, as another writer might have written it.

    Images are ``(n, 784)`` in [0, 1], placed and sized as in MNIST; so is the result.

    Raises:
        ValueError: A kind is unknown, or the numbers of images and labels differ.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"kinds must be among {', '.join(KINDS)}, got {kind!r}")
    if len(images) != len(labels):
        raise ValueError(f"labels must hold one label per image ({len(images)}), got {len(labels)}")
    chunks = [np.empty((0, SIDE * SIDE), np.float32)]
    for start in range(0, len(images), _CHUNK):
        chunk = _pad(images[start : start + _CHUNK])
        if "habits" in kinds:
            add_habits(chunk, labels[start : start + _CHUNK], rng)
        chunk = warp(chunk, rng if "shape" in kinds else None)
        if "thickness" in kinds:
            chunk = vary_thickness(chunk, rng)
        chunks.append(chunk.reshape(-1, SIDE * SIDE))
    return np.concatenate(chunks)


def add_stroke(images: Float32Array, habit: Habit, rng: Generator) -> Float32Array:
    """Return every image ``(n, 784)`` with the stroke of one habit, such as a slash.

    Example:
        >>> from course.classifier.habits import HABITS
        >>> zeros = np.zeros((2, 784), np.float32)
        >>> zeros.reshape(2, 28, 28)[:, 4:24, 10:18] = 1
        >>> add_stroke(zeros, HABITS[0], np.random.default_rng(0)).shape
        (2, 784)

    To compare with the images before, use ``augment(images, labels, rng, ())``, which centers and
    scales them in the same way.
    """
    always = habit._replace(share=1.0)
    padded = _pad(images)
    add_habits(padded, np.full(len(images), habit.digit), rng, (always,))
    return warp(padded, None).reshape(-1, SIDE * SIDE)


def vary_thickness(images: Float32Array, rng: Generator) -> Float32Array:
    """Make strokes thinner or wider, by up to a pixel and a half on each side.

    Uses dilation (the maximum over the neighbors) and erosion (the minimum) on ``(n, 28, 28)`` in
    [0, 1]; fractional steps blend the images before and after.
    """
    steps = rng.uniform(-1.2, 1.6, (len(images), 1, 1)).astype(np.float32)
    wide = _filter_neighbors(images, np.maximum)
    wider = _filter_neighbors(wide, np.maximum)
    thin = _filter_neighbors(images, np.minimum)
    out = np.where(steps > 0, _blend(images, wide, np.clip(steps, 0, 1)), images)
    out = np.where(steps > 1, _blend(wide, wider, steps - 1), out)
    # Erosion removes a stroke two pixels wide completely, so keep a tenth of the original.
    out = np.where(steps < 0, _blend(images, thin, np.clip(-steps, 0, 0.9)), out)
    # Thin pens are as dark as wide ones: restore the original maximum.
    peak, before = (a.max(axis=(1, 2), keepdims=True) for a in (out, images))
    out *= before / np.maximum(peak, 0.25)
    return np.clip(out, 0, 1).astype(np.float32)


def warp(images: Float32Array, rng: Generator | None) -> Float32Array:
    """Rotate, slant, stretch, bend and shift images slightly, and fit them into 28 by 28.

    Each image is resampled by bilinear interpolation. The map is affine around the center of
    mass, scales the longer side to about 20 pixels as in MNIST, and adds a smooth random field of
    4 by 4 vectors (after Simard, Steinkraus and Platt 2003,
    https://doi.org/10.1109/ICDAR.2003.1227801). Turns ``(n, 44, 44)`` into ``(n, 28, 28)``; without
    a random number generator, only size and position are normalized.
    """
    n = len(images)
    center, side = _center_and_side(images)
    grid = (np.indices((SIDE, SIDE)) - _MIDDLE).reshape(2, -1).astype(np.float32)
    if rng is None:
        positions = side[None, :, None] / np.float32(_INNER) * grid[:, None] + center[:, :, None]
        return _interpolate(images, positions.astype(np.float32))
    turn, slant = rng.normal(0, 0.13, n), rng.normal(0, 0.18, n)
    stretch = np.exp(rng.normal(0, 0.07, (2, n))) * side / _INNER
    cos, sin = np.cos(turn), np.sin(turn)
    # Rows of the map from the new image's (y, x) to the original's.
    rows = np.array([[cos, -sin], [sin + slant * cos, cos - slant * sin]]) * stretch[:, None]
    moved = rows.astype(np.float32).transpose(0, 2, 1) @ grid  # (2, n, 784)
    smooth = _smoothing_weights(4)  # (28, 4): from 4 vectors to 28 pixels
    vectors = rng.normal(0, 1.1, (2, n, 4, 4)).astype(np.float32)
    field = (smooth @ vectors @ smooth.T).reshape(2, n, -1)
    shift = rng.uniform(-1, 1, (2, n, 1)).astype(np.float32)
    positions = moved + field + shift + center[:, :, None]
    return _interpolate(images, positions.astype(np.float32))


def _pad(images: Float32Array) -> Float32Array:
    """Return images ``(n, 784)`` as ``(n, 44, 44)``: room for strokes that extend the digit."""
    edge = (FRAME - SIDE) // 2
    return np.pad(images.reshape(-1, SIDE, SIDE), ((0, 0), (edge, edge), (edge, edge)))


def _filter_neighbors(images: Float32Array, extreme: np.ufunc) -> Float32Array:
    """Return the maximum or minimum of each pixel and its four neighbors."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    horizontal = extreme(extreme(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:]), images)
    filtered: Float32Array = extreme(extreme(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1]), horizontal)
    return filtered


def _blend(a: Float32Array, b: Float32Array, share: Float32Array) -> Float32Array:
    return a + share * (b - a)


def _center_and_side(images: Float32Array) -> tuple[Float32Array, Float32Array]:
    """Return centers of mass ``(2, n)`` and the longer sides of the ink ``(n,)``, in pixels."""
    mass = np.maximum(images.sum(axis=(1, 2)), 1e-6)
    pixels = np.arange(FRAME, dtype=np.float32)
    center = np.stack([images.sum(axis=2) @ pixels, images.sum(axis=1) @ pixels]) / mass
    sides = []
    for axis in (1, 2):
        inked = np.any(images > _INK, axis=axis)
        sides.append(FRAME - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1))
    blank = mass < 1
    center[:, blank] = (FRAME - 1) / 2
    longer = np.where(blank, _INNER, np.clip(np.maximum(*sides), 4, FRAME))
    return center.astype(np.float32), longer.astype(np.float32)


def _smoothing_weights(count: int) -> Float32Array:
    """Return weights ``(28, count)`` that spread ``count`` values smoothly over 28 pixels."""
    positions = np.linspace(-0.5, count - 0.5, SIDE)
    weights = np.exp(-((positions[:, None] - np.arange(count)) ** 2) / 0.8)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _interpolate(images: Float32Array, positions: Float32Array) -> Float32Array:
    """Interpolate ``(n, 44, 44)`` at positions ``(2, n, 784)``; outside, images are 0."""
    n, width = len(images), FRAME + 2
    flat = np.pad(images, ((0, 0), (1, 1), (1, 1))).ravel()
    y, x = (np.clip(position + 1, 0, FRAME + 0.999) for position in positions)
    row, column = y.astype(np.int32), x.astype(np.int32)
    down, right = y - row.astype(np.float32), x - column.astype(np.float32)
    first = np.arange(n, dtype=np.int32)[:, None] * width * width + row * width + column
    upper = _blend(flat[first], flat[first + 1], right)
    lower = _blend(flat[first + width], flat[first + width + 1], right)
    return _blend(upper, lower, down).reshape(n, SIDE, SIDE)
