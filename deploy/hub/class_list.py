"""Adding students from the class list that a learning management system exports.

Moodle, Canvas, Ilias, OpenOLAT and Blackboard name their columns differently, and each lets the
instructor choose. Known names are found; others are named in the error.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from course import atomic_write
from deploy.hub import accounts, hub_api, mount_view, prepare, roles
from deploy.hub.settings import CHECKOUT, VARIABLE, HubSettings

COLUMNS: Final = {
    "id": ("id", "username", "user name", "login", "login id", "sis login id", "benutzername"),
    "first_name": ("first_name", "first name", "given name", "vorname"),
    "last_name": ("last_name", "last name", "surname", "family name", "nachname"),
    "email": ("email", "email address", "e-mail", "e-mail address", "e-mail-adresse"),
}
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}")


class ClassListError(ValueError):
    """The class list can't be read as one."""


@dataclass(frozen=True)
class ListedPerson:
    """A student, as the LMS knows them."""

    id: str
    first_name: str
    last_name: str
    email: str


def read(path: Path) -> list[ListedPerson]:
    """Read a class list: CSV with commas, semicolons or tabs, with or without a byte order mark.

    Args:
        path: What the LMS exported.

    Raises:
        ClassListError: With the line, what is wrong with it, and what would be right.
    """
    text = _text(path)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = _columns(reader.fieldnames or ())
    found: dict[str, ListedPerson] = {}
    for row in reader:
        number = reader.line_num
        values = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        login = values.get("id", "").lower()
        if not any(values.values()):
            continue
        if not _NAME.fullmatch(login):
            raise ClassListError(
                f"{path.name}, line {number}: {login!r} can't be an account; it must begin with a"
                " letter and hold at most 31 small letters, digits, - and _. If that is how your"
                f" system calls people, add a column id with names for the hub, such as"
                f" {_suggested(login)!r}, and tell each person theirs"
            )
        if login in found:
            raise ClassListError(f"{path.name}, line {number}: {login!r} is there twice")
        found[login] = ListedPerson(
            login,
            values.get("first_name", ""),
            values.get("last_name", ""),
            values.get("email", ""),
        )
    if not found:
        raise ClassListError(f"{path.name} holds no students")
    return list(found.values())


def _text(path: Path) -> str:
    """Read a file as what it is: UTF-8, what Excel calls Unicode text, or a Windows code page."""
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    for one in (encoding, "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(one)
    raise ClassListError(f"{path.name} is not text that can be read; save it as CSV in UTF-8")


def _suggested(login: str) -> str:
    name = re.sub("[^a-z0-9_-]+", "-", login.partition("@")[0]).strip("-")[:31]
    return name if _NAME.fullmatch(name) else f"s-{name}"[:31]


def _columns(given: object) -> dict[str, str]:
    names = {str(name).strip().lower(): str(name) for name in given or ()}  # type: ignore[attr-defined]  # a list of words
    columns = {
        wanted: names[known[0]]
        for wanted, all_known in COLUMNS.items()
        if (known := [name for name in all_known if name in names])
    }
    if "id" not in columns:
        raise ClassListError(
            f"no column holds the login; there are: {', '.join(names)}. Call one of them id"
        )
    return columns


def add(settings: HubSettings, listed: list[ListedPerson]) -> dict[str, str]:
    """Add students: to the class list, to this machine, to the gradebook, to the running hub.

    Students who are already in the class are not changed, and nobody is removed.

    Returns:
        The new accounts' passwords.

    Raises:
        ClassListError: Somebody's login is an account that is not theirs; nobody was added.
    """
    check(settings, [person.id for person in listed])
    known = {person.id for person in _written(settings.class_list)}
    _write(
        settings.class_list,
        [*_written(settings.class_list), *(person for person in listed if person.id not in known)],
    )
    passwords = prepare.people(settings)
    tell_the_gradebook(settings)
    if hub_api.running(settings):
        names = [person.id for person in listed]
        hub_api.know(settings, names)
        group = roles.students_group(settings)
        hub_api.ask(settings, "POST", f"groups/{group}/users", {"users": names})
    return passwords


def check(settings: HubSettings, names: list[str]) -> None:
    """Refuse logins that are accounts of the machine's own.

    Raises:
        ClassListError: With the login, and what is wrong with it.
    """
    mine = settings.authenticator == "pam"  # who logs in has the account's own password
    for name in names:
        reason = accounts.unfit(name, stranger=mine or name in settings.people)
        if name == settings.grader:
            reason = f"{name!r} is the grader, which is nobody's login"
        if reason:
            raise ClassListError(f"{reason}; give this person another name in the column id")


def tell_the_gradebook(settings: HubSettings) -> None:
    """Let the grader's nbgrader know the names of the class."""
    shown = settings.course_folder / "students.csv"
    _write(shown, _written(settings.class_list))
    os.chown(shown, settings.course_folder.stat().st_uid, settings.course_folder.stat().st_gid)
    grade(settings, "db", "student", "import", str(shown))


def grade(settings: HubSettings, *arguments: str) -> str:
    """Run an nbgrader command as the grader; return what it says.

    Raises:
        RuntimeError: It failed; with what it said.
    """
    environment = {
        VARIABLE: str(settings.file),
        "HOME": str(settings.homes / settings.grader),
        "USER": settings.grader,
        "JUPYTERHUB_USER": settings.grader,
        "JUPYTERHUB_SERVICE_NAME": settings.course,
        "JUPYTER_CONFIG_PATH": str(CHECKOUT / "deploy" / "grader"),
        "PATH": f"{Path(sys.prefix, 'bin')}:/usr/local/bin:/usr/bin:/bin",
    }
    seen = mount_view.grader(settings).command()
    done = subprocess.run(  # noqa: S603  (our own words)
        [*seen, str(Path(sys.prefix, "bin", "nbgrader")), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader {' '.join(arguments[:3])} failed:\n{done.stderr[-2000:]}")
    return done.stdout + done.stderr


def _written(path: Path) -> list[ListedPerson]:
    return read(path) if path.exists() else []


def _write(path: Path, people_: list[ListedPerson]) -> None:
    with (
        atomic_write.replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([(p.id, p.first_name, p.last_name, p.email) for p in people_])
