"""``python -m autograder extend``: the arguments; `autograder.batch.extend` does it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "extend the due date of one student"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("student", metavar="STUDENT", help="the student's id")
    parser.add_argument("name", metavar="ASSIGNMENT", help="the assignment")
    time_help = "time after the due date: +48h, +2d, +1d12h; 0 for none"
    parser.add_argument("time", metavar="TIME", help=time_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Extend the due date, and compute the penalties again."""
    from autograder.batch import extend

    return extend.main(options)
