"""The instructor's commands: ``python -m autograder --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Final

from autograder.commands import (
    adopt,
    arguments,
    build,
    deadlines,
    doctor,
    extend,
    grade,
    lms,
    log,
    new,
    page,
    person,
    plan,
    questions,
    similarity,
    statistics,
    times,
)

# In the order of the help.
COMMANDS: Final = (
    *(build, new, grade, adopt, plan, statistics),
    *(lms, questions, similarity, extend, deadlines, log, person, page),
    *(times, doctor),
)


def main(argv: list[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = make_parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = options.run
    return run(options)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the instructor's commands.

    Example:
        >>> make_parser().parse_args(["grade", "01-intro"]).name
        '01-intro'
    """
    parser = argparse.ArgumentParser(
        prog="python -m autograder", description="Build, grade and analyze the course."
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in COMMANDS:
        name = module.__name__.rpartition(".")[2]
        command = arguments.add_command(commands, name, module.SUMMARY)
        command.set_defaults(run=module.run)
        module.add_arguments(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
