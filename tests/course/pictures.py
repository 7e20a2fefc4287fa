"""What holds for every figure."""

from __future__ import annotations

from collections.abc import Sequence

from course.figures.picture import Picture


def speak(pictures: Sequence[Picture], shortest: int = 60) -> None:
    """Each has a picture, and words of its own that say what it shows."""
    for picture in pictures:
        assert shortest < len(picture.alt) < 600
        assert picture.png().startswith(b"\x89PNG")
    assert len({picture.alt for picture in pictures}) == len(pictures)
