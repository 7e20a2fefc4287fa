"""Read a class list exported by a learning management system (LMS).

Moodle, Canvas, ILIAS, OpenOLAT and Blackboard name their columns differently. Known names are
recognized; if none matches, the error lists the columns found.
"""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import io
import re
from pathlib import Path
from typing import Final

from course import atomic_write
from deploy.hub import accounts

COLUMN_NAMES: Final = {
    "id": (
        *("username", "user name", "login", "login id", "sis login id", "benutzername"),
        *("anmeldename", "kennung", "netid", "id"),
    ),
    "first_name": ("first_name", "first name", "given name", "vorname"),
    "last_name": ("last_name", "last name", "surname", "family name", "nachname", "familienname"),
    "email": ("email", "email address", "e-mail", "e-mail address", "e-mail-adresse"),
    "name": ("student", "name", "full name"),  # "Last, First", where the two aren't apart
}
FIELDS: Final = ("id", "first_name", "last_name", "email")
_ALL_NAMES: Final = frozenset(name for names in COLUMN_NAMES.values() for name in names)
_DELIMITERS: Final = (",", ";", "\t", "|")
_CANVAS_MAXIMA: Final = "points possible"  # in place of a student's name


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
    """Read a class list: CSV with any common delimiter and encoding.

    Raises:
        ClassListError: With the line, the problem, and how to fix it.
    """
    rows = _rows(path)
    columns = _columns(rows, path.name)
    students: dict[str, ListedStudent] = {}
    for number, row in rows[1:]:
        if any(row[len(rows[0][1]) :]):
            raise ClassListError(
                f"{path.name}, line {number}: {len(row)} values for {len(rows[0][1])} columns; put"
                " values that contain the delimiter in quotes"
            )
        values = {field: row[at] if at < len(row) else "" for field, at in columns.items()}
        name = values.pop("name", "")
        login = values.get("id", "").lower()
        if not any(values.values()) and name.lower() in {"", _CANVAS_MAXIMA}:
            continue
        last, comma, first = name.partition(",")
        if comma and not (values.get("first_name") or values.get("last_name")):
            values |= {"first_name": first.strip(), "last_name": last.strip()}
        if not login:
            column = rows[0][1][columns["id"]]
            raise ClassListError(
                f"{path.name}, line {number}: no login in the column {column!r}; add it, or remove"
                " the line"
            )
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


Row = tuple[int, list[str]]  # the number of its line, and its values


def _rows(path: Path) -> list[Row]:
    """Return the header and the other rows, without empty ones."""
    lines = _text(path).splitlines(keepends=True)
    delimiter, skipped = "", 0
    for line in lines:
        stated = re.fullmatch(r"\"?sep=(.)\"?", line.strip(), re.IGNORECASE)  # Excel's own hint
        if line.strip(" \t\r\n,;|") and not stated:
            break
        delimiter = stated[1] if stated else delimiter
        skipped += 1
    header = lines[skipped] if skipped < len(lines) else ""

    def known_columns(candidate: str) -> tuple[int, int]:
        names = next(csv.reader([header], delimiter=candidate), [])
        known = [name for name in map(_normalize, names) if name in _ALL_NAMES]
        return len(known), len(names)

    delimiter = delimiter or max(_DELIMITERS, key=known_columns)
    text = io.StringIO("".join(lines[skipped:]), newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True, skipinitialspace=True)
    rows: list[Row] = []
    start = skipped + 1
    try:
        for row in reader:
            if any(line_end in value for value in row for line_end in "\r\n"):
                raise csv.Error("a value with several lines")  # noqa: TRY301  (one message for both)
            values = [value.strip() for value in row]
            if any(values):
                rows.append((start, values))
            start = reader.line_num + skipped + 1
    except csv.Error as error:
        raise ClassListError(
            f"{path.name}, line {start}: a value begins with a quotation mark that isn't closed in"
            f" the same line or stands within the value ({error}); close it or remove it"
        ) from error
    return rows or [(1, [])]


def _text(path: Path) -> str:
    """Decode UTF-8, Excel's Unicode text (UTF-16), or a Windows code page."""
    content = path.read_bytes()
    encoding = "utf-8-sig"
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        encoding = "utf-16"
    elif b"\0" in content[:2]:  # UTF-16 without a byte order mark
        encoding = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    for candidate in (encoding, "cp1252"):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(candidate)
    raise ClassListError(f"{path.name} is not a text file; save it as CSV in UTF-8")


def _suggest_login(login: str) -> str:
    name = re.sub("[^a-z0-9_-]+", "-", login.partition("@")[0]).strip("-")[:31]
    return name if accounts.ACCOUNT_NAME.fullmatch(name) else f"s-{name}"[:31]


def _normalize(name: str) -> str:
    return " ".join(name.replace("\ufeff", "").lower().split())


def _columns(rows: list[Row], file: str) -> dict[str, int]:
    """Return the position of each known column.

    Several columns may hold the login: Canvas has a number in ``ID`` next to ``SIS Login ID``, and
    an instructor may have added ``id``. The one with the most possible account names counts.
    """
    header = rows[0][1]
    names = [_normalize(name) for name in header]
    columns = {
        field: names.index(known[0])
        for field, aliases in COLUMN_NAMES.items()
        if (known := [alias for alias in aliases if alias in names])
    }
    if "id" not in columns:
        raise ClassListError(
            f"{file}: no column holds the login, found: {', '.join(header)}; rename one of them"
            " to id"
        )

    def possible_logins(at: int) -> tuple[int, bool, int]:
        values = [row[at].lower() for _, row in rows[1:] if at < len(row)]
        count = sum(bool(accounts.ACCOUNT_NAME.fullmatch(value)) for value in values)
        return count, header[at] == "id", -COLUMN_NAMES["id"].index(names[at])

    logins = [at for at, name in enumerate(names) if name in COLUMN_NAMES["id"]]
    return {**columns, "id": max(logins, key=possible_logins)}


def write_class_list(path: Path, students: list[ListedStudent]) -> None:
    """Write a class list that `read_class_list` and nbgrader read."""
    with (
        atomic_write.replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(FIELDS)
        writer.writerows(map(dataclasses.astuple, students))
