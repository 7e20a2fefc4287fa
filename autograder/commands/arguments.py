"""Arguments that several commands share."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from course.wording import to_sentence


def add_command(commands: Any, name: str, summary: str) -> ArgumentParser:
    """Add a command to the result of `add_subparsers`; its own help begins with the summary."""
    parser: ArgumentParser = commands.add_parser(
        name, help=summary, description=to_sentence(summary)
    )
    return parser


def add_name(parser: ArgumentParser) -> None:
    """Add the name of one assignment."""
    parser.add_argument("name", metavar="NAME", help="the assignment")


def add_names(parser: ArgumentParser) -> None:
    """Add the names of assignments."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="assignments (default: all)")


def add_root(parser: ArgumentParser) -> None:
    """Add the course folder."""
    root_help = "the course folder (default: the current folder)"
    parser.add_argument("--root", type=Path, default=Path.cwd(), help=root_help)
