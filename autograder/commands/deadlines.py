"""``python -m autograder deadlines``: the arguments; `autograder.batch.deadlines` does it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "show due dates, and apply the late rules of deadlines.toml"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = "Exit status: 3 if somebody has fewer points than before, 2 after an error."
    name_help = "one to set a due date for"
    parser.add_argument("name", nargs="?", metavar="ASSIGNMENT", help=name_help)
    due_help = "when it is due, such as '2026-12-01 18:00' in the course's time zone; or: none"
    parser.add_argument("time", nargs="?", metavar="TIME", help=due_help)
    dry_run_help = "list whose points would change, and change nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry_run_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Set a due date if one is given, apply the rules, and print the deadlines."""
    from autograder.batch import deadlines

    return deadlines.main(options)
