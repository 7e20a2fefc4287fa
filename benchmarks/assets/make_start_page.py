"""Compute the picture on the start page: ``python -m benchmarks.assets.make_start_page``.

A drawn digit, its code of 30 numbers, and the copy made of them, by the shipped digit autoencoder.
The script writes ``course/labextension/static/home_picture.js``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

import course
from course import atomic_write, drawing
from course.arrays import Float32Array
from course.autoencoder import frozen

_OUT: Final = Path(course.__file__).parent / "labextension" / "static" / "home_picture.js"
_HEADER: Final = """\
// A digit, its code of 30 numbers, and the copy, written by benchmarks/assets/make_start_page.py.
// A picture is 28 rows of 28 hexadecimal digits, from 0 (paper) to f (ink).

"""


def main() -> None:
    """Write the script."""
    sample = drawing.stored()["3"]
    pixels = drawing.preprocess(drawing.rasterise(sample.strokes, pen=sample.pen)).vector
    net = frozen.digits()
    code = net.encode(pixels)
    copy = net.decode(code)
    heights = np.rint(100 * code[0] / np.abs(code).max()).astype(int)
    lines = [
        f'export const DIGIT = "{_hexadecimal(pixels)}";',
        f"export const CODE = {heights.tolist()};",
        f'export const COPY = "{_hexadecimal(copy)}";',
    ]
    atomic_write.write_text(_OUT, _HEADER + "\n".join(lines) + "\n")


def _hexadecimal(pixels: Float32Array) -> str:
    return "".join(f"{level:x}" for level in np.rint(15 * pixels.ravel()).astype(int))


if __name__ == "__main__":
    main()
