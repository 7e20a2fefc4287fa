"""Two ways to make a picture smaller.

Example:
    >>> area(np.array([[0, 100, 200, 60]], np.uint8), (1, 2)).tolist()
    [[50, 130]]

``area`` gives each new pixel the average of what it covers: no ink is lost and none appears. It
is what happens when a page is scanned with fewer dots. ``lanczos``, the usual choice in web
services, keeps edges crisper, at the price of faint rings; Pillow computes it.
"""

from __future__ import annotations

import numpy as np

from course.drawing.ink import Bytes, Floats


def area(image: Bytes, shape: tuple[int, int]) -> Bytes:
    """Resize by averaging over areas.

    Args:
        image: ``(h, w)`` uint8.
        shape: Rows and columns of the result; may be larger, then pixels are repeated.

    Returns:
        ``shape`` uint8.
    """
    rows, columns = (_shares(old, new) for old, new in zip(image.shape, shape, strict=True))
    return np.rint(rows @ image.astype(np.float64) @ columns.T).astype(np.uint8)


def lanczos(image: Bytes, side: int) -> Bytes:
    """Resize to a square of ``side`` pixels with Lanczos's filter.

    Args:
        image: ``(h, w)`` or RGBA ``(h, w, 4)``, uint8.
        side: Rows and columns of the result.
    """
    from PIL import Image

    resized = Image.fromarray(image).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(resized, dtype=np.uint8)


def _shares(old: int, new: int) -> Floats:
    """Return each old pixel's share in each new one, ``(new, old)``; rows add up to 1."""
    edges = np.arange(new + 1) * (old / new)
    starts, ends = edges[:-1, None], edges[1:, None]
    pixel = np.arange(old)
    overlap = np.minimum(ends, pixel + 1) - np.maximum(starts, pixel)
    shares: Floats = np.clip(overlap, 0, None) * (new / old)
    return shares
