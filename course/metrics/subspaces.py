"""Compare subspaces independently of the axes that span them.

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
