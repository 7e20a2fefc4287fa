"""The commands for running the hub.

``python -m deploy up`` prepares this machine and becomes the hub.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.feedback import receipts, signed_token
from deploy.hub import class_list, hub_api, image, network, prepare, submission_time
from deploy.hub.backup import backup, restore
from deploy.hub.settings import CHECKOUT, DEFAULT, VARIABLE, HubSettings, load
from deploy.hub.spawner import BADGES

CONFIG = CHECKOUT / "deploy" / "jupyterhub_config.py"


def greeting(settings: HubSettings, passwords: dict[str, str]) -> str:
    """What is said before the hub starts: where it is, and how to log in.

    Example:
        >>> greeting(Settings(), {"ada": "secret"}).splitlines()[0]
        'The hub: http://127.0.0.1:810'
    """
    lines = [f"The hub: {settings.address}"]
    width = max([len(name) for name in passwords], default=0)
    for name, password in passwords.items():
        kind = "instructor" if name in settings.instructors else "student"
        lines.append(f"  {name:{width}}  {password}  {kind}")
    kept = settings.hub / prepare.PASSWORDS
    if passwords or kept.exists():
        lines.append(f"Passwords are also in {kept}, which only root can read.")
    lines.append(f"Instructors find formgrader in the hub's menu Services → {settings.course}.")
    stops = "the hub; people's servers go on" if settings.keep_servers else "everything"
    lines.append(f"Ctrl+C stops {stops}.")
    return "\n".join(lines)


def up(settings: HubSettings) -> None:
    """Prepare the machine, say how to log in, become the hub."""
    if os.geteuid() != 0:
        sys.exit("The hub starts servers under their owners' accounts, so it must run as root.")
    try:
        changed = network.reserve(settings)
        passwords = prepare.everything(settings)
        hub_api.end_leftovers(settings)
    except RuntimeError as error:
        sys.exit(f"The hub can't start: {error}")
    _say("\n".join(filter(None, [changed, greeting(settings, passwords)])))
    os.environ[VARIABLE] = str(settings.file)
    os.environ["PATH"] = _path()
    os.chdir(settings.hub)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)])  # noqa: S606  (no shell; the hub takes this process's place)


def students(settings: HubSettings, file: Path) -> None:
    """Add a class list, and say the new accounts' passwords."""
    listed = class_list.read(file)
    passwords = class_list.add(settings, listed)
    _say(f"{len(listed)} students are in the list, {len(passwords)} of them new on this machine.")
    if passwords:
        _say(f"Their passwords are in {settings.hub / prepare.PASSWORDS}.")


def grades(settings: HubSettings, file: Path) -> None:
    """Export the grades, as `nbgrader export` does."""
    shown = settings.course_folder / "grades.csv"
    class_list.grade(settings, "export", f"--to={shown}")
    file.write_bytes(shown.read_bytes())
    _say(f"The grades are in {file}.")


def folders(settings: HubSettings) -> None:
    """Make the course's folders and fill in the lessons, as a cluster's grader needs them."""
    prepare.folders(settings)
    prepare.course(settings)


def keep(settings: HubSettings, file: Path) -> None:
    """Make a backup, and say what it holds."""
    _say(f"{backup(settings, file.absolute())} submissions are in {file}.")


def look_at(settings: HubSettings, file: Path) -> None:
    """Say whether a receipt was confirmed here, and whether what it is about is still there."""
    said = receipts.verify_receipt(file, signed_token.load_or_create_key(settings.hub / BADGES))
    if said is None:
        raise RuntimeError("this receipt was changed, or is of another hub")
    _say(f"Confirmed: {said.student} said at {said.received} that {said.assignment} is handed in.")
    inbound = settings.exchange / settings.course / "inbound"
    copies = [
        folder
        for folder in sorted(inbound.glob(f"{said.student}+{said.assignment}+*"))
        if submission_time.content(folder) == said.content
    ]
    for folder in copies:
        came = submission_time.submission_time(
            folder, submission_time.remembered(settings.course_folder)
        )
        _say(f"It is there, since {came.isoformat()}: {folder}")
    if not copies:
        _say(f"It is not in {inbound}, or has been changed there.")


def student_image(folder: Path) -> None:
    """Fill a folder for the student's image, and say what comes next."""
    image.prepare(folder)
    _say(f"Next: repo2docker --no-run --image-name autoencoders-student {folder}")


def upgrade(settings: HubSettings) -> None:
    """Bring the hub's database and the gradebook to what the installed versions expect."""
    if hub_api.running(settings):
        raise RuntimeError("the hub runs; stop it first: python -m deploy down")
    # JupyterHub calls alembic by name, which lies beside Python.
    environment = {**os.environ, VARIABLE: str(settings.file), "PATH": _path()}
    program = [sys.executable, "-m", "jupyterhub", "upgrade-db", "-f", str(CONFIG)]
    done = subprocess.run(program, cwd=settings.hub, env=environment, check=False)  # noqa: S603  (our own words)
    if done.returncode:
        raise RuntimeError("the hub's database could not be upgraded; it says why above")
    class_list.grade(settings, "db", "upgrade")
    _say("The hub's database and the gradebook are up to date.")


def bring_back(settings: HubSettings, file: Path) -> None:
    """Restore a backup, and say the new accounts' passwords."""
    found = restore(settings, file)
    _say(f"{found.submissions} submissions are back.")
    for name, password in found.passwords.items():
        _say(f"  {name}  {password}")
    if found.passwords:
        _say(f"These accounts are new; their passwords are in {settings.hub / prepare.PASSWORDS}.")


def _path() -> str:
    return os.pathsep.join([str(Path(sys.prefix, "bin")), os.environ["PATH"]])


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Do what was asked."""
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    parser.add_argument("--settings", type=Path, help=f"the settings file; else {DEFAULT.name}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="prepare this machine and run the hub")
    commands.add_parser("down", help="stop people's servers, the hub and the proxy")
    commands.add_parser("folders", help="make the course's folders, and nothing else: on a cluster")
    commands.add_parser("upgrade", help="bring the hub's database and the gradebook up to date")
    for command, what in {
        "students": "add the students of a class list (CSV) that your LMS exported",
        "grades": "write all grades to a CSV file",
        "backup": "write gradebook, submissions and class to an archive",
        "restore": "bring an archive back, into an empty state folder",
        "receipt": "tell whether a student's receipt was confirmed by this hub",
        "image": "fill a folder from which repo2docker builds the student's image",
    }.items():
        commands.add_parser(command, help=what).add_argument("file", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        settings = load(chosen.settings)
        _do(chosen.command, settings, getattr(chosen, "file", Path()))
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(str(error))


def _do(command: str, settings: HubSettings, file: Path) -> None:
    does: dict[str, Callable[[], None]] = {
        "up": lambda: up(settings),
        "down": lambda: hub_api.stop(settings),
        "folders": lambda: folders(settings),
        "upgrade": lambda: upgrade(settings),
        "students": lambda: students(settings, file),
        "grades": lambda: grades(settings, file),
        "backup": lambda: keep(settings, file),
        "restore": lambda: bring_back(settings, file),
        "receipt": lambda: look_at(settings, file),
        "image": lambda: student_image(file),
    }
    does[command]()


if __name__ == "__main__":
    main()
