"""``python -m autograder lms``: scores for an LMS as a file or by LTI 1.3, and its roster."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

from autograder.commands import arguments

SUMMARY: Final = "write or send final scores to an LMS, and read its roster"
_FILES: Final = {
    "canvas": "Canvas",
    "moodle": "Moodle",
    "blackboard": "Blackboard",
    "ilias": "ILIAS",
}
_SEND_EPILOG: Final = (
    "Exit status: 0 if every score has arrived, 1 if somebody has no final score or can't be"
    " found in the LMS, 2 if it stopped; what has arrived isn't sent again."
)


def add_arguments(parser: ArgumentParser) -> None:
    """Add a command for each LMS's file, and those of LTI."""
    commands = parser.add_subparsers(dest="lms", metavar="ACTION", required=True)
    for lms, title in _FILES.items():
        summary = f"write final scores as a file for {title}"
        _add_file_arguments(arguments.add_command(commands, lms, summary))
    send = arguments.add_command(commands, "send", "send final scores to the LMS by LTI 1.3")
    send.epilog = _SEND_EPILOG
    arguments.add_name(send)
    roster = arguments.add_command(commands, "roster", "add the LMS's students to the gradebook")
    for command in (send, roster):
        command.add_argument("--dry-run", action="store_true", help="only say what would change")
        by_help = "who does it, for the log (default: this account)"
        command.add_argument("--by", default="", metavar="NAME", help=by_help)
    key_summary = "print the public key that the LMS needs for LTI 1.3"
    key = arguments.add_command(commands, "key", key_summary)
    key.add_argument("--pem", action="store_true", help="as PEM instead of a JSON Web Key")
    for command in (send, roster, key):
        arguments.add_root(command)


def _add_file_arguments(parser: ArgumentParser) -> None:
    arguments.add_names(parser)
    template_help = "the LMS's own export, to be filled; without it, a new file"
    parser.add_argument("--template", type=Path, metavar="FILE", help=template_help)
    to_help = "the file to write"
    parser.add_argument("--to", type=Path, metavar="FILE", required=True, help=to_help)
    percent_help = "in ILIAS, the share of the points needed to pass (default: 50)"
    parser.add_argument("--pass-percent", type=float, default=50.0, metavar="N", help=percent_help)
    arguments.add_root(parser)


def run(options: Namespace) -> int:
    """Write a file, or do one of the actions of LTI."""
    if options.lms in _FILES:
        from autograder.lms import cli as files

        return files.write_grades(options)
    from autograder.lti import cli as lti

    actions = {"send": lti.send, "roster": lti.read_roster, "key": lti.show_key}
    return actions[options.lms](options)
