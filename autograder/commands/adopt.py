"""``python -m autograder adopt``: continue a course that nbgrader alone has run."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "take over assignments, submissions and gradebook of an nbgrader course"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the other course's folder")
    arguments.add_names(parser)
    dry_run_help = "check everything and say what would change, but change nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry_run_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Print the plan and carry it out; return 1 if it can't be."""
    from autograder import audit_log
    from autograder.nbgrader_plugins.adopt import Adoption
    from autograder.nbgrader_plugins.course_paths import CourseError

    try:
        adoption = Adoption(options.folder, options.root, options.names)
        print(adoption.plan)
        if options.dry_run:
            return 1 if adoption.plan.problems else 0
        for line in adoption.carry_out():
            print(f"Not imported: {line}")
        details = {"folder": str(adoption.folder), "assignments": ", ".join(adoption.names)}
        audit_log.record(options.root, "adopt", **details)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print("Adopted. Grade with: python -m autograder grade NAME")
    return 0
