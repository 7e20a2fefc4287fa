"""The course's map: what each lesson takes, needs and gives. The start page shows it.

Example:
    >>> LESSONS[0].title
    'Introduction to autoencoders'
    >>> sum(lesson.minutes[1] for lesson in LESSONS) // 60  # hours, at a calm pace
    9
"""

from __future__ import annotations

from dataclasses import dataclass
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


LESSONS: Final = (
    Lesson(
        "01-intro",
        "Introduction to autoencoders",
        (75, 90),
        "Python, NumPy arrays, and mathematics from school",
        "say what an autoencoder learns, and from what, and measure how good a copy is",
    ),
    Lesson(
        "02-curse-of-dimensionality",
        "The curse of dimensionality",
        (90, 90),
        "Lesson 1; powers and logarithms",
        "tell why spaces with many dimensions are nearly empty, and why pictures escape the curse",
    ),
    Lesson(
        "03-pca-comparison",
        "PCA against autoencoders",
        (90, 90),
        "Lesson 1; matrix products",
        "write PCA yourself, and judge fairly which of two codes is better",
    ),
    Lesson(
        "04-architecture",
        "The architecture of an autoencoder",
        (90, 90),
        "Lesson 1; derivatives and the chain rule",
        "read a network, count its numbers, and carry an error back through it by hand",
    ),
    Lesson(
        "05-autoencoder-lab",
        "Lab: an autoencoder from 784 numbers to 30",
        (100, 100),
        "Lessons 1 and 4",
        "build and train a deep autoencoder in Keras, and recognize a good error",
    ),
    Lesson(
        "06-digit-canvas",
        "The digit canvas",
        (100, 100),
        "Lesson 1",
        "turn a drawing into 784 numbers, serve a model, and name what fools it",
    ),
)
