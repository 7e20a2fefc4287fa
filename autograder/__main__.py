"""The instructor's command: ``python -m autograder build``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from autograder.publish import build
from autograder.publish.roles import AuthoringError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code: 0 if all went well, 1 if the text needs mending."""
    parser = argparse.ArgumentParser(prog="python -m autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="text in source/ to notebooks to release/")
    building.add_argument("names", nargs="*", metavar="NAME", help="assignments; all if none")
    building.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")
    chosen = parser.parse_args(arguments)
    try:
        for path in build.build_source(chosen.root, chosen.names):
            print(f"built {path.relative_to(chosen.root)}")  # noqa: T201  (what it did)
        for path in build.build_release(chosen.root, chosen.names):
            print(f"built {path.relative_to(chosen.root)}")  # noqa: T201  (what it did)
    except AuthoringError as error:
        print(f"Nothing more was built. {error}", file=sys.stderr)  # noqa: T201  (what to mend)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
