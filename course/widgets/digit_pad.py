"""A pad for drawing a digit; it shows every step from the drawing to 784 numbers and a class.

Example:
    >>> from course import drawing
    >>> pad = DigitPad()
    >>> pad.strokes = drawing.stored()["7"].strokes  # or draw: mouse, pen, finger, keyboard
    >>> pad.vector.shape
    (1, 784)

The page sends one message per stroke, with the pen's path and no pixels. ``course.drawing`` draws
the same canvas from it, and the widget sends back a small picture of every step.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from course import drawing
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget

if TYPE_CHECKING:
    from course.figures.picture import Picture

_SHOWN_NUMBERS: Final = 400  # of a function payload
_PROMPT: Final = "Draw a digit, 0 to 9."

Classify = Callable[[NDArray[np.float32]], ArrayLike]


class DigitPad(PicturedWidget):
    """A canvas for one digit.

    Attributes:
        strokes: The pen's path: lists of points ``[x, y]`` in CSS pixels. Can be set.
        pen: Width of the pen in CSS pixels, 1 to 200.
        width: Width of the canvas in CSS pixels. A new size rebuilds the pad on the page; the
            drawing keeps its position.
        height: Height of the canvas in CSS pixels.
        way: ``"mnist"`` or ``"lecture"``: how the drawing is preprocessed.
        deployment: ``"model"`` or ``"function"``: the receiver of the payload.
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
        """Start with an empty canvas, or with ``strokes=...``.

        Args:
            classify: Takes ``(1, 784)`` and returns ten probabilities, ``(10,)`` or ``(1, 10)``.
                Use plain NumPy, so that it answers at once.
            **traits: Initial values of the attributes.
        """
        self._classify = classify
        stored = drawing.stored().items()
        samples = {name: dataclasses.asdict(pad) for name, pad in stored if name.isdecimal()}
        super().__init__(samples=samples, classifies=classify is not None, **traits)
        names = ["strokes", "pen", "width", "height", "way", "deployment"]
        self.observe(lambda _: self._update(), names)
        self._update()

    @property
    def rgba(self) -> NDArray[np.uint8]:
        """The canvas, ``(height, width, 4)`` uint8; the ink is in the alpha channel."""
        return drawing.rasterise(self.strokes, self.width, self.height, self.pen)

    @property
    def preprocessed(self) -> drawing.Preprocessed:
        """The result of every preprocessing step.

        Raises:
            DrawingError: The drawing doesn't show exactly one digit.
        """
        return drawing.preprocess(self.rgba, cast("drawing.Way", self.way))

    @property
    def vector(self) -> NDArray[np.float32]:
        """The 784 numbers, ``(1, 784)`` in [0, 1]; raises as `preprocessed` does."""
        return self.preprocessed.vector

    @property
    def payload(self) -> dict[str, Any]:
        """The request to the chosen deployment, ready for JSON; raises as `preprocessed` does."""
        return self.preprocessed.payload(cast("Literal['model', 'function']", self.deployment))

    def picture(self) -> Picture:
        """Draw the steps of the drawing, or those of a stored 7."""
        from course.figures import drawing as figures

        try:
            preprocessed = self.preprocessed
        except drawing.DrawingError:
            preprocessed = drawing.preprocess(drawing.stored()["7"].rgba)
        return figures.stages(preprocessed)

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        strokes = len(self.strokes)
        return f"Pad for drawing a digit; {strokes} stroke{'' if strokes == 1 else 's'} so far."

    def _update(self) -> None:
        """Preprocess and classify the drawing, and send the results to the page."""
        if not self.strokes:
            self.found = {"words": _PROMPT}
            return
        try:
            preprocessed = self.preprocessed
        except drawing.DrawingError as error:
            self.found = {"words": str(error), "trouble": True}
            return
        page = drawing.stage_strip(preprocessed)
        if self._classify is None:
            message = f"{len(preprocessed.stages) - 1} steps, 784 numbers."
        else:
            vector = preprocessed.vector
            probabilities = np.asarray(self._classify(vector), dtype=np.float64).ravel()
            digit = int(probabilities.argmax())
            page |= {"digit": digit, "probabilities": probabilities.tolist()}
            message = f"Read as {digit} with a probability of {probabilities[digit]:.0%}."
        self.found = page | {
            "words": " ".join([message, *preprocessed.notes]),
            "trouble": bool(preprocessed.notes),
            "payload": self._payload_text(preprocessed),
        }

    def _payload_text(self, preprocessed: drawing.Preprocessed) -> str:
        """Return the payload as JSON text; a function payload is too long and is cut."""
        if self.deployment == "model":
            return json.dumps(preprocessed.payload("model"))
        square = preprocessed.square
        beginning = json.dumps(square.ravel()[:_SHOWN_NUMBERS].tolist())[:-1]
        rest = f"… {square.size:,} numbers"
        return f'{{"values": [{{"data": {beginning}, {rest}], "height": {len(square)}}}]}}'
