"""How far two subspaces are apart, whatever axes span them.

Example:
    >>> import numpy as np
    >>> plane = np.eye(3)[:2]
    >>> turned = np.array([[0.6, 0.8, 0], [-0.8, 0.6, 0]])  # other axes, the same plane
    >>> np.degrees(principal_angles(plane, turned)).round(6)
    array([0., 0.])
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course.metrics.arrays import Array, finite_matrix

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def principal_angles(a: ArrayLike, b: ArrayLike) -> Array:
    """Angles between two subspaces, smallest first: all 0 if they are the same.

    Example:
        >>> import numpy as np
        >>> floor, wall = [[1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, 1]]
        >>> np.degrees(principal_angles(floor, wall)).round(6)  # they share one direction
        array([ 0., 90.])

    Which axes span a subspace makes no difference; so one can see that a linear autoencoder
    finds PCA's subspace, though not its axes (Å. Björck and G. H. Golub 1973,
    https://doi.org/10.1090/S0025-5718-1973-0348991-3).

    Args:
        a: Axes as rows, ``(k, d)``, such as ``PCA.axes``; not necessarily orthonormal.
        b: Axes as rows, ``(l, d)``.

    Returns:
        min(k, l) angles in radians, 0 to π/2.

    Raises:
        ValueError: The axes have different widths, or one set spans less than it has axes.
    """
    from scipy.linalg import subspace_angles

    first, second = finite_matrix("a", a), finite_matrix("b", b)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"b: axes of {second.shape[1]} numbers, a's have {first.shape[1]}; "
            "both are rows, (k, d)."
        )
    for argument, axes in (("a", first), ("b", second)):
        if np.linalg.matrix_rank(axes) < len(axes):
            raise ValueError(f"{argument}: {len(axes)} axes that depend on each other.")
    angles: Array = subspace_angles(first.astype(float).T, second.astype(float).T)[::-1]
    return angles
