"""``python -m autograder plan``: how many cores a class needs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

SUMMARY: Final = "estimate the cores and minutes a class needs, from a report"
_CLASS_SIZES: Final = (300, 5000, 50_000)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    report_help = "a report written by: grade NAME --report FILE"
    parser.add_argument("report", type=Path, metavar="FILE", help=report_help)
    students_help = "class sizes (default: 300 5000 50000)"
    parser.add_argument(
        "--students", type=int, nargs="+", default=_CLASS_SIZES, metavar="N", help=students_help
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="time limit (default: 60)")


def run(options: Namespace) -> int:
    """Print the estimates; return 1 if the report can't be used."""
    from autograder.batch import capacity

    try:
        costs = capacity.JobCosts.read(options.report)
    except capacity.CapacityError as error:
        print(error, file=sys.stderr)
        return 1
    print(capacity.format_table(costs, tuple(options.students)))
    for students in options.students:
        cores = capacity.cores_needed(costs, students, options.minutes)
        answer = f"{cores:,} cores" if cores else "impossible with a single gradebook writer"
        print(f"{students:,} students in {options.minutes:g} minutes: {answer}.")
    return 0
