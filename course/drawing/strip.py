r"""The steps as a page draws them: small pictures and short words, no large arrays.

Example:
    >>> from course import drawing
    >>> page = stage_strip(drawing.preprocess(drawing.stored()["7"].rgba))
    >>> [stage["name"] for stage in page["stages"]]
    ['canvas', 'box', 'square', 'grey', 'pen', 'fit', 'mass', 'row', 'numbers']
    >>> stage = page["stages"][5]
    >>> stage["shape"], stage["range"], len(stage["pixels"]) == stage["rows"] * stage["columns"]
    ('20\u2009×\u200914', '0 to 255', True)
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from course.drawing.ink import Bytes
from course.drawing.resize import area
from course.drawing.steps import Preprocessed, Stage

_LARGEST: Final = 96  # pixels of a picture in the strip


def stage_strip(found: Preprocessed) -> dict[str, Any]:
    """Return what a strip of pictures needs.

    Returns:
        ``stages``: for each a dict of ``name``, ``sentence``, ``shape``, ``dtype``, ``range`` (all
        text), ``rows``, ``columns`` and ``pixels`` (bytes, one a pixel: the ink). ``box``: top,
        left, bottom, right as shares of the canvas. ``notes``: sentences.
    """
    height, width = found.stages[0].shape[:2]
    box = found.box
    return {
        "stages": [_stage(stage) for stage in found.stages],
        "box": [box.top / height, box.left / width, box.bottom / height, box.right / width],
        "notes": list(found.notes),
    }


def _stage(stage: Stage) -> dict[str, Any]:
    picture = _picture(stage)
    return {
        "name": stage.name,
        "sentence": stage.sentence,
        "shape": "\u2009×\u2009".join(str(size) for size in stage.shape),
        "dtype": stage.dtype,
        "range": stage.range,
        "rows": picture.shape[0],
        "columns": picture.shape[1],
        "pixels": picture.tobytes(),
    }


def _picture(stage: Stage) -> Bytes:
    """Return the ink of a stage, at most 96 pixels a side; a row of numbers stays a row."""
    array = stage.array
    if array.dtype != np.uint8:
        grey: Bytes = np.rint(255 * array).astype(np.uint8)
        return grey
    ink: Bytes = array[..., 3] if array.ndim == 3 else array
    longest = max(ink.shape)
    if len(ink) == 1 or longest <= _LARGEST:
        return np.ascontiguousarray(ink)
    rows, columns = (max(1, round(side * _LARGEST / longest)) for side in ink.shape)
    return area(ink, (rows, columns))
