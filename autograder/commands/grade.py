"""``python -m autograder grade``: the arguments; `autograder.batch.cli` grades."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "grade all submissions of an assignment in parallel"
_EPILOG: Final = (
    "Exit status: 0 if everything is graded, 1 if a submission needs attention or the run"
    " stopped, 2 if it could not start, 3 if somebody has fewer points than before (or would,"
    " with --dry-run), 130 after Ctrl+C."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.epilog = _EPILOG
    arguments.add_name(parser)
    jobs_help = "submissions to grade in parallel (default: one per CPU core)"
    parser.add_argument("--jobs", type=int, metavar="N", help=jobs_help)
    cluster = parser.add_mutually_exclusive_group()
    scheduler_help = "grade on the Dask cluster with this scheduler"
    cluster.add_argument("--scheduler", metavar="ADDRESS", help=scheduler_help)
    gateway_help = (
        "grade on a new cluster for --jobs submissions, started by this Dask Gateway (default: the"
        " one in Dask's configuration)"
    )
    cluster.add_argument("--gateway", nargs="?", const="", metavar="ADDRESS", help=gateway_help)
    only_help = "retry submissions that failed or need review; others keep their result"
    parser.add_argument("--only", choices=["failed"], help=only_help)
    force_help = "grade everything again, even what has not changed"
    parser.add_argument("--force", action="store_true", help=force_help)
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a JSON report to FILE")
    dry_run_help = "list whose points would change, from what to what and why; write nothing"
    parser.add_argument("--dry-run", action="store_true", help=dry_run_help)
    json_help = "print each submission as a line of JSON, for other programs"
    parser.add_argument("--json", action="store_true", help=json_help)
    by_help = "who grades, for the log and the history (default: this account)"
    parser.add_argument("--by", default="", metavar="NAME", help=by_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Grade the assignment; return the exit status that the help explains."""
    from autograder.batch import cli

    return cli.main(options)
