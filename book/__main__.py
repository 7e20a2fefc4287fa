"""``python -m book``: build the book into ``build/book/html``."""

from __future__ import annotations

import argparse
from pathlib import Path


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser.

    Example:
        >>> make_parser().parse_args(["--no-keys"]).no_keys
        True
    """
    parser = argparse.ArgumentParser(prog="python -m book", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/book"), help="the folder to write")
    parser.add_argument(
        "--no-keys", action="store_true", help="leave out the answers, as for a class"
    )
    parser.add_argument(
        "--run", nargs="*", metavar="LESSON", help="run only these lessons (default: all)"
    )
    parser.add_argument("--no-pdf", action="store_true", help="don't print the lessons to a PDF")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Build the book and say where it is."""
    from book.build import build

    chosen = make_parser().parse_args(arguments)
    build(chosen.out, keys=not chosen.no_keys, run=chosen.run, with_pdf=not chosen.no_pdf)
    print(f"The book is in {chosen.out / 'html'}; serve it with: python -m http.server")


if __name__ == "__main__":
    main()
