"""Lesson 5's explorer: walk between the codes of two images, and push the code aside.

Example:
    >>> import numpy as np
    >>> from course.autoencoder import frozen
    >>> walk = CodeWalk(frozen.digits(), np.eye(2, 784), ["a dot", "another dot"])
    >>> walk.way = 50
    >>> len(walk.shown) == 2 * 784
    True

The page sends the positions of the sliders; the kernel decodes one code with NumPy, in a few
milliseconds, and sends two images back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget
from course.widgets.traits import check_range, gray_bytes

if TYPE_CHECKING:
    from course.figures.picture import Picture

_PIXELS: Final = 784
_MAX_PUSH: Final = 3.0  # standard deviations; hardly any real code is further out
_STEPS: Final = 8  # of the static picture
_SLIDERS: Final = ("way", "first", "second", "number", "push")
_CHANGES: Final = (*_SLIDERS, "basis")


class Coder(Protocol):
    """Any model that encodes and decodes, in NumPy."""

    def encode(self, x: ArrayLike, /) -> NDArray[np.float32]:
        """Map images ``(n, 784)`` to codes ``(n, k)``."""

    def decode(self, code: ArrayLike, /) -> NDArray[np.float32]:
        """Map codes ``(n, k)`` to images ``(n, 784)``."""


class CodeWalk(PicturedWidget):
    """Two images, and the images between their codes; the code can be pushed in a direction.

    Example:
        >>> from course import data
        >>> from course.autoencoder import frozen
        >>> digits = data.digits("bundled").x_test[:4]
        >>> walk = CodeWalk(frozen.digits(), digits, ["a", "b", "c", "d"], second=3)
        >>> walk.push = 1.5  # moves along the first principal direction of the codes
        >>> walk.code.shape
        (1, 30)

    Args:
        net: The model, such as ``course.autoencoder.frozen.digits()``.
        images: Two or more images to walk between, ``(n, 784)`` in [0, 1].
        names: The names of the images.
        codes: Codes ``(m, k)`` whose spread and principal directions to use; by default, those of
            the images.

    Raises:
        ValueError: The shapes of images, names and codes don't match.

    Attributes:
        first: Index of the image where the walk starts.
        second: Index of the image where it ends.
        way: Position between them, 0 to 100 percent.
        basis: ``"directions"`` to push along a principal direction, ``"numbers"`` to change one
            number of the code.
        number: Which direction, or which number, counted from 1.
        push: By how many standard deviations, -3 to 3.
        shown: Two images of 784 bytes: the decoded mix of codes, and the mix of pixels.
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
    basis = traitlets.Enum(("directions", "numbers"), "directions").tag(sync=True)
    number = traitlets.Int(1).tag(sync=True)
    push = traitlets.Float(0.0).tag(sync=True)

    def __init__(
        self,
        net: Coder,
        images: ArrayLike,
        names: Sequence[str],
        *,
        codes: ArrayLike | None = None,
        **traits: Any,
    ) -> None:
        self._images = _images(images, names)
        self._decode = net.decode
        self._codes = np.asarray(net.encode(self._images), dtype=np.float64)
        size = self._codes.shape[1]
        self._steps = _steps(self._codes if codes is None else _rows_of(codes, size))
        pictures = gray_bytes(self._images)
        super().__init__(names=list(names), pictures=pictures, size=size, **traits)
        self._show()
        self.observe(self._show, names=list(_CHANGES))

    @property
    def code(self) -> NDArray[np.float64]:
        """The code at the position of the sliders, ``(1, k)``."""
        step = self._steps[self.basis][self.number - 1]
        return np.atleast_2d(self._mix(self._codes) + self.push * step)

    @traitlets.validate(*_SLIDERS)
    def _check_slider(self, proposal: dict[str, Any]) -> Any:
        images, size = self._codes.shape
        limits = {"way": (0, 100), "number": (1, size), "push": (-_MAX_PUSH, _MAX_PUSH)}
        return check_range(proposal, *limits.get(proposal["trait"].name, (0, images - 1)))

    def _mix(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        share = self.way / 100
        mixed: NDArray[np.float64] = (1 - share) * rows[self.first] + share * rows[self.second]
        return mixed

    def _show(self, _change: object = None) -> None:
        self.shown = gray_bytes(self._decode(self.code)) + gray_bytes(self._mix(self._images))

    def picture(self) -> Picture:
        """Draw the walk between the two images in steps."""
        from course.figures import lab as figures

        ends = [self.first, self.second]
        share = np.linspace(0, 1, _STEPS)[:, None]
        pixels, codes = (
            (1 - share) * rows[ends[0]] + share * rows[ends[1]]
            for rows in (self._images, self._codes)
        )
        rows = {"mixed codes": self._decode(codes), "mixed pixels": pixels}
        return figures.walk(rows, (self.names[ends[0]], self.names[ends[1]]))

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Walk between two codes; the figure below shows one without interaction."


def _images(images: ArrayLike, names: Sequence[str]) -> NDArray[np.float64]:
    array = np.asarray(images, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != _PIXELS or len(array) < 2:
        raise ValueError(
            f"images must be at least two, of shape (n, {_PIXELS}); got shape {array.shape}"
        )
    if len(names) != len(array):
        raise ValueError(f"names must have one entry per image ({len(array)}), got {len(names)}")
    return array


def _rows_of(codes: ArrayLike, size: int) -> NDArray[np.float64]:
    array = np.asarray(codes, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != size or not np.isfinite(array).all():
        raise ValueError(f"codes must be finite, of shape (m, {size}); got shape {array.shape}")
    return array


def _steps(codes: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return what to add to a code for a push of one standard deviation, in the rows."""
    variances, axes = np.linalg.eigh(np.cov(codes, rowvar=False, ddof=0))
    directions = (axes * np.sqrt(np.maximum(variances, 0))).T[::-1]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], 1)
    return {
        "numbers": np.diag(codes.std(axis=0)),
        "directions": directions * np.where(largest < 0, -1, 1),
    }
