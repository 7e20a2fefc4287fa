"""``python -m autograder similarity``: who may have copied."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "list submissions that are suspiciously alike"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    arguments.add_name(parser)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the pairs to FILE")
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Print the pairs, and write them to a file; return 1 if the course can't be read."""
    from autograder.batch.course_folder import CourseFolder
    from autograder.nbgrader_plugins.course_paths import CourseError
    from autograder.reports import similarity

    try:
        report = similarity.compare_class(CourseFolder.open(options.root, options.name).paths)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    print(similarity.format_table(report))
    if options.csv:
        options.csv.write_text(similarity.to_csv(report), encoding="utf-8", newline="")
    return 0
