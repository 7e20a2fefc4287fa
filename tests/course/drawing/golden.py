"""The 784 gray levels of the ten stored drawings, as last checked by eye.

Run ``python -m tests.course.drawing.golden`` to write them anew, when a step of
``course.drawing`` is meant to change; the difference shows what it did to each digit. A row of a
picture is a line of the file, two hexadecimal figures per pixel.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from course import drawing

PLACE = Path(__file__).with_name("golden.json")
Golden = dict[str, dict[str, NDArray[np.uint8]]]


def made() -> Golden:
    """Return what the drawings become now: by way and name, ``(28, 28)``."""
    return {way: {str(digit): grey(str(digit), way) for digit in range(10)} for way in drawing.WAYS}


def grey(name: str, way: drawing.Way) -> NDArray[np.uint8]:
    vector = drawing.preprocess(drawing.stored()[name].rgba, way).vector
    levels: NDArray[np.uint8] = np.rint(255 * vector.astype(np.float64)).astype(np.uint8)
    return levels.reshape(28, 28)


def stored() -> Golden:
    """Return what the file holds."""
    text = json.loads(PLACE.read_text(encoding="utf-8"))
    return {
        way: {
            name: np.array([list(bytes.fromhex(row)) for row in rows], np.uint8)
            for name, rows in pictures.items()
        }
        for way, pictures in text.items()
    }


def main() -> None:
    text = {
        way: {name: [row.tobytes().hex() for row in image] for name, image in pictures.items()}
        for way, pictures in made().items()
    }
    PLACE.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
