"""Why a person must look at a submission, in the same words for the run and the export."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

SCORED_BY_HAND: Final = "A person scored this before it was graded again; confirm that score."


def review_reasons(
    needs_review: AbstractSet[str], by_hand: AbstractSet[str], recorded: Mapping[str, str]
) -> str:
    """Say why cells need review.

    Example:
        >>> review_reasons({"dice", "half"}, {"dice"}, {"half": "The test is broken."})
        'dice: A person scored this before ... confirm that score. half: The test is broken.'

    Args:
        needs_review: The names of the cells.
        by_hand: Cells that a person has scored.
        recorded: Why grading gave a cell no points.
    """
    cells_by_reason: dict[str, list[str]] = {}
    for name in sorted(needs_review):
        reason = recorded.get(name) or (SCORED_BY_HAND if name in by_hand else "")
        cells_by_reason.setdefault(reason, []).append(name)
    unexplained = cells_by_reason.pop("", [])
    if len(cells_by_reason) == 1 and len(needs_review) > 1 and not unexplained:
        return next(iter(cells_by_reason))
    reasons = [f"{', '.join(names)}: {reason}" for reason, names in cells_by_reason.items()]
    reasons += [f"Needs manual grading: {', '.join(unexplained)}."] if unexplained else []
    return " ".join(reasons)
