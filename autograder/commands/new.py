"""``python -m autograder new``: a lesson to start from."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import Final

from autograder.commands import arguments, build

SUMMARY: Final = "write a small lesson with one cell of each role, and build it"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("name", metavar="NAME", help="its name, such as 07-my-lesson")
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Write and build the lesson; return 1 if that name can't be used."""
    from autograder.publish import new_lesson
    from autograder.publish.cell_roles import AuthoringError

    try:
        path = new_lesson.write(options.root, options.name)
    except AuthoringError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {path.relative_to(options.root)}")
    return build.run(Namespace(root=options.root, names=[options.name]))
