"""Lesson 8's explorer: which features of the digit classifier fire for a drawing.

Example:
    >>> from course import drawing
    >>> explorer = FeatureExplorer(strokes=drawing.stored()["7"].strokes)
    >>> strongest = explorer.strengths[0].argmax()
    >>> explorer.off = [int(strongest)]  # what is read without it?

The page prepares the drawing, runs the classifier and the dictionary of its features
(`course.assets.digit_features`), and leaves out the features that are off. So it needs no kernel.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import traitlets

from course import classifier, drawing
from course.arrays import Float32Array
from course.assets import digit_features
from course.widgets.frontend import frontend_file
from course.widgets.saved_picture import PicturedWidget

if TYPE_CHECKING:
    from course.figures.picture import Picture

_FIRST: Final[drawing.Strokes] = [[[150, 40], [130, 235]], [[60, 235], [200, 235]]]
"""A 1 with a foot, which is read differently without the feature for its foot."""


class FeatureExplorer(PicturedWidget):
    """A pad for one digit, the features that fire for it, and a switch for each of them.

    It starts with a 1 that stands on a foot.

    Example:
        >>> FeatureExplorer().strengths.shape == (1, digit_features.dictionary().features)
        True

    Attributes:
        strokes: The pen's path: lists of points ``[x, y]`` in CSS pixels. Can be set.
        pen: Width of the pen in CSS pixels, 1 to 200.
        off: The numbers of the features that are left out.
    """

    _esm = frontend_file("feature_explorer.js")
    _css = frontend_file("feature_explorer.css")
    classifier = traitlets.Bytes().tag(sync=True)
    dictionary = traitlets.Bytes().tag(sync=True)
    pictures = traitlets.Bytes().tag(sync=True)
    facts = traitlets.Dict().tag(sync=True)
    samples = traitlets.Dict().tag(sync=True)
    strokes: traitlets.List[Any] = traitlets.List().tag(sync=True, echo_update=False)
    pen = traitlets.Float(drawing.PEN, min=1, max=200).tag(sync=True, echo_update=False)
    off: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True, echo_update=False)

    def __init__(self, **traits: Any) -> None:
        facts = digit_features.facts()
        super().__init__(
            classifier=classifier.WEIGHTS.read_bytes(),
            dictionary=digit_features.WEIGHTS.read_bytes(),
            pictures=digit_features.PICTURES.read_bytes(),
            facts={
                "active": facts.active,
                "names": facts.names,
                "strongest": facts.strongest,
            },
            samples={
                name: dataclasses.asdict(pad)
                for name, pad in drawing.stored().items()
                if name.isdecimal()
            },
            **{"strokes": _FIRST} | traits,
        )

    @traitlets.validate("off")
    def _check_off(self, proposal: dict[str, Any]) -> Any:
        count = digit_features.dictionary().features
        for feature in proposal["value"]:
            if not 0 <= feature < count:
                raise traitlets.TraitError(
                    f"off must hold features from 0 to {count - 1}, got {feature}"
                )
        return proposal["value"]

    @property
    def vector(self) -> Float32Array:
        """The 784 numbers of the drawing, ``(1, 784)``.

        Raises:
            DrawingError: The drawing doesn't show exactly one digit.
        """
        canvas = drawing.rasterise(self.strokes, pen=self.pen)
        return drawing.preprocess(canvas).vector

    @property
    def strengths(self) -> Float32Array:
        """How strongly each feature fires, ``(1, features)``; raises as `vector` does."""
        hidden = classifier.load().hidden(self.vector)
        return digit_features.dictionary().encode(hidden)

    @property
    def probabilities(self) -> Float32Array:
        """What is read without the features that are off, ``(1, 10)``; raises as `vector` does."""
        reader, net = classifier.load(), digit_features.dictionary()
        hidden = reader.hidden(self.vector)
        strengths = net.encode(hidden)[:, self.off]
        left = reader.logits_from_hidden(hidden - strengths @ net.decoder[self.off])
        return classifier.softmax(left)

    def picture(self) -> Picture:
        """Draw the drawing and the features that fire for it, or for the first drawing."""
        from course.figures import sparse as figures

        try:
            image = self.vector
        except drawing.DrawingError:
            image = drawing.preprocess(drawing.rasterise(_FIRST)).vector
        hidden = classifier.load().hidden(image)
        strengths = digit_features.dictionary().encode(hidden)[0]
        order = np.argsort(-strengths).tolist()
        return figures.fired(image, strengths, [i for i in order if strengths[i] > 0])

    def __repr__(self) -> str:
        """Return the text for pages without widgets."""
        return "Feature explorer; the figure below shows one drawing without interaction."
