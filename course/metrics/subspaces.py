"""Compare subspaces independently of their axes, and sets of directions one by one.

Example:
    >>> import numpy as np
    >>> plane = np.eye(3)[:2]
    >>> turned = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0]])  # other axes, the same plane
    >>> np.degrees(principal_angles(plane, turned)).round(6)
    array([0., 0.])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from course.arrays import FloatArray, finite_matrix


def principal_angles(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the angles between two subspaces, smallest first; all are 0 if they are the same.

    Example:
        >>> import numpy as np
        >>> floor, wall = [[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1]]
        >>> np.degrees(principal_angles(floor, wall)).round(6)  # they share one direction
        array([ 0., 90.])

    The angles don't depend on which axes span a subspace. So they show that a linear autoencoder
    finds PCA's subspace, though not its axes (Å. Björck and G. H. Golub 1973,
    https://doi.org/10.1090/S0025-5718-1973-0348991-3).

    Args:
        a: Axes as rows, ``(k, d)``, such as ``PCA.axes``; not necessarily orthonormal.
        b: Axes as rows, ``(l, d)``.

    Returns:
        min(k, l) angles in radians, 0 to π/2.

    Raises:
        ValueError: The axes have different widths, or one set is linearly dependent.
    """
    from scipy.linalg import subspace_angles

    first, second = finite_matrix("a", a), finite_matrix("b", b)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"b must have as many columns as a ({first.shape[1]}), got {second.shape[1]}; "
            "axes are rows."
        )
    for name, axes in (("a", first), ("b", second)):
        if np.linalg.matrix_rank(axes) < len(axes):
            raise ValueError(f"The {len(axes)} axes of {name} must be linearly independent.")
    angles: FloatArray = subspace_angles(first.astype(float).T, second.astype(float).T)[::-1]
    return angles


def cosines(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Return the cosine between every row of ``a`` and every row of ``b``, ``(k, l)``.

    Example:
        >>> cosines([[3, 0], [0, 1]], [[1, 0], [-1, 0]]).tolist()
        [[1.0, -1.0], [0.0, 0.0]]

    Rows of length 0 have the cosine 0 with everything.
    """
    first, second = (
        rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        for rows in (finite_matrix("a", a), finite_matrix("b", b))
    )
    result: FloatArray = first @ second.T
    return result


def match_directions(a: ArrayLike, b: ArrayLike) -> FloatArray:
    """Pair rows of ``a`` with rows of ``b``, each at most once; return the pairs' cosines.

    Example:
        >>> match_directions([[3, 0], [0, 1]], [[0, 2], [1, 0], [1, 1]]).tolist()
        [1.0, 1.0]

    Of all pairings, it is the one with the largest sum of cosines (the assignment problem).

    Returns:
        min(k, l) cosines, in the order of the rows of the smaller set.
    """
    from scipy.optimize import linear_sum_assignment

    table = cosines(a, b)
    if len(table) > table.shape[1]:
        table = table.T
    result: FloatArray = table[linear_sum_assignment(table, maximize=True)]
    return result
