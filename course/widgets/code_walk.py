"""The explorer of lesson 5: walk between two images in the space of codes, and turn one number.

Example:
    >>> import numpy as np
    >>> from course.autoencoder import frozen
    >>> walk = CodeWalk(frozen.digits(), np.eye(2, 784), ["a dot", "another dot"])
    >>> walk.way = 50
    >>> len(walk.shown) == 2 * 784
    True

The page sends where the sliders are; the kernel decodes that one code with NumPy, in a few
milliseconds, and sends two images back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course.widgets.frontend import frontend_file

_PIXELS: Final = 784
_FURTHEST: Final = 3.0  # spreads; hardly any real code lies further out
_PLACES: Final = ("way", "first", "second", "number", "push")


class Coder(Protocol):
    """What can be walked in: anything that encodes and decodes, in NumPy."""

    def encode(self, x: ArrayLike, /) -> NDArray[np.float32]:
        """Turn images ``(n, 784)`` into codes ``(n, k)``."""

    def decode(self, code: ArrayLike, /) -> NDArray[np.float32]:
        """Turn codes ``(n, k)`` into images ``(n, 784)``."""


class CodeWalk(anywidget.AnyWidget):
    """Two images, and what lies between their codes; one number of the code can be turned.

    Example:
        >>> from course import data
        >>> from course.autoencoder import frozen
        >>> digits = data.digits("bundled").x_test[:4]
        >>> walk = CodeWalk(frozen.digits(), digits, ["a", "b", "c", "d"], second=3)
        >>> walk.push = 1.5  # number 1 of the code, by one and a half spreads
        >>> walk.code.shape
        (1, 30)

    Args:
        net: What encodes and decodes, such as ``course.autoencoder.frozen.digits()``.
        images: Two or more images to walk between, ``(n, 784)`` in [0, 1].
        names: What each is called, one a piece.
        spread: How much each number of a code varies, ``(k,)``; left out, among the images' codes.

    Raises:
        ValueError: Images, names and spread do not fit together.

    Attributes:
        first: The image that the walk starts from, 0 to n - 1.
        second: The image that it leads to.
        way: How far along, 0 to 100 percent.
        number: Which number of the code is turned, from 1.
        push: By how many spreads, -3 to 3.
        shown: Two images of 784 bytes: the mixed code decoded, and the mixed pixels.
    """

    _esm = frontend_file("code_walk.js")
    _css = frontend_file("code_walk.css")
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)
    shown = traitlets.Bytes().tag(sync=True)
    size = traitlets.Int(1).tag(sync=True)
    first = traitlets.Int(0).tag(sync=True)
    second = traitlets.Int(1).tag(sync=True)
    way = traitlets.Int(0).tag(sync=True)
    number = traitlets.Int(1).tag(sync=True)
    push = traitlets.Float(0.0).tag(sync=True)

    def __init__(
        self,
        net: Coder,
        images: ArrayLike,
        names: Sequence[str],
        *,
        spread: ArrayLike | None = None,
        **traits: Any,
    ) -> None:
        self._images = _images(images, names)
        self._decode = net.decode
        self._codes = np.asarray(net.encode(self._images), dtype=np.float64)
        size = self._codes.shape[1]
        self._spread = self._codes.std(axis=0) if spread is None else _spread(spread, size)
        pictures = _bytes(self._images)
        super().__init__(names=list(names), pictures=pictures, size=size, **traits)
        self._show()
        self.observe(self._show, names=list(_PLACES))

    @property
    def code(self) -> NDArray[np.float64]:
        """The code where the sliders are, ``(1, k)``."""
        share = self.way / 100
        code = (1 - share) * self._codes[self.first] + share * self._codes[self.second]
        code[self.number - 1] += self.push * self._spread[self.number - 1]
        return np.atleast_2d(code)

    @traitlets.validate("first", "second")
    def _one_of_them(self, proposal: dict[str, Any]) -> int:
        return _between(proposal, 0, len(self._images) - 1)

    @traitlets.validate("way")
    def _on_the_way(self, proposal: dict[str, Any]) -> int:
        return _between(proposal, 0, 100)

    @traitlets.validate("number")
    def _in_the_code(self, proposal: dict[str, Any]) -> int:
        return _between(proposal, 1, self._codes.shape[1])

    @traitlets.validate("push")
    def _not_too_far(self, proposal: dict[str, Any]) -> float:
        wanted = float(proposal["value"])
        if not -_FURTHEST <= wanted <= _FURTHEST:
            raise traitlets.TraitError(f"push={wanted:g}: from -{_FURTHEST:g} to {_FURTHEST:g}")
        return wanted

    def _show(self, _change: object = None) -> None:
        share = self.way / 100
        pixels = (1 - share) * self._images[self.first] + share * self._images[self.second]
        self.shown = _bytes(self._decode(self.code)) + _bytes(pixels)

    def __repr__(self) -> str:
        """What a page without widgets shows instead."""
        return "Walk between two codes; the figure after it shows one, standing still."


def _between(proposal: dict[str, Any], low: int, high: int) -> int:
    wanted = int(proposal["value"])
    if not low <= wanted <= high:
        name = proposal["trait"].name
        raise traitlets.TraitError(f"{name}={wanted}: from {low} to {high}")
    return wanted


def _images(images: ArrayLike, names: Sequence[str]) -> NDArray[np.float64]:
    array = np.asarray(images, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != _PIXELS or len(array) < 2:
        raise ValueError(f"images: shape {array.shape}; two or more, (n, {_PIXELS}), are right")
    if len(names) != len(array):
        raise ValueError(f"names: {len(names)} for {len(array)} images; one each is right")
    return array


def _spread(spread: ArrayLike, size: int) -> NDArray[np.float64]:
    array = np.asarray(spread, dtype=np.float64)
    if array.shape != (size,) or not np.isfinite(array).all():
        raise ValueError(f"spread: shape {array.shape}; {size} finite numbers are right")
    return array


def _bytes(images: ArrayLike) -> bytes:
    shades: bytes = np.round(255 * np.clip(np.asarray(images), 0, 1)).astype(np.uint8).tobytes()
    return shades
