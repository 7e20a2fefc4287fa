"""``python -m autograder questions``: a lesson's questions for the question bank of an LMS."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "write questions WITH THEIR KEYS for an LMS's question bank"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    arguments.add_name(parser)
    format_help = "QTI 2.1 or Moodle XML"
    parser.add_argument("--format", choices=["qti", "moodle"], required=True, help=format_help)
    keys_help = "the file to write; it holds the keys, so keep it private"
    parser.add_argument("--to", type=Path, metavar="FILE", required=True, help=keys_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Write the file; return 2 if it can't be written."""
    from autograder.lms import cli

    return cli.write_questions(options)
