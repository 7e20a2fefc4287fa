"""Measure the quality of reconstructions and codes.

Example:
    >>> import numpy as np
    >>> x = np.array([[0.0, 1.0], [1.0, 1.0]])
    >>> squared_error(x, np.full((2, 2), 0.5))
    0.5

`course.metrics.errors` compares images with their reconstructions, `course.metrics.codes` and
`course.metrics.report` evaluate codes, `course.metrics.subspaces` compares axes and
directions.
"""

from __future__ import annotations

from course.metrics.codes import knn_accuracy, linear_probe, silhouette, trustworthiness
from course.metrics.errors import (
    cross_entropy,
    cross_entropy_floor,
    mean_squared_error,
    squared_error,
    squared_errors,
)
from course.metrics.report import Separability, separability, separability_table
from course.metrics.subspaces import cosines, match_directions, principal_angles

__all__ = [
    "Separability",
    "cosines",
    "cross_entropy",
    "cross_entropy_floor",
    "knn_accuracy",
    "linear_probe",
    "match_directions",
    "mean_squared_error",
    "principal_angles",
    "separability",
    "separability_table",
    "silhouette",
    "squared_error",
    "squared_errors",
    "trustworthiness",
]
