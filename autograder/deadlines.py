"""The course's late rules: ``deadlines.toml`` in the course folder.

::

    grace = "15m"         # how late still counts as on time
    penalty = 10          # percent of the points earned, for each period begun
    per = "day"           # or "hour"
    cut_off = "7d"        # after the due date; a later submission gets no points
    late_days = 3         # for each student and the whole term, spent automatically

    [assignments.exam]    # what differs for one assignment
    cut_off = "1h"
    use_late_days = false

Durations are weeks, days, hours and minutes, as in ``1d12h``. Without the file, nbgrader's own
setting ``c.LateSubmissionPlugin.penalty_method`` holds.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from autograder.student_names import printable
from course.deadlines import MAX_DAYS, LateRule

FILE: Final = "deadlines.toml"
_MAX_BYTES: Final = 1 << 20
_DURATION: Final = re.compile(r"\+?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?", re.ASCII)
_FIXES: Final = {  # by pydantic's type of error
    "extra_forbidden": "remove it; allowed are {allowed}",
    "greater_than_equal": "it must not be negative",
    "less_than_equal": "it must be at most {le:g}",
    "literal_error": 'write "hour" or "day"',
    "finite_number": "write a number from 0 to 100",
    "float_type": "write a number from 0 to 100",
    "int_type": "write a whole number",
    "bool_type": "write true or false",
}


class LateRulesError(ValueError):
    """``deadlines.toml`` is invalid; the message states the entry, its value and the fix."""


def parse_duration(text: str) -> timedelta:
    """Return a duration that is written in weeks, days, hours and minutes; 0 is none.

    Example:
        >>> print(parse_duration("+48h"), "|", parse_duration("1d12h"), "|", parse_duration("0"))
        2 days, 0:00:00 | 1 day, 12:00:00 | 0:00:00

    Raises:
        ValueError: The text is something else.
    """
    if text.lstrip("+") == "0":
        return timedelta()
    match = _DURATION.fullmatch(text)
    if not match or not any(match.groups()) or len(text) > 20:
        raise ValueError(f"{text!a} isn't a duration. Write +48h, +2d or +1d12h; 0 for none.")
    weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    if weeks * 7 + days + hours / 24 + minutes / 1440 > MAX_DAYS:
        raise ValueError(f"{text} is more than {MAX_DAYS:,} days.")
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)


def _seconds(value: Any) -> int:
    if not isinstance(value, str):
        raise ValueError('write a duration in quotes, such as "15m", "36h" or "7d"')  # noqa: TRY004  (pydantic reports these)
    try:
        return int(parse_duration(value).total_seconds())
    except ValueError:
        raise ValueError(
            'write a duration after the due date, such as "15m", "36h" or "7d", of at most'
            f' {MAX_DAYS} days; "0" for none'
        ) from None


_Duration = Annotated[int, BeforeValidator(_seconds)]


class _Rule(BaseModel):
    """What can be set for all assignments and for each."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    grace: _Duration = 0
    penalty: float = Field(default=0.0, ge=0, le=100, allow_inf_nan=False)
    per: Literal["hour", "day"] = "day"
    cut_off: _Duration | None = None


class _AssignmentRule(_Rule):
    use_late_days: bool = True


class LateRules(_Rule):
    """The file's content.

    Example:
        >>> LateRules(penalty=10, cut_off="7d").rule("01-intro").percent(3600)
        10.0

    Attributes:
        late_days: How many late days each student has for the term.
        assignments: What differs for single assignments.
    """

    late_days: int = Field(default=0, ge=0, le=MAX_DAYS)
    assignments: dict[str, _AssignmentRule] = {}

    @model_validator(mode="after")
    def _check_order(self) -> LateRules:
        """Refuse a grace that is longer than the cut-off allows."""
        for name in ["", *self.assignments]:
            rule = self.rule(name)
            if rule.cut_off_s is not None and rule.cut_off_s < rule.grace_s:
                where = f"[assignments.{printable(name)}]: " if name else ""
                raise ValueError(
                    f"{where}grace is longer than cut_off, so work within the time of grace would"
                    " get no points; make cut_off at least as long as grace"
                )
        return self

    def rule(self, assignment: str) -> LateRule:
        """Return what a late submission of an assignment costs."""
        own = self.assignments.get(assignment, _AssignmentRule())
        changed = own.model_fields_set
        grace, penalty, per, cut_off = (
            getattr(own if name in changed else self, name)
            for name in ("grace", "penalty", "per", "cut_off")
        )
        return LateRule(
            grace_s=grace,
            penalty=penalty,
            per=per,
            cut_off_s=cut_off,
            late_days=self.late_days if own.use_late_days else 0,
        )

    def check_names(self, known: Iterable[str]) -> None:
        """Require that each assignment with a rule exists: a typo would leave it without.

        Raises:
            LateRulesError: One doesn't.
        """
        names = list(known)
        for name in self.assignments:
            if name not in names:
                similar = difflib.get_close_matches(name, names, 1)
                fix = f"did you mean {printable(similar[0])}" if similar else "remove it"
                raise LateRulesError(
                    f"{FILE}: [assignments.{printable(name)}] isn't an assignment of this course;"
                    f" {fix}"
                )


def read(root: Path) -> LateRules | None:
    """Return the late rules of a course, or None if it has no such file.

    Example:
        >>> read(Path("/nowhere"))

    Raises:
        LateRulesError: The file is invalid.
    """
    path = root / FILE
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LateRulesError(f"{path} can't be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise LateRulesError(f"{path} has more than {_MAX_BYTES:,} bytes; remove what isn't a rule")
    try:
        return LateRules.model_validate(tomllib.loads(content.decode("utf-8")))
    except ValidationError as error:
        problems = "; ".join(_describe(dict(problem)) for problem in error.errors())
        raise LateRulesError(f"{FILE}: {printable(problems)}") from error
    except (ValueError, RecursionError) as error:
        raise LateRulesError(f"{FILE} isn't valid TOML: {printable(str(error))}") from error


def _describe(problem: dict[str, Any]) -> str:
    """Return the entry, its value and the fix."""
    place = [str(part) for part in problem["loc"]]
    if problem["type"] == "value_error" and not place:
        return str(problem["ctx"]["error"])
    is_own = place[:1] == ["assignments"] and len(place) > 2
    model = _AssignmentRule if is_own else LateRules
    allowed = ", ".join(model.model_fields)
    if problem["type"] == "value_error":
        fix = str(problem["ctx"]["error"])
    elif problem["type"] in _FIXES:
        fix = _FIXES[problem["type"]].format(**problem.get("ctx", {}), allowed=allowed)
    else:
        fix = problem["msg"]
    value = repr(problem["input"])
    shown = value if len(value) <= 60 else f"{value[:59]}…"
    return f"{'.'.join(place)} = {shown}: {fix}"
