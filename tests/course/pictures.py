"""A check for all figures."""

from __future__ import annotations

from collections.abc import Sequence

from course.figures.picture import Picture


def check_pictures(pictures: Sequence[Picture], min_chars: int = 60) -> None:
    """Check that each picture can be drawn and has its own description."""
    for picture in pictures:
        assert min_chars < len(picture.alt) < 600
        assert picture.png().startswith(b"\x89PNG")
    assert len({picture.alt for picture in pictures}) == len(pictures)
