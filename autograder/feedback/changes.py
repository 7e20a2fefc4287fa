"""What changed in a student's score since it was first graded, for the feedback page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from autograder.feedback.answers import Answer
from autograder.score_history import Change, ScoreChange

MAX_SHOWN: Final = 5  # the latest ones


def describe_changes(
    history: Sequence[ScoreChange], answers: Sequence[Answer], anchors: dict[str, str]
) -> list[dict[str, Any]]:
    """Return the latest changes, the newest first, with the titles that students know.

    Args:
        history: The student's, the oldest change first.
        answers: The notebook's exercises and questions.
        anchors: The place of each on the page, by its title.
    """
    titles = {name: answer.title for answer in answers for name in answer.names}
    shown = []
    for change in [change for change in history if not change.is_first][: -MAX_SHOWN - 1 : -1]:
        parts = []
        for cell, points in change.cells.items():
            title = titles.get(cell, cell)
            entry = {"title": title.partition(":")[0], "anchor": anchors.get(title, "")}
            parts.append(entry | {"points": f"{_points(points[0])} → {_points(points[1])}"})
        shown.append(
            {
                "time": datetime.fromisoformat(change.time).astimezone(UTC).replace(tzinfo=None),
                "score": _score_sentence(change.score, change.maximum),
                "parts": parts,
                "why": list(dict.fromkeys(cause.for_student for cause in change.causes)),
            }
        )
    return shown


def _score_sentence(score: Change, maximum: float) -> str:
    """Return how the score changed, as a sentence.

    Example:
        >>> _score_sentence((6, 7), 8)
        'Your score changed from 6 to 7 of 8 points.'
    """
    before, after = score
    if before is not None and after is not None and abs(before - after) < 1e-9:
        return f"Your score stayed at {after:g} of {maximum:g} points."
    return f"Your score changed from {_points(before)} to {_points(after)} of {maximum:g} points."


def _points(points: float | None) -> str:
    return "not graded" if points is None else f"{round(points, 2):g}"
