"""Due dates and what a late submission costs: the public part, which students see.

Example:
    >>> rule = LateRule(grace_s=900, penalty=10, per="day", cut_off_s=7 * DAY_S, late_days=3)
    >>> rule.percent(600), rule.percent(7200), rule.percent(8 * DAY_S)
    (0.0, 10.0, 100.0)
    >>> rule.days_to_spend(30 * 3600, available=3)
    2
    >>> print(rule)
    15 min of grace. After that, −10% for each day begun after the due date. No points if more
    than 7 days late. 3 late days for the term are spent first, automatically.

The instructor's file is read by `autograder.deadlines`. A release publishes this part of it in the
exchange, as ``deadlines.json`` in the course's folder there.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from course import atomic_write
from course.wording import format_count, format_duration

DAY_S: Final = 86_400
MAX_DAYS: Final = 3650
END_OF_TIME: Final = datetime.max  # noqa: DTZ901  (in UTC without a zone, as in nbgrader)
FILE: Final = "deadlines.json"
_MAX_BYTES: Final = 1 << 20
_PERIODS_S: Final = {"hour": 3600, "day": DAY_S}


class LateRule(BaseModel):
    """What a late submission of an assignment costs.

    Attributes:
        grace_s: How late still counts as on time, in seconds.
        penalty: Percent of the points earned, for each period begun.
        per: The period, which counts from the due date on.
        cut_off_s: How long after the due date a submission still earns points; None if always.
        late_days: How many late days each student has for the term; 0 if not for this assignment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    grace_s: int = Field(default=0, ge=0, le=MAX_DAYS * DAY_S)
    penalty: float = Field(default=0.0, ge=0, le=100, allow_inf_nan=False)
    per: Literal["hour", "day"] = "day"
    cut_off_s: int | None = Field(default=None, ge=0, le=MAX_DAYS * DAY_S)
    late_days: int = Field(default=0, ge=0, le=MAX_DAYS)

    def percent(self, seconds_late: float, days_spent: int = 0) -> float:
        """Return how many percent of its points a submission loses, from 0 to 100."""
        if seconds_late <= 0 or seconds_late <= self.grace_s:
            return 0.0
        if self.cut_off_s is not None and seconds_late > self.cut_off_s:
            return 100.0
        rest = seconds_late - days_spent * DAY_S
        if rest <= self.grace_s:
            return 0.0
        return min(100.0, self.penalty * math.ceil(rest / _PERIODS_S[self.per]))

    def days_to_spend(self, seconds_late: float, available: int) -> int:
        """Return the fewest late days that lower the penalty as far as the available ones can."""
        if not math.isfinite(seconds_late) or seconds_late <= self.grace_s:
            return 0
        needed = math.ceil((seconds_late - self.grace_s) / DAY_S)
        most = max(0, min(available, self.late_days, needed))
        costs = [self.percent(seconds_late, days) for days in range(most + 1)]
        return costs.index(min(costs))

    @property
    def closes_after_s(self) -> int:
        """How long after a student's due date a submission can still earn points, in seconds.

        A rule that costs nothing has no such end; then it is the period of grace.
        """
        ends = [] if self.cut_off_s is None else [self.cut_off_s]
        if self.penalty:
            periods = math.ceil(100 / self.penalty) - 1
            worthless_s = self.late_days * DAY_S + periods * _PERIODS_S[self.per]
            ends.append(max(worthless_s, self.late_days * DAY_S + self.grace_s))
        return min(ends, default=self.grace_s)

    def __str__(self) -> str:
        """Return the rule as sentences for students."""
        parts = []
        if self.grace_s:
            parts.append(f"{format_duration(self.grace_s)} of grace.")
        if self.penalty:
            start = f"After that, −{self.penalty:g}%" if parts else f"Late: −{self.penalty:g}%"
            parts.append(f"{start} for each {self.per} begun after the due date.")
        if self.cut_off_s is not None:
            late = f"if more than {format_duration(self.cut_off_s)} late"
            parts.append(f"No points {late if self.cut_off_s else 'after the due date'}.")
        elif not self.penalty:
            parts.append("A late submission loses no points.")
        if self.late_days and self.penalty:
            days = format_count(self.late_days, "late day")
            verb = "is" if self.late_days == 1 else "are"
            parts.append(f"{days} for the term {verb} spent first, automatically.")
        return " ".join(parts)


class DueDate(BaseModel):
    """When an assignment is due, for everybody or for one student.

    Attributes:
        due: With the student's extension.
        extension_s: How much of that is the extension, in seconds.
        rule: What a late submission costs; None if nothing is known about that.
        days_left: The student's late days that are left; None if that isn't known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    due: datetime
    extension_s: int = 0
    rule: LateRule | None = None
    days_left: int | None = Field(default=None, ge=0)

    @property
    def due_utc(self) -> datetime:
        """The due date with its zone."""
        return self.due.replace(tzinfo=UTC) if self.due.tzinfo is None else self.due

    def seconds_late(self, time: datetime) -> float:
        """Return how late a submission at this time is; 0 if it isn't."""
        return max(0.0, (time - self.due_utc).total_seconds())

    def consequence(self, time: datetime) -> str:
        """Say what a submission at this time costs; empty before the due date.

        Example:
            >>> due = datetime(2026, 3, 1, 18, tzinfo=UTC)
            >>> deadline = DueDate(due=due, rule=LateRule(penalty=10))
            >>> deadline.consequence(datetime(2026, 3, 1, 20, tzinfo=UTC))
            '2 h late: −10%'
        """
        seconds = self.seconds_late(time)
        if not seconds:
            return ""
        late = f"{format_duration(seconds)} late"
        rule = self.rule
        if rule is None:
            return late
        days = rule.days_to_spend(
            seconds, rule.late_days if self.days_left is None else self.days_left
        )
        percent = rule.percent(seconds, days)
        spent = f", after spending {format_count(days, 'late day')}" if days else ""
        if percent >= 100:
            return f"{late}: no points"
        if percent:
            return f"{late}: −{percent:g}%{spent}"
        in_grace = ", within the time of grace" if seconds <= rule.grace_s else ""
        return f"{late}: no points lost{spent or in_grace}"

    @property
    def notes(self) -> list[str]:
        """What is special for this student, as sentences."""
        notes = []
        if self.extension_s > 0:
            notes.append(f"Includes your extension of {format_duration(self.extension_s)}.")
        if self.rule and self.rule.late_days and self.days_left is not None:
            left = "no" if self.days_left == 0 else str(self.days_left)
            notes.append(f"You have {left} late day{'' if self.days_left == 1 else 's'} left.")
        return notes


class PublicDeadlines(BaseModel):
    """The file in the exchange: what anyone may know."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    assignments: dict[str, DueDate] = {}


def write_public(folder: Path, deadlines: dict[str, DueDate]) -> None:
    """Publish deadlines in a course's folder in the exchange, readable by all."""
    text = PublicDeadlines(assignments=deadlines).model_dump_json(indent=1)
    with atomic_write.replacing(folder / FILE) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")
        temporary.chmod(0o644)


def read_public(folder: Path) -> dict[str, DueDate]:
    """Return the published deadlines, by assignment; empty if there are none or they are invalid.

    Example:
        >>> read_public(Path("/nowhere"))
        {}
    """
    path = folder / FILE
    try:
        if not path.is_file() or path.is_symlink():
            return {}
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            return {}
        return PublicDeadlines.model_validate_json(content).assignments
    except (OSError, ValidationError):
        return {}
