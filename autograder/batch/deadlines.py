"""``python -m autograder deadlines``: show and set due dates, and apply the late rules."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from traitlets.config import Config

from autograder import audit_log
from autograder.batch import late_penalties, report
from autograder.batch.report import ReportLine, RunStoppedError
from autograder.deadlines import FILE, LateRules, LateRulesError
from autograder.nbgrader_plugins import (
    extensions,
    gradebook_connection,
    gradebook_reader,
    late_days,
    late_policy,
    public_deadlines,
    timestamps,
)
from autograder.nbgrader_plugins.collect import exchange_zone
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError
from autograder.student_names import printable
from course.deadlines import LateRule
from course.wording import format_count, format_duration

LOST_POINTS = 3  # the exit status, as of ``grade``


@dataclass(frozen=True)
class AssignmentDeadline:
    """An assignment's due date and what follows from it; times are in UTC without a zone.

    Attributes:
        name: The assignment's.
        due: When it is due; None if never.
        closes: Until when anybody can still earn points; None if it isn't due.
        rule: What a late submission costs; None if there is no rule.
        extensions: By student, those that were given.
    """

    name: str
    due: datetime | None
    closes: datetime | None
    rule: LateRule | None
    extensions: dict[str, timedelta] = field(default_factory=dict)


def overview(config: Config) -> list[AssignmentDeadline]:
    """Return the deadlines of all assignments in the gradebook.

    Raises:
        CourseError: The gradebook or ``deadlines.toml`` can't be read.
        GradebookLockedError: Another program has locked the gradebook.
    """
    db_url = CoursePaths.from_config(config, "").db_url
    given = extensions.read_extensions(db_url)
    result = []
    for name, due in gradebook_reader.read_due_dates(db_url).items():
        rule, own = late_policy.effective_rule(config, name), given.get(name, {})
        longest = max(own.values(), default=timedelta())
        closes = extensions.closing_date(due, longest, rule)
        result.append(AssignmentDeadline(name, due, closes, rule, own))
    return result


def late_days_left(config: Config) -> dict[str, int]:
    """Return how many late days each student has left who has spent some; empty without any.

    Raises:
        CourseError: The gradebook or ``deadlines.toml`` can't be read.
    """
    policy = late_policy.read_policy(config)
    if policy is None or not policy.late_days:
        return {}
    with gradebook_connection.connect(CoursePaths.from_config(config, "").db_url) as connection:
        works = late_days.read(connection, policy)
    left = {student: late_days.days_left(policy, own) for student, own in works.items()}
    return {student: days for student, days in sorted(left.items()) if days < policy.late_days}


def set_due_date(
    root: Path, config: Config, assignment: str, due: datetime | None, by: str = ""
) -> dict[str, list[ReportLine]]:
    """Set when an assignment is due for everybody, apply the late rules, and log it.

    Args:
        root: The course folder.
        config: The contents of its ``nbgrader_config.py``.
        assignment: Its name.
        due: In UTC without a zone; None for never.
        by: Who does it; the account by default.

    Returns:
        Whose score changes, by assignment.

    Raises:
        CourseError: The assignment isn't in the gradebook.
        GradebookLockedError: Another program has locked it.
        RunStoppedError: Another program kept it locked.
    """
    before = extensions.set_due_date(CoursePaths.from_config(config, assignment), due)
    details = {"before": str(before), "now": str(due)}
    audit_log.record(root, "due date", by, assignment=assignment, **details)
    return apply(root, config, by)


def apply(
    root: Path, config: Config, by: str = "", *, dry_run: bool = False
) -> dict[str, list[ReportLine]]:
    """Compute all late penalties by the rules of the moment, publish the rules, and log it.

    Nothing is graded again. It returns whose score changes, by assignment.

    Raises:
        CourseError: The gradebook or ``deadlines.toml`` can't be read, or that names an assignment
            that isn't there.
        RunStoppedError: Another program kept the gradebook locked.
    """
    policy = late_policy.read_policy(config)
    if policy is not None:
        _check_names(policy, config)
    changed = late_penalties.recompute(root, config, by=by, dry_run=dry_run)
    if not dry_run:
        for name, lines in changed.items():
            lower = sum(line.lost_points for line in lines)
            audit_log.record(
                root, "deadlines", by, assignment=name, changed=len(lines), lower=lower
            )
        public_deadlines.publish(config)
    return changed


def _check_names(policy: LateRules, config: Config) -> None:
    paths = CoursePaths.from_config(config, "*")
    known = {path.parent.name for path in paths.source.parent.glob("*/*.ipynb")}
    try:
        policy.check_names(sorted(known | gradebook_reader.read_due_dates(paths.db_url).keys()))
    except LateRulesError as error:
        raise CourseError(str(error)) from error


def main(options: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    root: Path = options.root.resolve()
    if options.name is not None and options.time is None:
        print(f"{printable(options.name)} is due when? Add a time, or: none", file=sys.stderr)
        return 2
    if options.name is not None and options.dry_run:
        print("--dry-run can't set a due date. Leave out one of the two.", file=sys.stderr)
        return 2
    try:
        config = read_config(root)
        if options.time is not None:
            due = _parse_due(options.time, exchange_zone(config))
            changed = set_due_date(root, config, options.name, due)
        else:
            changed = apply(root, config, dry_run=options.dry_run)
        print("\n".join(_format(root, config)))
    except (CourseError, OSError, RunStoppedError) as error:
        print(error, file=sys.stderr)
        return 2
    except GradebookLockedError:
        print("Another program has locked the gradebook. Close it there.", file=sys.stderr)
        return 2
    for name, lines in changed.items():
        text = report.format_changes(lines, dry_run=options.dry_run)
        print(f"\n{printable(name)}: {text}")
    if not changed:
        print(f"\n{report.format_changes([], dry_run=True)}" if options.dry_run else "")
    return LOST_POINTS if any(line.lost_points for ls in changed.values() for line in ls) else 0


def _parse_due(text: str, zone: str) -> datetime | None:
    if text == "none":
        return None
    try:
        return timestamps.parse_timestamp(text, zone, assumed=zone)
    except timestamps.TimestampError as error:
        raise CourseError(
            f"{printable(text)} isn't a due date: {error}. Write '2026-12-01 18:00', in the"
            f" course's zone {zone}, or '2026-12-01 18:00 UTC'; none for no due date."
        ) from error


def _format(root: Path, config: Config) -> Iterator[str]:
    """Yield the deadlines as the terminal shows them."""
    if late_policy.read_policy(config) is None:
        yield f"There is no {root / FILE}, so c.LateSubmissionPlugin.penalty_method holds."
    for one in overview(config):
        if one.due is None:
            yield f"{printable(one.name)}: no due date"
            continue
        yield f"{printable(one.name)}: due {one.due:%Y-%m-%d %H:%M} UTC"
        if one.rule:
            yield f"  {one.rule}"
        if one.closes and one.closes != one.due:
            yield f"  Keys stay hidden until {one.closes:%Y-%m-%d %H:%M} UTC."
        for student, extension in sorted(one.extensions.items()):
            yield f"  {printable(student)}: +{format_duration(extension.total_seconds())}"
    for student, days in late_days_left(config).items():
        yield f"{printable(student)}: {format_count(days, 'late day')} left"
