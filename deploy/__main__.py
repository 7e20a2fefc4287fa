"""The hub administrator's commands.

``python -m deploy up`` prepares this machine and runs the hub.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from course.wording import to_sentence
from deploy.feedback import receipts, signed_token
from deploy.hub import (
    class_list,
    demo,
    grader,
    hub_api,
    image,
    network,
    prepare,
    quiet,
    students,
    submission_time,
)
from deploy.hub.backup import backup, restore
from deploy.hub.settings import CHECKOUT, DEFAULT_FILE, SETTINGS_VARIABLE, HubSettings, load
from deploy.hub.spawner import SIGNING_KEY_FILE

CONFIG = CHECKOUT / "deploy" / "jupyterhub_config.py"
LOG_FILE: Final = "hub.log"


def start_message(settings: HubSettings, passwords: dict[str, str]) -> str:
    """Return the message about the hub: its address, how to log in, what to do first.

    Example:
        >>> start_message(HubSettings(), {"ada": "secret"}).splitlines()[0]
        'The hub: http://127.0.0.1:810'
    """
    lines = [f"The hub: {settings.address}"]
    width = max([len(name) for name in passwords], default=0)
    for name, password in passwords.items():
        kind = "instructor" if name in settings.instructors else "student"
        lines.append(f"  {name:{width}}  {password}  {kind}")
    file = settings.hub / prepare.CREDENTIALS_FILE
    if passwords or file.exists():
        lines.append(f"Passwords are also in {file}, which only root can read.")
    if settings.lti:
        lti = f"{settings.address}/hub/lti13"
        lines.append(
            f"People log in from the LMS. It needs to know {lti}/oauth_login, to initiate a login,"
            f" and {lti}/oauth_callback, to redirect to."
        )
    instructor = settings.instructors[0] if settings.instructors else "an instructor"
    lines.append(
        f"First, log in as {instructor} and choose Services, {settings.course}: the course page"
        " opens."
    )
    stopped = "the hub; users' servers keep running" if settings.keep_servers else "everything"
    lines.append(f"Ctrl+C stops {stopped}.")
    return "\n".join(lines)


def start_hub(settings: HubSettings) -> None:
    """Prepare the machine and run the hub; in a terminal, with its messages in a log file.

    Elsewhere, as under systemd, this process becomes the hub and writes to its own output.
    """
    if os.geteuid() != 0:
        sys.exit("The hub must run as root: it starts servers under their owners' accounts.")
    in_terminal = sys.stdout.isatty()
    if in_terminal:
        print("Preparing this machine ...", flush=True)
    try:
        changed = network.reserve_ports(settings)
        passwords = prepare.prepare_machine(settings)
        hub_api.end_orphaned_services(settings)
        if demo.is_new(settings):
            print(f"Preparing the demo class: {demo.LESSON} and a few submissions ...", flush=True)
            demo.fill(settings)
    except RuntimeError as error:
        sys.exit(f"The hub can't start: {error}")
    os.environ[SETTINGS_VARIABLE] = str(settings.file)
    os.environ["PATH"] = _path()
    os.chdir(settings.hub)
    command = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]
    notes = list(filter(None, [changed, start_message(settings, passwords)]))
    if not in_terminal:
        print(*notes, sep="\n", flush=True)
        os.execv(sys.executable, command)  # noqa: S606  (no shell, no user input)
    log = settings.hub / LOG_FILE
    notes.append(f"Messages go to {log}.")
    status = quiet.run(
        command,
        log,
        is_ready=lambda: hub_api.is_ready(settings),
        when_ready=lambda: print(*notes, sep="\n", flush=True),
    )
    if status > 0:
        sys.exit(f"The hub stopped with an error. The last lines of {log}:\n{quiet.tail(log)}")
    print("The hub has stopped.")


def add_students(settings: HubSettings, file: Path) -> None:
    """Add the students of a class list and print where the new passwords are."""
    listed = class_list.read_class_list(file)
    passwords = students.add_students(settings, listed)
    print(f"{len(listed)} students in the list, {len(passwords)} of them new on this machine.")
    if passwords:
        print(f"Their passwords are in {settings.hub / prepare.CREDENTIALS_FILE}.")


def export_grades(settings: HubSettings, file: Path) -> None:
    """Export the grades with `nbgrader export`."""
    export = settings.course_folder / "grades.csv"
    grader.run_nbgrader(settings, "export", f"--to={export}")
    file.write_bytes(export.read_bytes())
    print(f"The grades are in {file}.")


def create_folders(settings: HubSettings) -> None:
    """Create the course's folders and copy the lessons, as the grader on a cluster needs them."""
    prepare.create_folders(settings)
    prepare.create_course(settings)


