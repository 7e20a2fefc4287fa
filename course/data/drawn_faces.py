"""The data set of faces that the course draws itself.

Example:
    >>> load().x_train.shape
    (2250, 784)
"""

from __future__ import annotations

from typing import Final

from course.data.dataset import Dataset
from course.data.face_drawing import draw
from course.data.face_factors import EMOTIONS, FaceFactors, random_faces

PEOPLE: Final = 600
TRAINING_PEOPLE: Final = 450
PICTURES_EACH: Final = 5
_SEED: Final = 2006


def load() -> Dataset:
    """Draw 600 people, each with all five emotions; the last 150 people are the test set.

    There are many people with few pictures each because a network that sees only a few people
    memorizes them and fails on new ones.
    """
    factors, emotion = random_faces(PEOPLE, PICTURES_EACH, _SEED)
    train = factors.identity < TRAINING_PEOPLE
    return Dataset.split(
        draw(factors),
        emotion,
        train,
        name="faces",
        labels=EMOTIONS,
        source="drawn",
        note="faces drawn by the course, labeled by emotion",
        factors_train=FaceFactors._make(values[train] for values in factors),
        factors_test=FaceFactors._make(values[~train] for values in factors),
    )
