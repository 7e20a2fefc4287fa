"""Digits as other hands and other pens would have written them: what MNIST alone does not show.

Example:
    >>> import numpy as np
    >>> images, labels = np.zeros((2, 784), np.float32), np.array([0, 7])
    >>> augment(images, labels, np.random.default_rng(0)).shape
    (2, 784)

MNIST was written with one kind of pen by people of one country. Whoever draws on a screen has
a pen of any width, strikes through a zero, crosses a seven, gives a one its flag. A
classifier that shall read them has to see some while it learns; so these functions make
them from MNIST's own digits. Only training uses them; what came to the course as real
pen strokes serves to measure and is never learnt from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from course.classifier.habits import FRAME, SIDE, add_habits

if TYPE_CHECKING:
    from numpy.random import Generator

FloatArray = NDArray[np.float32]

KINDS: Final = ("habits", "shape", "thickness")
"""All kinds of variation, in the order in which they are applied."""

_MIDDLE: Final = 14  # where MNIST puts the centre of mass, counted from pixel 0
_INNER: Final = 20  # the longer side of a digit of MNIST, in pixels
_INK: Final = 0.3  # grey enough to belong to a stroke
_CHUNK: Final = 1000  # images at a time: what fits into the processor's cache


def augment(
    images: FloatArray,
    labels: NDArray[np.integer],
    rng: Generator,
    kinds: tuple[str, ...] = KINDS,
) -> FloatArray:
    """Return every image once more, as another hand might have written it.

    Example:
        >>> ones = np.ones((1, 784), np.float32)
        >>> float(augment(ones, np.array([3]), np.random.default_rng(0)).max()) <= 1
        True

    Args:
        images: Digits ``(n, 784)`` in [0, 1], in MNIST's place and size.
        labels: Their classes, ``(n,)``.
        rng: Where chance comes from.
        kinds: Any of ``KINDS``. Whatever they are, the result has MNIST's place and size again.

    Returns:
        ``(n, 784)`` float32 in [0, 1].

    Raises:
        ValueError: A kind is unknown, or images and labels differ in number.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise ValueError(f"kinds: {kind!r} is none of {', '.join(KINDS)}")
    if len(images) != len(labels):
        raise ValueError(f"labels: {len(labels)} of them for {len(images)} images")
    edge = (FRAME - SIDE) // 2
    frame = ((0, 0), (edge, edge), (edge, edge))  # room for a stroke that outgrows its digit
    parts = [np.empty((0, SIDE * SIDE), np.float32)]
    for start in range(0, len(images), _CHUNK):
        part = np.pad(images[start : start + _CHUNK].reshape(-1, SIDE, SIDE), frame)
        if "habits" in kinds:
            add_habits(part, labels[start : start + _CHUNK], rng)
        part = warp(part, rng if "shape" in kinds else None)
        if "thickness" in kinds:
            part = vary_thickness(part, rng)
        parts.append(part.reshape(-1, SIDE * SIDE))
    return np.concatenate(parts)


def vary_thickness(images: FloatArray, rng: Generator) -> FloatArray:
    """Write with a thinner or wider pen, by up to a pixel and a half on each side.

    A wider pen is a maximum over the neighbours, a thinner one a minimum: dilation and erosion.
    Part of a step mixes the pictures before and after.

    Args:
        images: ``(n, 28, 28)`` in [0, 1].
        rng: Where chance comes from.
    """
    steps = rng.uniform(-1.2, 1.6, (len(images), 1, 1)).astype(np.float32)
    wide = _neighbours(images, np.maximum)
    wider = _neighbours(wide, np.maximum)
    thin = _neighbours(images, np.minimum)
    out = np.where(steps > 0, _mix(images, wide, np.clip(steps, 0, 1)), images)
    out = np.where(steps > 1, _mix(wide, wider, steps - 1), out)
    # Of a stroke two pixels wide the minimum leaves nothing: a tenth of the old one stays.
    out = np.where(steps < 0, _mix(images, thin, np.clip(-steps, 0, 0.9)), out)
    # A pen is black however thin: bring the darkest pixel back to where it was.
    peak, before = (a.max(axis=(1, 2), keepdims=True) for a in (out, images))
    back: FloatArray = np.clip(out * (before / np.maximum(peak, 0.25)), 0, 1).astype(np.float32)
    return back


