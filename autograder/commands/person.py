"""``python -m autograder person``: the arguments; `autograder.reports.person` does it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "export or erase all data about one person"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", help="the student's id")
    action_help = "write all data to a file, or remove it"
    parser.add_argument("action", choices=["export", "erase"], help=action_help)
    target_help = "the ZIP file that export writes (default: NAME.zip)"
    parser.add_argument("--to", type=Path, metavar="FILE", help=target_help)
    parser.add_argument("--dry-run", action="store_true", help="only say what erase would erase")
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Export or erase; return 1 if something could not be."""
    from autograder.reports import person

    return person.main(options)
