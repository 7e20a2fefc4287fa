"""The course's map: what each lesson takes, needs and gives. The start page shows it.

Example:
    >>> LESSONS[0].title
    'Introduction to autoencoders'

``make build`` writes ``lessons.json`` from the lessons' texts, so a new lesson needs no code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Lesson:
    """A lesson on the map.

    Attributes:
        name: The assignment's name and folder.
        title: The lesson's heading.
        minutes: The least and the most time for reading, playing and solving.
        needs: What to know before.
        gives: What you can do afterward; completes the sentence "You can ...".
    """

    name: str
    title: str
    minutes: tuple[int, int]
    needs: str
    gives: str


def _read(path: Path) -> tuple[Lesson, ...]:
    entries = json.loads(path.read_text(encoding="utf-8"))
    return tuple(Lesson(**{**entry, "minutes": tuple(entry["minutes"])}) for entry in entries)


LESSONS: Final = _read(Path(__file__).with_suffix(".json"))
