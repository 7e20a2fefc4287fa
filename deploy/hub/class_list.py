"""Adding students from the class list that a learning management system exports.

Moodle, Canvas, Ilias, OpenOLAT and Blackboard name their columns differently, and each lets the
instructor choose. Known names are found; others are named in the error.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.hub import operator, people, prepare, view
from deploy.hub.settings import CHECKOUT, VARIABLE, Settings

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
class Person:
    """A student, as the LMS knows them."""

    id: str
    first_name: str
    last_name: str
    email: str


def read(path: Path) -> list[Person]:
    """Read a class list: CSV with commas, semicolons or tabs, with or without a byte order mark.

    Args:
        path: What the LMS exported.

    Raises:
        ClassListError: With the line, what is wrong with it, and what would be right.
    """
    text = path.read_text(encoding="utf-8-sig")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    columns = _columns(reader.fieldnames or ())
    found: dict[str, Person] = {}
    for number, row in enumerate(reader, start=2):
        values = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        login = values.get("id", "").lower()
        if not any(values.values()):
            continue
        if not _NAME.fullmatch(login):
            raise ClassListError(
                f"{path.name}, line {number}: {login!r} can't be an account; it must begin with a"
                " letter and hold small letters, digits, - and _ alone"
            )
        if login in found:
            raise ClassListError(f"{path.name}, line {number}: {login!r} is there twice")
        found[login] = Person(
            login,
            values.get("first_name", ""),
            values.get("last_name", ""),
            values.get("email", ""),
        )
    if not found:
        raise ClassListError(f"{path.name} holds no students")
    return list(found.values())


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


def add(settings: Settings, listed: list[Person]) -> dict[str, str]:
    """Add students: to the class list, to this machine, to the gradebook, to the running hub.

    Whoever is in the class already stays as they are; nobody is removed.

    Returns:
        The new accounts' passwords.
    """
    known = {person.id for person in _written(settings.class_list)}
    _write(
        settings.class_list,
        [*_written(settings.class_list), *(person for person in listed if person.id not in known)],
    )
    passwords = prepare.people(settings)
    tell_the_gradebook(settings)
    if operator.running(settings):
        names = [person.id for person in listed]
        for name in names:
            if name not in {user["name"] for user in operator.ask(settings, "GET", "users")}:
                operator.ask(settings, "POST", f"users/{name}")
        group = people.students_group(settings)
        operator.ask(settings, "POST", f"groups/{group}/users", {"users": names})
    return passwords


def tell_the_gradebook(settings: Settings) -> None:
    """Let the grader's nbgrader know the names of the class."""
    shown = settings.course_folder / "students.csv"
    _write(shown, _written(settings.class_list))
    os.chown(shown, settings.course_folder.stat().st_uid, settings.course_folder.stat().st_gid)
    grade(settings, "db", "student", "import", str(shown))


def grade(settings: Settings, *arguments: str) -> str:
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
    seen = view.grader(settings).command()
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


def _written(path: Path) -> list[Person]:
    return read(path) if path.exists() else []


def _write(path: Path, people_: list[Person]) -> None:
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows([(p.id, p.first_name, p.last_name, p.email) for p in people_])
    beside.replace(path)
