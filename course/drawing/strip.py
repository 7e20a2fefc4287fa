r"""Describe the preprocessing stages for a page: small images and short texts, no large arrays.

Example:
    >>> from course import drawing
    >>> page = stage_strip(drawing.preprocess(drawing.stored()["7"].rgba))
    >>> [stage["name"] for stage in page["stages"]]
    ['canvas', 'box', 'square', 'gray', 'pen', 'fit', 'mass', 'row', 'numbers']
    >>> stage = page["stages"][5]
    >>> stage["shape"], stage["range"], len(stage["pixels"]) == stage["rows"] * stage["columns"]
    ('20\u2009×\u200914', '0 to 255', True)
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from course.arrays import ByteArray
from course.drawing.resize import fit_longer_side
from course.drawing.steps import Preprocessed, Stage

_MAX_SIDE: Final = 96  # of an image in the strip, in pixels


def stage_strip(preprocessed: Preprocessed) -> dict[str, Any]:
    """Return the data for a strip of images, one per stage.

    Returns:
        ``stages``: a dict each with ``name``, ``sentence``, ``shape``, ``dtype``, ``range`` (all
        text), ``rows``, ``columns`` and ``pixels`` (one byte per pixel: the ink). ``box``: top,
        left, bottom, right as fractions of the canvas. ``notes``: sentences.
    """
    height, width = preprocessed.stages[0].shape[:2]
    box = preprocessed.box
    return {
        "stages": [_stage(stage) for stage in preprocessed.stages],
        "box": [box.top / height, box.left / width, box.bottom / height, box.right / width],
        "notes": list(preprocessed.notes),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    image = _image(stage)
    return {
        "name": stage.name,
        "sentence": stage.sentence,
        "shape": "\u2009×\u2009".join(str(size) for size in stage.shape),
        "dtype": stage.dtype,
        "range": stage.range,
        "rows": image.shape[0],
        "columns": image.shape[1],
        "pixels": image.tobytes(),
    }


def _image(stage: Stage) -> ByteArray:
    """Return a stage's ink with at most 96 pixels per side; a row of numbers stays a row."""
    array = stage.array
    if array.dtype != np.uint8:
        gray: ByteArray = np.rint(255 * array).astype(np.uint8)
        return gray
    ink: ByteArray = array[..., 3] if array.ndim == 3 else array
    if len(ink) == 1 or max(ink.shape) <= _MAX_SIDE:
        return np.ascontiguousarray(ink)
    return fit_longer_side(ink, _MAX_SIDE)
