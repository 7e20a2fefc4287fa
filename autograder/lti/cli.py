"""``python -m autograder lms send``, ``roster`` and ``key``: a course's LMS by LTI 1.3."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path

from autograder import audit_log
from autograder.lti import key
from autograder.lti.client import ServiceClient
from autograder.lti.grades import GradeSender, SendReport
from autograder.lti.platform import LtiError, LtiPlatform
from autograder.lti.roster import make_plan
from autograder.nbgrader_plugins import roster
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.nbgrader_plugins.gradebook_connection import GradebookLockedError


def send(options: Namespace) -> int:
    """Send an assignment's scores; return the exit status: 1 if somebody has no final score."""
    root: Path = options.root.resolve()
    sender = None
    try:
        config = read_config(root)
        platform = LtiPlatform(config=config)
        platform.check("line_items_url", "memberships_url")
        client = ServiceClient(platform, key.load(platform.key_path(root)))
        sender = GradeSender(root, config, client, options.name, _say)
        sender.send(dry_run=options.dry_run)
    except (CourseError, GradebookLockedError) as error:
        print(error, file=sys.stderr)
        if sender and sender.report.sent:
            print(
                f"{len(sender.report.sent)} scores arrived. Run this again for the others: what"
                " the LMS has isn't sent again.",
                file=sys.stderr,
            )
        return 2
    finally:
        if sender and sender.report.sent and not options.dry_run:
            count = len(sender.report.sent)
            audit_log.record(root, "send", options.by, assignment=options.name, scores=count)
    _print_report(options.name, sender.report, dry_run=options.dry_run)
    return 0 if sender.report.is_complete else 1


def _print_report(name: str, report: SendReport, *, dry_run: bool) -> None:
    if report.creates and report.sent:
        print(f"{'Would create' if dry_run else 'Created'} the column {name} in the LMS.")
    would = "would be sent" if dry_run else "sent"
    print(f"{len(report.sent)} scores {would}, {report.unchanged} unchanged.")
    for line in report.waiting:
        print(f"No final score: {line}", file=sys.stderr)
    for line in (*report.unmatched, *report.refused):
        print(f"Not sent: {line}", file=sys.stderr)


def read_roster(options: Namespace) -> int:
    """Add the platform's learners to the gradebook; return 1 if somebody can't be added."""
    root: Path = options.root.resolve()
    try:
        config = read_config(root)
        platform = LtiPlatform(config=config)
        platform.check("memberships_url")
        client = ServiceClient(platform, key.load(platform.key_path(root)))
        plan = make_plan(config, client)
        print(*plan.lines(), sep="\n")
        if plan.after and not options.dry_run:
            roster.write_students(config, plan.after.values())
            counts = {"added": len(plan.added), "changed": len(plan.after) - len(plan.added)}
            audit_log.record(root, "roster", options.by, **counts)
    except (CourseError, GradebookLockedError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.dry_run:
        print("Nothing was changed.")
    for problem in plan.problems:
        print(f"Not added: {problem}", file=sys.stderr)
    return 1 if plan.problems else 0


def show_key(options: Namespace) -> int:
    """Print the public key for the platform; create the private one first if there is none."""
    root: Path = options.root.resolve()
    try:
        path = LtiPlatform(config=read_config(root)).key_path(root)
        if not path.exists():
            key.create(path)
            print(f"Created {path}. It is private: don't copy it anywhere.", file=sys.stderr)
        private = key.load(path)
    except (LtiError, CourseError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.pem:
        print(key.public_pem(private), end="")
    else:
        print(json.dumps({"keys": [key.public_jwk(private)]}, indent=2))
    return 0


def _say(line: str) -> None:
    print(line, flush=True)
