"""``python -m autograder times``: how long the lessons run."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "measure how long each lesson takes to run"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Measure, write the table and print it."""
    from autograder.reports import lesson_times

    print(lesson_times.write_table(options.root).read_text(encoding="utf-8"))
    return 0
