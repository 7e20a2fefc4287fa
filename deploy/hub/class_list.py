"""Add students from a class list exported by a learning management system (LMS).

Moodle, Canvas, ILIAS, OpenOLAT and Blackboard name their columns differently. Known names are
recognized; if none matches, the error lists the columns found.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from course import atomic_write
from deploy.hub import accounts, hub_api, mount_view, prepare, roles, services
from deploy.hub.settings import HubSettings

COLUMN_NAMES: Final = {
    "id": ("id", "username", "user name", "login", "login id", "sis login id", "benutzername"),
    "first_name": ("first_name", "first name", "given name", "vorname"),
    "last_name": ("last_name", "last name", "surname", "family name", "nachname"),
    "email": ("email", "email address", "e-mail", "e-mail address", "e-mail-adresse"),
}


class ClassListError(ValueError):
    """The class list is invalid."""


@dataclasses.dataclass(frozen=True)
class ListedStudent:
    """A student in the LMS export."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def read_class_list(path: Path) -> list[ListedStudent]:
    """Read a class list: CSV with commas, semicolons or tabs, with or without a byte order mark.

    Raises:
        ClassListError: With the line, the problem, and how to fix it.
    """
    text = _text(path)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = _columns(reader.fieldnames or ())
    students: dict[str, ListedStudent] = {}
    for row in reader:
        number = reader.line_num
        values = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        login = values.get("id", "").lower()
        if not any(values.values()):
            continue
        if not accounts.ACCOUNT_NAME.fullmatch(login):
            raise ClassListError(
                f"{path.name}, line {number}: {login!r} can't be an account name; it must start"
                " with a letter and have at most 31 lowercase letters, digits, - and _. If your LMS"
                " uses such logins, add a column `id` with names for the hub, such as"
                f" {_suggest_login(login)!r}, and give each student theirs"
            )
        if login in students:
            raise ClassListError(f"{path.name}, line {number}: {login!r} is listed twice")
        students[login] = ListedStudent(**{**values, "id": login})
    if not students:
        raise ClassListError(f"{path.name} lists no students")
    return list(students.values())


def _text(path: Path) -> str:
    """Decode UTF-8, Excel's Unicode text (UTF-16), or a Windows code page."""
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    for candidate in (encoding, "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(candidate)
    raise ClassListError(f"{path.name} is not a text file; save it as CSV in UTF-8")


def _suggest_login(login: str) -> str:
    name = re.sub("[^a-z0-9_-]+", "-", login.partition("@")[0]).strip("-")[:31]
    return name if accounts.ACCOUNT_NAME.fullmatch(name) else f"s-{name}"[:31]


def _columns(header: Sequence[str]) -> dict[str, str]:
    names = {name.strip().lower(): name for name in header}
    columns = {
        field: names[known[0]]
        for field, aliases in COLUMN_NAMES.items()
        if (known := [alias for alias in aliases if alias in names])
    }
    if "id" not in columns:
        raise ClassListError(
            f"no column holds the login, found: {', '.join(names)}; rename one of them to id"
        )
    return columns


def add_students(settings: HubSettings, listed: list[ListedStudent]) -> dict[str, str]:
    """Add students to the class list, this machine, the gradebook, and the running hub.

    Existing students stay unchanged; nobody is removed.

    Returns:
        The passwords of the new accounts.

    Raises:
        ClassListError: A login is an account that belongs to someone else; nobody was added.
    """
    check_logins(settings, [student.id for student in listed])
    earlier = _read_if_present(settings.class_list)
    known = {student.id for student in earlier}
    new = [student for student in listed if student.id not in known]
    _write(settings.class_list, [*earlier, *new])
    passwords = prepare.create_accounts(settings)
    update_gradebook(settings)
    if hub_api.is_running(settings):
        names = [student.id for student in listed]
        hub_api.add_users(settings, names)
        group = roles.students_group(settings)
        hub_api.request(settings, "POST", f"groups/{group}/users", {"users": names})
    return passwords


def check_logins(settings: HubSettings, names: list[str]) -> None:
    """Refuse logins that are existing accounts of this machine.

    Raises:
        ClassListError: With the login and the problem.
    """
    for name in names:
        allow_existing = settings.authenticator == "pam" or name in settings.people
        reason = accounts.why_unusable(name, allow_existing=allow_existing)
        if name == settings.grader:
            reason = f"{name!r} is the grader's account, which nobody logs in with"
        if reason:
            raise ClassListError(f"{reason}; give this student another name in the column id")


def update_gradebook(settings: HubSettings) -> None:
    """Import the class into the gradebook."""
    export = settings.course_folder / "students.csv"
    _write(export, _read_if_present(settings.class_list))
    shutil.chown(export, settings.grader, settings.grader)
    run_nbgrader(settings, "db", "student", "import", str(export))


def run_nbgrader(settings: HubSettings, *arguments: str) -> str:
    """Run an nbgrader command as the grader; return its output.

    Raises:
        RuntimeError: It failed; with its output.
    """
    view = mount_view.grader_view(settings).command()
    done = subprocess.run(  # noqa: S603  (no user input)
        [*view, str(Path(sys.prefix, "bin", "nbgrader")), *arguments],
        env={
            **services.grader_environment(settings),
            "JUPYTERHUB_SERVICE_NAME": settings.course,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {' '.join(arguments[:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout + done.stderr


def _read_if_present(path: Path) -> list[ListedStudent]:
    return read_class_list(path) if path.exists() else []


def _write(path: Path, students: list[ListedStudent]) -> None:
    with (
        atomic_write.replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMN_NAMES)
        writer.writerows(map(dataclasses.astuple, students))
