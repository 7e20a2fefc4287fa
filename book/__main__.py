"""``python -m book``: build the book into ``build/book/html``."""

from __future__ import annotations

import argparse
from pathlib import Path

from book.build import build


def main(arguments: list[str] | None = None) -> None:
    """Build the book and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/book"), help="the folder to write")
    parser.add_argument(
        "--no-keys", action="store_true", help="leave out the answers, as for a class"
    )
    parser.add_argument(
        "--run", nargs="*", metavar="LESSON", help="run only these lessons (default: all)"
    )
    chosen = parser.parse_args(arguments)
    build(chosen.out, keys=not chosen.no_keys, run=chosen.run)
    print(f"The book is in {chosen.out / 'html'}; serve it with: python -m http.server")


if __name__ == "__main__":
    main()
