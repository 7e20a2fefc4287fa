"""The arguments of ``python -m autograder lms``: files, and LTI."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Final

FILES: Final = {
    "canvas": "Canvas",
    "moodle": "Moodle",
    "blackboard": "Blackboard",
    "ilias": "ILIAS",
}


def add_arguments(parser: ArgumentParser) -> list[ArgumentParser]:
    """Add a command for each LMS's file, and those of LTI; return their parsers."""
    commands = parser.add_subparsers(dest="lms", metavar="ACTION", required=True)

    def add(name: str, summary: str) -> ArgumentParser:
        description = f"{summary[0].upper()}{summary[1:]}."
        return commands.add_parser(name, help=summary, description=description)

    parsers = []
    for lms, title in FILES.items():
        command = add(lms, f"write final scores as a file for {title}")
        command.set_defaults(run=_write_file)
        command.add_argument("names", nargs="*", metavar="NAME", help="assignments (default: all)")
        template_help = "the LMS's own export, to be filled; without it, a new file"
        command.add_argument("--template", type=Path, metavar="FILE", help=template_help)
        to_help = "the file to write"
        command.add_argument("--to", type=Path, metavar="FILE", required=True, help=to_help)
        percent_help = "in ILIAS, the share of the points needed to pass (default: 50)"
        command.add_argument(
            "--pass-percent", type=float, default=50.0, metavar="N", help=percent_help
        )
        parsers.append(command)
    send = add("send", "send final scores to the LMS by LTI 1.3")
    send.set_defaults(run=_send)
    send.add_argument("name", metavar="NAME", help="the assignment")
    send.epilog = (
        "Exit status: 0 if every score has arrived, 1 if somebody has no final score or can't be"
        " found in the LMS, 2 if it stopped; what has arrived isn't sent again."
    )
    roster = add("roster", "add the LMS's students to the gradebook")
    roster.set_defaults(run=_roster)
    for command in (send, roster):
        command.add_argument("--dry-run", action="store_true", help="only say what would change")
        by_help = "who does it, for the log (default: this account)"
        command.add_argument("--by", default="", metavar="NAME", help=by_help)
    key = add("key", "print the public key that the LMS needs for LTI 1.3")
    key.set_defaults(run=_key)
    key.add_argument("--pem", action="store_true", help="as PEM instead of a JSON Web Key")
    return [*parsers, send, roster, key]


def _write_file(options: Namespace) -> int:
    from autograder.lms import cli

    return cli.write_grades(options)


def _send(options: Namespace) -> int:
    from autograder.lti import cli

    return cli.send(options)


def _roster(options: Namespace) -> int:
    from autograder.lti import cli

    return cli.read_roster(options)


def _key(options: Namespace) -> int:
    from autograder.lti import cli

    return cli.show_key(options)
