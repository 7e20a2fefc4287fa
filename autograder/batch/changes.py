"""What a run changes for a student: cells, score and late penalty, before and after, and why."""

from __future__ import annotations

from typing import Final

from autograder.batch.inputs import GradingInputs
from autograder.nbgrader_plugins.gradebook_reader import CellKey, StoredSubmission
from autograder.score_history import Cause, Change

_TOLERANCE: Final = 1e-9  # sums of thirds


def changed_cells(before: StoredSubmission | None, now: StoredSubmission) -> dict[CellKey, Change]:
    """Return the points of each cell that changed, before and after, with what a person gave.

    Example:
        >>> old = StoredSubmission(points={("small", "dice"): 0.0})
        >>> changed_cells(old, StoredSubmission(points={("small", "dice"): 1.0}))
        {('small', 'dice'): (0.0, 1.0)}
    """
    if before is None:
        return {}
    changes = {
        key: (before.earned(key), now.earned(key))
        for key in before.points.keys() | now.points.keys()
    }
    return {key: change for key, change in sorted(changes.items()) if differs(*change)}


def differs(before: float | None, now: float | None) -> bool:
    """Return whether two numbers of points aren't the same."""
    if before is None or now is None:
        return before is not now
    return abs(before - now) > _TOLERANCE


def causes(
    before: StoredSubmission | None,
    now: StoredSubmission,
    older: GradingInputs | None,
    newer: GradingInputs,
) -> list[Cause]:
    """Return why a student's points changed; empty if they didn't."""
    cells = changed_cells(before, now)
    found: list[Cause] = []
    if cells:
        found = newer.causes(older, {f"{notebook}/{cell}" for notebook, cell in cells})
        found = found or [Cause(kind="again")]
    if before is not None and differs(before.penalty, now.penalty) and not found:
        found = [Cause(kind="late")]
    return found
