"""The data set of faces that the course draws itself.

Example:
    >>> load().x_train.shape
    (2250, 784)
"""

from __future__ import annotations

from typing import Final

import numpy as np

from course.data.dataset import Dataset
from course.data.face_drawing import draw
from course.data.face_factors import EMOTIONS, FaceFactors, random_faces

PEOPLE: Final = 600
TRAINING_PEOPLE: Final = 450
PICTURES_EACH: Final = 5
_SEED: Final = 2006
NOTE: Final = "faces drawn by the course, labeled by emotion"


def load() -> Dataset:
    """Draw 600 people, each with all five emotions; the last 150 people are the test set.

    There are many people with few pictures each because a network that sees only a few people
    memorizes them and fails on new ones.

    Example:
        >>> faces = load()
        >>> faces.labels
        ('angry', 'happy', 'neutral', 'sad', 'surprised')

    Returns:
        2,250 and 750 faces, their emotions, and the factors they were drawn from.
    """
    factors, emotion = random_faces(PEOPLE, PICTURES_EACH, _SEED)
    images = draw(factors)
    train = factors.identity < TRAINING_PEOPLE
    return Dataset(
        name="faces",
        x_train=images[train],
        y_train=emotion[train],
        x_test=images[~train],
        y_test=emotion[~train],
        labels=EMOTIONS,
        source="drawn",
        note=NOTE,
        factors_train=_select(factors, train),
        factors_test=_select(factors, ~train),
    )


def _select(factors: FaceFactors, mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> FaceFactors:
    return FaceFactors._make(values[mask] for values in factors)