def warp(images: FloatArray, rng: Generator | None) -> FloatArray:
    """Turn, slant, stretch, bend and shift a little, as hands differ; fit into 28 by 28.

    Each image is read at moved places: an affine map about its centre of mass, which makes its
    longer side about 20 pixels as MNIST's rule wants, and a smooth random field of 4 by 4 vectors
    on top (after Simard, Steinkraus and Platt 2003, https://doi.org/10.1109/ICDAR.2003.1227801),
    between pixels by bilinear interpolation.

    Args:
        images: ``(n, 44, 44)`` in [0, 1].
        rng: Where chance comes from; without it, size and place alone are put right.

    Returns:
        ``(n, 28, 28)`` in [0, 1].
    """
    n = len(images)
    centre, side = _centre_and_side(images)
    grid = (np.indices((SIDE, SIDE)) - _MIDDLE).reshape(2, -1).astype(np.float32)
    if rng is None:
        places = side[None, :, None] / np.float32(_INNER) * grid[:, None] + centre[:, :, None]
        return _read(images, places.astype(np.float32))
    turn, slant = rng.normal(0, 0.13, n), rng.normal(0, 0.18, n)
    stretch = np.exp(rng.normal(0, 0.07, (2, n))) * side / _INNER
    cos, sin = np.cos(turn), np.sin(turn)
    # Rows of the map from the new picture's (y, x) to the old one's.
    rows = np.array([[cos, -sin], [sin + slant * cos, cos - slant * sin]]) * stretch[:, None]
    moved = rows.astype(np.float32).transpose(0, 2, 1) @ grid  # (2, n, 784)
    smooth = _rise(4)  # (28, 4): from few vectors to a field, twice
    vectors = rng.normal(0, 1.1, (2, n, 4, 4)).astype(np.float32)
    field = (smooth @ vectors @ smooth.T).reshape(2, n, -1)
    shift = rng.uniform(-1, 1, (2, n, 1)).astype(np.float32)
    places = moved + field + shift + centre[:, :, None]
    return _read(images, places.astype(np.float32))


def _neighbours(images: FloatArray, pick: np.ufunc) -> FloatArray:
    """Each pixel's own value or that of one of its four neighbours: the largest or the smallest."""
    around = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    level = pick(pick(around[:, 1:-1, :-2], around[:, 1:-1, 2:]), images)
    found: FloatArray = pick(pick(around[:, :-2, 1:-1], around[:, 2:, 1:-1]), level)
    return found


def _mix(a: FloatArray, b: FloatArray, share: FloatArray) -> FloatArray:
    return a + share * (b - a)


def _centre_and_side(images: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centres of mass ``(2, n)`` and the ink's longer sides ``(n,)``, in pixels."""
    mass = np.maximum(images.sum(axis=(1, 2)), 1e-6)
    pixels = np.arange(FRAME, dtype=np.float32)
    centre = np.stack([images.sum(axis=2) @ pixels, images.sum(axis=1) @ pixels]) / mass
    sides = []
    for axis in (1, 2):
        inked = np.any(images > _INK, axis=axis)
        sides.append(FRAME - inked.argmax(axis=1) - inked[:, ::-1].argmax(axis=1))
    blank = mass < 1
    centre[:, blank] = (FRAME - 1) / 2
    longer = np.where(blank, _INNER, np.clip(np.maximum(*sides), 4, FRAME))
    return centre.astype(np.float32), longer.astype(np.float32)


def _rise(count: int) -> FloatArray:
    """Weights ``(28, count)`` that spread ``count`` values smoothly over 28 pixels."""
    places = np.linspace(-0.5, count - 0.5, SIDE)
    weights = np.exp(-((places[:, None] - np.arange(count)) ** 2) / 0.8)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _read(images: FloatArray, places: FloatArray) -> FloatArray:
    """Read ``(n, 44, 44)`` at places ``(2, n, 784)``, between pixels; outside lies white paper."""
    n, wide = len(images), FRAME + 2
    flat = np.pad(images, ((0, 0), (1, 1), (1, 1))).ravel()
    y, x = (np.clip(place + 1, 0, FRAME + 0.999) for place in places)
    row, column = y.astype(np.int32), x.astype(np.int32)
    down, right = y - row.astype(np.float32), x - column.astype(np.float32)
    first = np.arange(n, dtype=np.int32)[:, None] * wide * wide + row * wide + column
    upper = _mix(flat[first], flat[first + 1], right)
    lower = _mix(flat[first + wide], flat[first + wide + 1], right)
    return _mix(upper, lower, down).reshape(n, SIDE, SIDE)
