"""``python -m autograder doctor``: whether this machine isolates students' code."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "test how well this machine isolates students' code"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Print what was found; return 1 if students' code isn't safely isolated."""
    from autograder import doctor

    findings = doctor.run_checks()
    print(doctor.format_table(findings))
    if lines := doctor.list_shared_tests(options.root):
        print("These tests run in the student's kernel, where a student can tamper with them:")
        print(*(f"  {line}" for line in lines), sep="\n")
    if doctor.is_safe(findings):
        return 0
    print("Students' code is not safely isolated on this machine.", file=sys.stderr)
    return 1
