"""A pad to draw a digit on, and what becomes of it: step by step, up to 784 numbers and a class.

Example:
    >>> from course import drawing
    >>> pad = DigitPad()
    >>> pad.strokes = drawing.stored()["7"].strokes  # or draw with mouse, pen, finger, keys
    >>> pad.vector.shape
    (1, 784)

The page sends one message a stroke, with the path of the pen and no pixels; here ``course.drawing``
makes the same canvas of it and sends back small pictures of every step.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any, Final, Literal, cast

import anywidget
import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course import drawing
from course.widgets.frontend import frontend_file

_BEGIN: Final = "Draw a digit, 0 to 9."

Classify = Callable[[NDArray[np.float32]], ArrayLike]


class DigitPad(anywidget.AnyWidget):
    """A canvas for one digit.

    Attributes:
        strokes: The pen's path: lists of points ``[x, y]`` in CSS pixels. May be set.
        pen: Width of the pen in CSS pixels, 1 to 200.
        width: Of the canvas in CSS pixels. When it changes, the pad on the page is built anew; what
            is drawn keeps its place.
        height: Of the canvas in CSS pixels; as for the width.
        way: ``"mnist"`` or ``"lecture"``: how the drawing is prepared.
        deployment: ``"model"`` or ``"function"``: whom the payload is for.
    """

    _esm = frontend_file("digit_pad.js")
    _css = frontend_file("digit_pad.css")
    strokes: traitlets.List[Any] = traitlets.List().tag(sync=True, echo_update=False)
    pen = traitlets.Float(drawing.PEN, min=1, max=200).tag(sync=True, echo_update=False)
    width = traitlets.Int(280, min=8, max=2048).tag(sync=True)
    height = traitlets.Int(280, min=8, max=2048).tag(sync=True)
    way = traitlets.Enum(drawing.WAYS, default_value="mnist").tag(sync=True, echo_update=False)
    deployment = traitlets.Enum(("model", "function"), default_value="model").tag(
        sync=True, echo_update=False
    )
    samples = traitlets.Dict().tag(sync=True)
    classifies = traitlets.Bool(False).tag(sync=True)  # noqa: FBT003  (a trait's default)
    found = traitlets.Dict().tag(sync=True)

    def __init__(self, classify: Classify | None = None, **traits: Any) -> None:
        """Begin with an empty canvas, or with ``strokes=...``.

        Args:
            classify: Takes ``(1, 784)`` and returns ten probabilities, ``(10,)`` or ``(1, 10)``.
                Plain NumPy, so that it answers at once.
            **traits: The attributes.
        """
        self._classify = classify
        names = [str(digit) for digit in range(10)]
        samples = {
            name: dataclasses.asdict(one) for name, one in drawing.stored().items() if name in names
        }
        super().__init__(samples=samples, classifies=classify is not None, **traits)
        self.observe(
            lambda _: self._update(),
            names=["strokes", "pen", "width", "height", "way", "deployment"],
        )
        self._update()

    @property
    def rgba(self) -> NDArray[np.uint8]:
        """The canvas, ``(height, width, 4)`` uint8; the ink is in the alpha channel."""
        return drawing.rasterise(self.strokes, self.width, self.height, self.pen)

    @property
    def preprocessed(self) -> drawing.Preprocessed:
        """Every step of the way.

        Raises:
            DrawingError: No single digit can be read; says what to change.
        """
        return drawing.preprocess(self.rgba, cast("drawing.Way", self.way))

    @property
    def vector(self) -> NDArray[np.float32]:
        """The 784 numbers, ``(1, 784)`` in [0, 1].

        Raises:
            DrawingError: As for `preprocessed`.
        """
        return self.preprocessed.vector

    @property
    def payload(self) -> dict[str, Any]:
        """What is sent to the chosen deployment, ready for JSON.

        Raises:
            DrawingError: As for `preprocessed`.
        """
        return self.preprocessed.payload(cast("Literal['model', 'function']", self.deployment))

    def __repr__(self) -> str:
        """What a page without widgets shows instead."""
        strokes = len(self.strokes)
        return f"Pad for drawing a digit; {strokes} stroke{'' if strokes == 1 else 's'} so far."

    def _update(self) -> None:
        """Prepare and classify what is drawn, and tell the page."""
        if not self.strokes:
            self.found = {"words": _BEGIN}
            return
        try:
            found = self.preprocessed
        except drawing.DrawingError as error:
            self.found = {"words": str(error), "trouble": True}
            return
        page = drawing.stage_strip(found)
        words = list(found.notes)
        if self._classify is not None:
            probabilities = np.asarray(self._classify(found.vector), dtype=np.float64).ravel()
            digit = int(probabilities.argmax())
            page |= {"digit": digit, "probabilities": probabilities.tolist()}
            words.insert(
                0, f"Read as {digit}, with a probability of {100 * probabilities[digit]:.0f} %."
            )
        else:
            words.insert(0, f"{len(found.stages) - 1} steps, 784 numbers.")
        self.found = page | {
            "words": " ".join(words),
            "trouble": bool(found.notes),
            "payload": self._payload_text(found),
        }

    def _payload_text(self, found: drawing.Preprocessed) -> str:
        """Return the payload as text; of the long function payload the beginning."""
        if self.deployment == "model":
            values = json.dumps(found.payload("model")["values"][0])
            return f'{{"values": [{values}]}}'
        side = len(found.square)
        first = json.dumps(found.square.ravel()[:400].tolist())[:-1]
        total = f"{found.square.size:,} numbers"
        return f'{{"values": [{{"data": {first}, … {total}], "height": {side}}}]}}'
