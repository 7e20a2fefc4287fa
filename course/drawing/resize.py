"""Two ways to shrink an image.

Example:
    >>> area(np.array([[0, 100, 200, 60]], np.uint8), (1, 2)).tolist()
    [[50, 130]]

``area`` averages the pixels that each new pixel covers, so the total amount of ink stays the same,
as in a scan with a lower resolution. ``lanczos``, the usual choice in web services, keeps edges
sharper but adds faint rings; Pillow computes it.
"""

from __future__ import annotations

import numpy as np

from course.arrays import ByteArray, Float64Array


def area(image: ByteArray, shape: tuple[int, int]) -> ByteArray:
    """Resize by averaging over areas.

    Args:
        image: ``(h, w)`` uint8.
        shape: Rows and columns of the result; if it is larger, pixels are repeated.

    Returns:
        ``shape`` uint8.
    """
    rows, columns = (_shares(old, new) for old, new in zip(image.shape, shape, strict=True))
    return np.rint(rows @ image.astype(np.float64) @ columns.T).astype(np.uint8)


def lanczos(image: ByteArray, side: int) -> ByteArray:
    """Resize to a square of ``side`` pixels with Lanczos's filter.

    Args:
        image: ``(h, w)`` or RGBA ``(h, w, 4)``, uint8.
        side: Rows and columns of the result.
    """
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