def make_backup(settings: HubSettings, file: Path) -> None:
    """Write a backup, note it in the course's log, and print how many submissions it holds."""
    count = backup(settings, file.absolute())
    command = [sys.executable, "-P", "-m", "autograder", "log"]
    command += [f"--root={settings.course_folder}", f"--add=backup {file.name}"]
    try:
        grader.run_as_grader(settings, *command)
    except RuntimeError as error:
        print(f"The backup is complete, but not in the course's log. {error}", file=sys.stderr)
    print(f"{file} holds {count} submissions.")


def verify_receipt(settings: HubSettings, file: Path) -> None:
    """Print whether this hub confirmed a receipt and whether the submission still exists."""
    key = signed_token.load_or_create_key(settings.hub / SIGNING_KEY_FILE)
    notice = receipts.verify_receipt(file, key)
    if notice is None:
        raise RuntimeError("this receipt was altered or comes from another hub")
    print(
        f"Confirmed: {notice.student} reported submitting {notice.assignment} at {notice.received}."
    )
    inbound = settings.exchange / settings.course / "inbound"
    known = submission_time.read_remembered(settings.course_folder)
    submissions = sorted(inbound.glob(f"{notice.student}+{notice.assignment}+*"))
    copies = [s for s in submissions if submission_time.content_hash(s) == notice.content]
    for folder in copies:
        time = submission_time.submission_time(folder, known)
        print(f"The submission has existed since {time.isoformat()}: {folder}")
    if not copies:
        print(f"The submission is not in {inbound}, or was changed there.")


def build_image(_settings: HubSettings, folder: Path) -> None:
    """Create the build context of the student image and print the next command."""
    image.build_context(folder)
    print(f"Next: repo2docker --no-run --image-name autoencoders-student {folder}")


def upgrade(settings: HubSettings) -> None:
    """Upgrade the hub's database and the gradebook to the installed versions."""
    if hub_api.is_running(settings):
        raise RuntimeError("the hub is running; stop it first: python -m deploy down")
    # JupyterHub calls alembic, which is installed next to Python, by name.
    environment = {**os.environ, SETTINGS_VARIABLE: str(settings.file), "PATH": _path()}
    program = [sys.executable, "-m", "jupyterhub", "upgrade-db", "-f", str(CONFIG)]
    done = subprocess.run(program, cwd=settings.hub, env=environment, check=False)  # noqa: S603  (no user input)
    if done.returncode:
        raise RuntimeError("upgrading the hub's database failed; see the error above")
    grader.run_nbgrader(settings, "db", "upgrade")
    print("The hub's database and the gradebook are up to date.")


def restore_backup(settings: HubSettings, file: Path) -> None:
    """Restore a backup and print the passwords of new accounts."""
    restored = restore(settings, file)
    print(f"Restored {restored.submissions} submissions.")
    for name, password in restored.passwords.items():
        print(f"  {name}  {password}")
    if restored.passwords:
        print(f"The new passwords are also in {settings.hub / prepare.CREDENTIALS_FILE}.")


def _path() -> str:
    return os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ["PATH"]])


_COMMANDS: Final = {
    "up": (start_hub, "prepare this machine and run the hub"),
    "down": (hub_api.stop, "stop users' servers, the hub and the proxy"),
    "folders": (create_folders, "only create the course's folders (for a cluster)"),
    "upgrade": (upgrade, "upgrade the hub's database and the gradebook"),
}
_FILE_COMMANDS: Final = {
    "students": (add_students, "add the students of a class list (CSV) exported by your LMS"),
    "grades": (export_grades, "write all grades to a CSV file"),
    "backup": (make_backup, "write the gradebook, submissions and class list to an archive"),
    "restore": (restore_backup, "restore an archive into an empty state folder"),
    "receipt": (verify_receipt, "check whether this hub confirmed a student's receipt"),
    "image": (build_image, "create a folder from which repo2docker builds the student image"),
}


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the administrator's commands.

    Example:
        >>> make_parser().parse_args(["backup", "today.tar.gz"]).file
        PosixPath('today.tar.gz')
    """
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    parser.add_argument(
        "--settings", type=Path, help=f"the settings file (default: deploy/{DEFAULT_FILE.name})"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for command, (_, help_text) in _COMMANDS.items():
        commands.add_parser(command, help=help_text, description=to_sentence(help_text))
    for command, (_, help_text) in _FILE_COMMANDS.items():
        added = commands.add_parser(command, help=help_text, description=to_sentence(help_text))
        added.add_argument("file", type=Path, metavar="FILE", help="the file or folder")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run a command."""
    options = make_parser().parse_args(arguments)
    try:
        settings = load(options.settings)
        if options.command in _COMMANDS:
            _COMMANDS[options.command][0](settings)
        else:
            _FILE_COMMANDS[options.command][0](settings, options.file)
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
