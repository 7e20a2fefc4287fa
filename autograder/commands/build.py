"""``python -m autograder build``: from the text to the notebooks."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "build the notebooks in source/ and release/ from the text"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    arguments.add_names(parser)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Build lessons, and what is made of all of them; return 1 if a text has a mistake."""
    from autograder.nbgrader_plugins import release
    from autograder.publish import build, guessable_keys, lesson_map
    from autograder.publish.cell_roles import AuthoringError
    from autograder.reports import claims_ledger

    root: Path = options.root
    try:
        for path in build.build_source(root, options.names):
            print(f"built {path.relative_to(root)}")
        for path in build.lesson_files(root, options.names):
            guessable_keys.check(path)
        for path in (*claims_ledger.write(root), *lesson_map.write(root)):
            print(f"built {path.relative_to(root)}")
        for path in release.build_release(root, options.names):
            print(f"built {path.relative_to(root)}")
    except AuthoringError as error:
        print(f"Build stopped. {error}", file=sys.stderr)
        return 1
    return 0
