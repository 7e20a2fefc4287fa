"""Two ways to shrink an image.

Example:
    >>> area(np.array([[0, 100, 200, 60]], np.uint8), (1, 2)).tolist()
    [[50, 130]]

``area`` averages the pixels that each new pixel covers, so the total amount of ink stays the same,
as in a scan with a lower resolution. ``lanczos``, the usual choice in web services, keeps edges
sharper but adds faint rings; Pillow computes it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.arrays import ByteArray, Float64Array

_STEPS: Final = 2**20  # per gray level; `course/widgets/gray_image.js` rounds alike


def area(image: ByteArray, shape: tuple[int, int]) -> ByteArray:
    """Resize ``(h, w)`` uint8 to ``shape`` by averaging over areas.

    If the result is larger, pixels are repeated.
    """
    rows, columns = (_shares(old, new) for old, new in zip(image.shape, shape, strict=True))
    levels = rows @ image.astype(np.float64) @ columns.T
    # Sums in another order, as in the browser or another BLAS, must not round halves differently.
    return np.rint(np.rint(levels * _STEPS) / _STEPS).astype(np.uint8)


def fit_longer_side(image: ByteArray, side: int) -> ByteArray:
    """Resize by `area` so that the longer side has ``side`` pixels, keeping the aspect ratio."""
    scale = side / max(image.shape)
    rows, columns = (max(1, round(size * scale)) for size in image.shape)
    return area(image, (rows, columns))


def lanczos(image: ByteArray, side: int) -> ByteArray:
    """Resize ``(h, w)`` or RGBA ``(h, w, 4)``, uint8, to a square with Lanczos's filter."""
    from PIL import Image

    resized = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.uint8)


def _shares(old: int, new: int) -> Float64Array:
    """Return each old pixel's share of each new one, ``(new, old)``; rows sum to 1."""
    edges = np.arange(new + 1) * (old / new)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixel = np.arange(old)
    overlap = np.minimum(ends, pixel + 1) - np.maximum(starts, pixel)
    shares: Float64Array = np.clip(overlap, 0, None) * (new / old)
    return shares
