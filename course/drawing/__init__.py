"""From the pen's path to the 784 numbers that a model of digits wants.

Example:
    >>> from course import drawing
    >>> canvas = drawing.rasterise([[[90, 40], [60, 230]]])
    >>> found = drawing.preprocess(canvas)
    >>> found.vector.shape, found.stages[-1].range
    ((1, 784), '0 to 1')

============  ==============================================================
module        holds
============  ==============================================================
`ink`         strokes to a canvas with the ink in its alpha channel
`boxes`       the box around the ink, and the square
`pen`         the line made as thick as MNIST's
`centre`      20 by 20 in 28 by 28, by the center of mass
`resize`      averaging over areas, and Lanczos's filter
`steps`       all of it in order, every stage kept
`checks`      what can't be read, and how to say so
`strip`       the steps as small pictures and words, for a page
`examples`    drawings that come with the course
============  ==============================================================
"""

from __future__ import annotations

from course.drawing.boxes import Box, bounding_box
from course.drawing.errors import DrawingError
from course.drawing.examples import Drawing, stored
from course.drawing.ink import INK, PEN, Strokes, rasterise
from course.drawing.steps import WAYS, Preprocessed, Stage, Way, from_square, preprocess
from course.drawing.strip import stage_strip

__all__ = [
    "INK",
    "PEN",
    "WAYS",
    "Box",
    "Drawing",
    "DrawingError",
    "Preprocessed",
    "Stage",
    "Strokes",
    "Way",
    "bounding_box",
    "from_square",
    "preprocess",
    "rasterise",
    "stage_strip",
    "stored",
]
