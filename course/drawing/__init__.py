"""Turn pen strokes into the 784 numbers that a digit model expects.

Example:
    >>> from course import drawing
    >>> canvas = drawing.rasterise([[[90, 40], [60, 230]]])
    >>> result = drawing.preprocess(canvas)
    >>> result.vector.shape, result.stages[-1].range
    ((1, 784), '0 to 1')

============  ==============================================================
module        content
============  ==============================================================
`ink`         draw strokes on a canvas; the alpha channel holds the ink
`boxes`       bounding box and square
`pen`         normalize the line thickness to MNIST's
`centre`      fit into 20 by 20, center in 28 by 28 by mass
`resize`      area averaging and Lanczos resampling
`steps`       the whole pipeline, with every stage
`checks`      reject drawings that can't be read
`strip`       the stages as small images and texts for a page
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
