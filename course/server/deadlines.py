"""What a student's server knows about deadlines.

The hub's feedback service knows the student's extension and late days. The exchange holds the
public part, which is all there is without the service.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

from pydantic import ValidationError

from course.deadlines import DueDate, read_public


class DeadlineView(TypedDict):
    """A deadline as the pages show it.

    Attributes:
        due: When it is due for this student, in ISO 8601.
        rule: What a late submission costs, or an empty string.
        notes: The student's extension and late days, as sentences.
        late: What a submission at this moment costs, such as ``2 h late: −10%``; empty before the
            due date.
    """

    due: str
    rule: str
    notes: list[str]
    late: str


def merge(replies: Mapping[str, Any], *folders: Path) -> dict[str, DueDate]:
    """Return all known deadlines, by assignment.

    Args:
        replies: What the feedback service says about this student.
        folders: The courses' folders in the exchange.
    """
    known: dict[str, DueDate] = {}
    for folder in folders:
        known |= read_public(folder)
    for name, reply in replies.items():
        try:
            own = DueDate.model_validate(reply)
        except ValidationError:  # a service of another version
            continue
        if own.rule is None and name in known:
            own = own.model_copy(update={"rule": known[name].rule})
        known[name] = own
    return known


def view(deadline: DueDate, now: datetime | None = None) -> DeadlineView:
    """Return what the pages show about a deadline.

    Example:
        >>> due = datetime(2026, 3, 1, 18, tzinfo=UTC)
        >>> view(DueDate(due=due), datetime(2026, 3, 1, 20, tzinfo=UTC))["late"]
        '2 h late'
    """
    return {
        "due": deadline.due_utc.isoformat(),
        "rule": str(deadline.rule or ""),
        "notes": deadline.notes,
        "late": deadline.consequence(now or datetime.now(UTC)),
    }
