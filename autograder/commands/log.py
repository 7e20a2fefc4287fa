"""``python -m autograder log``: the audit log."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "show who changed grades and rules, and when"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    add_help = "add a line for what was done elsewhere, such as: backup monday.tar.gz"
    parser.add_argument("--add", metavar="TEXT", help=add_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Add a line or print all; return 1 if an earlier one was changed."""
    from autograder import audit_log

    if options.add:
        action, _, note = options.add.partition(" ")
        audit_log.record(options.root, action, **({"note": note} if note else {}))
        return 0
    for entry in audit_log.read(options.root):
        print(entry)
    if broken := audit_log.check(options.root):
        print(f"The log was changed before line {broken[0]}.", file=sys.stderr)
        return 1
    return 0
