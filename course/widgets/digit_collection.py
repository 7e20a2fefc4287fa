"""A pad that collects a learner's own digits, so that they can be read and counted.

Example:
    >>> from course import drawing
    >>> collection = DigitCollection(per_digit=2)
    >>> len(collection.asked), len(collection.kept)
    (20, 0)
    >>> seven = drawing.stored()["7"]
    >>> collection.candidate = {"digit": "7", "strokes": seven.strokes, "pen": seven.pen}
    >>> [(digit, canvas.shape) for digit, canvas in collection.kept]
    [(7, (280, 280, 4))]

The page sends one message per drawing. The drawings stay in the kernel; no file holds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets

from course import drawing
from course.arrays import ByteArray
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget

if TYPE_CHECKING:
    from course.figures.picture import Picture

_SIDE: Final = 280  # of the canvas, in CSS pixels


class DigitCollection(PicturedWidget):
    """A pad that asks for each digit several times, in random order.

    Attributes:
        asked: The digits to draw, in order.
        drawings: What has been kept: the digit, the strokes and the pen's width of each drawing.
        candidate: A drawing from the page; it is kept if it shows a digit.
        message: Why the last drawing was not kept, or an empty string.
    """

    _esm = frontend_file("digit_collection.js")
    _css = frontend_file("digit_pad.css")
    asked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    drawings: traitlets.List[Any] = traitlets.List().tag(sync=True)
    candidate = traitlets.Dict().tag(sync=True, echo_update=False)
    message = traitlets.Unicode().tag(sync=True)

    def __init__(self, per_digit: int = 2, seed: int = 0, **traits: Any) -> None:
        """Ask for each digit ``per_digit`` times; the seed decides about the order.

        Raises:
            ValueError: ``per_digit`` isn't 1 to 10.
        """
        if per_digit not in range(1, 11):
            raise ValueError(f"per_digit must be from 1 to 10, got {per_digit!r}")
        order = np.random.default_rng(seed).permutation(np.repeat(np.arange(10), per_digit))
        super().__init__(asked=[str(digit) for digit in order], **traits)
        self.observe(lambda change: self._consider(change["new"]), ["candidate"])

    @property
    def kept(self) -> list[tuple[int, ByteArray]]:
        """The digits that were asked for, each with its canvas, ``(280, 280, 4)`` uint8."""
        return [(int(drawn["digit"]), _canvas(drawn)) for drawn in self.drawings]

    def picture(self) -> Picture:
        """Draw the collected digits, or the stored ones while there are none."""
        from course.figures import drawing as figures

        kept = self.kept or [(int(n), drawing.stored()[n].rgba) for n in map(str, range(10))]
        return figures.collected(
            [(f"{digit}", drawing.preprocess(canvas).vector) for digit, canvas in kept]
        )

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return f"Pad that collects digits; {len(self.drawings)} of {len(self.asked)} kept so far."

    def _consider(self, drawn: dict[str, Any]) -> None:
        """Keep a drawing from the page, or say why not."""
        try:
            drawing.preprocess(_canvas(drawn))
        except drawing.DrawingError as error:
            self.message = str(error)
            return
        self.message = ""
        if len(self.drawings) < len(self.asked):
            self.drawings = [*self.drawings, drawn]


def _canvas(drawn: dict[str, Any]) -> ByteArray:
    return drawing.rasterise(drawn["strokes"], _SIDE, _SIDE, drawn["pen"])
