"""``python -m autograder page``: the arguments; `autograder.course_page.cli` starts the server."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "open the course page: grade, extend, export and more in the browser"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=int, default=0, metavar="N", help="default: a free port")
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Become the server; return 2 if there is no course."""
    from autograder.course_page import cli

    return cli.main(options)
