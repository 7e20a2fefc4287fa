"""Grades as the files that Canvas, Moodle, Blackboard and ILIAS import.

An LMS has its own numbers for students and columns, so the safest file is the one that the LMS has
exported: `fill` writes the scores into it and leaves everything else, delimiter and encoding
included, as it was. Without such a file `create` makes one that names students by their login;
ILIAS accepts only its own.

`docs/lms.md` describes the formats and where they are documented.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from autograder.student_names import csv_text

Scores = Mapping[str, float]  # final scores only, by student


class GradeFileError(ValueError):
    """The LMS's file can't be filled; the message says how to get one that can."""


@dataclass(frozen=True)
class Roster:
    """A student as the gradebook knows them."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


@dataclass(frozen=True)
class GradedAssignment:
    """The final scores of an assignment; students without one are left out."""

    name: str
    maximum: float
    scores: Scores


@dataclass(frozen=True)
class Lms:
    """How an LMS's file names students and assignments.

    Attributes:
        logins: Headings of the columns that may hold a student's login, in lowercase.
        new: The headings of a new file, before the assignments; empty if it needs the LMS's own.
        column: What an assignment's heading must match, with ``{}`` for its name.
    """

    logins: tuple[str, ...]
    new: tuple[str, ...]
    column: str


FORMATS: Final = {
    "canvas": Lms(
        ("sis login id", "sis user id", "id"),
        ("Student", "ID", "SIS User ID", "SIS Login ID", "Section"),
        r"{}(?: \(\d+\))?",
    ),
    "moodle": Lms(
        ("username", "id number", "email address"),
        ("Username", "First name", "Last name", "Email address"),
        r"(?:[\w ]+: ?)?{}(?: \(Real\))?",
    ),
    "blackboard": Lms(
        ("username", "student id"),
        ("Last Name", "First Name", "Username"),
        r"{}(?: \[[^\]]*\])?(?: ?\|\d+)?",
    ),
    "ilias": Lms(("login",), (), ""),
}
_POINTS_POSSIBLE: Final = "Points Possible"  # Canvas's row of maxima
_ILIAS_COLUMNS: Final = ("update", "usr_id", "login", "status", "mark")
_DELIMITERS: Final = ",;\t"


def create(lms: str, students: Sequence[Roster], assignments: Sequence[GradedAssignment]) -> bytes:
    r"""Return a new file that names students by their login.

    Example:
        >>> ada = Roster("ada", "Ada", "Lovelace")
        >>> create("moodle", [ada], [GradedAssignment("01-intro", 7, {"ada": 6.5})]).decode()
        'Username,First name,Last name,Email address,01-intro\r\nada,Ada,Lovelace,,6.5\r\n'

    Raises:
        GradeFileError: This LMS imports only files that it has made.
    """
    names = FORMATS[lms].new
    if not names:
        raise GradeFileError(
            "ILIAS knows students by numbers of its own: download the exercise's status file, save"
            " it as CSV and name it with --template"
        )
    rows = [[*names, *(assignment.name for assignment in assignments)]]
    if lms == "canvas":
        maxima = [_number(assignment.maximum) for assignment in assignments]
        rows.append([f"    {_POINTS_POSSIBLE}", "", "", "", "", *maxima])
    for student in students:
        known = {
            "Student": ", ".join(filter(None, [student.last_name, student.first_name])),
            "SIS Login ID": student.id,
            "Username": student.id,
            "First name": student.first_name,
            "Last name": student.last_name,
            "First Name": student.first_name,
            "Last Name": student.last_name,
            "Email address": student.email,
        }
        scores = [_score(assignment, student.id) for assignment in assignments]
        rows.append([*(csv_text(known.get(name, "")) for name in names), *scores])
    return _to_text(rows, ",", quote_all=lms == "blackboard").encode()


def fill(
    lms: str,
    template: bytes,
    assignments: Sequence[GradedAssignment],
    students: Iterable[Roster] = (),
    pass_share: float = 0.5,
) -> tuple[bytes, list[str]]:
    """Return the LMS's own file with the scores, and the logins in it that have none.

    Args:
        lms: One of `FORMATS`.
        template: The file, as the LMS has exported it.
        assignments: A column that is missing is added at the end.
        students: Needed only where the file has e-mail addresses instead of logins.
        pass_share: In ILIAS, the share of the maximum from which the status is "passed".

    Raises:
        GradeFileError: The file has no column with logins, or isn't a table.
    """
    text, encoding = _decode(template)
    rows, delimiter = _rows(text)
    if len(rows) < 2:
        raise GradeFileError("the template is empty; export the grades from the LMS again")
    header = rows[0]
    ids = _identify(FORMATS[lms], header, rows, assignments, list(students))
    missing = [next(filter(None, row), "") for row in rows[1:] if not ids.get(id(row))]
    if lms == "ilias":
        _fill_ilias(header, rows, ids, assignments, pass_share)
    else:
        _fill_columns(FORMATS[lms], header, rows, ids, assignments)
    quote_all = template.lstrip(b"\xef\xbb\xbf").startswith(b'"')
    line_end = "\r\n" if "\r\n" in text else "\n"
    filled = _to_text(rows, delimiter, quote_all=quote_all, line_end=line_end)
    names = [name for name in missing if _POINTS_POSSIBLE not in name and name.strip()]
    return filled.encode(encoding), names


def _identify(
    lms: Lms,
    header: list[str],
    rows: list[list[str]],
    assignments: Sequence[GradedAssignment],
    students: list[Roster],
) -> dict[int, str]:
    """Return the student of each row, by its `id`, from the column that names most of them."""
    names = [" ".join(name.lower().replace("\ufeff", "").split()) for name in header]
    columns = [index for index, name in enumerate(names) if name in lms.logins]
    if not columns:
        raise GradeFileError(
            f"no column holds the login, found: {', '.join(header)}; it must be called one of"
            f" {', '.join(lms.logins)}"
        )
    known = {student.casefold(): student for one in assignments for student in one.scores}
    known |= {student.email.casefold(): student.id for student in students if student.email}
    known |= {student.id.casefold(): student.id for student in students}

    def found(column: int) -> dict[int, str]:
        return {
            id(row): student
            for row in rows[1:]
            if column < len(row) and (student := known.get(row[column].strip().casefold()))
        }

    return max(map(found, columns), key=len)


def _fill_columns(
    lms: Lms,
    header: list[str],
    rows: list[list[str]],
    ids: Mapping[int, str],
    assignments: Sequence[GradedAssignment],
) -> None:
    """Write the scores into the columns of the assignments, in place."""
    for assignment in assignments:
        pattern = re.compile(lms.column.format(re.escape(assignment.name)), re.IGNORECASE)
        column = next((i for i, name in enumerate(header) if pattern.fullmatch(name.strip())), None)
        is_new = column is None
        if column is None:
            column = len(header)
            header.append(assignment.name)
        for row in rows[1:]:
            row.extend([""] * (len(header) - len(row)))
            if _POINTS_POSSIBLE in row[0] and is_new:
                row[column] = _number(assignment.maximum)
            if score := _score(assignment, ids.get(id(row), "")):
                row[column] = score


def _fill_ilias(
    header: list[str],
    rows: list[list[str]],
    ids: Mapping[int, str],
    assignments: Sequence[GradedAssignment],
    pass_share: float,
) -> None:
    """Write mark and status of the only assignment, and mark the rows to update, in place."""
    if len(assignments) != 1:
        raise GradeFileError("an ILIAS status file holds one assignment; name just one")
    if missing := [name for name in _ILIAS_COLUMNS if name not in header]:
        raise GradeFileError(f"the status file lacks the columns {', '.join(missing)}")
    (assignment,) = assignments
    column = {name: header.index(name) for name in _ILIAS_COLUMNS}
    for row in rows[1:]:
        row.extend([""] * (len(header) - len(row)))
        student = ids.get(id(row), "")
        if student in assignment.scores:
            is_passed = assignment.scores[student] >= pass_share * assignment.maximum
            row[column["update"]] = "1"
            row[column["status"]] = "passed" if is_passed else "failed"
            row[column["mark"]] = _score(assignment, student)


def _score(assignment: GradedAssignment, student: str) -> str:
    score = assignment.scores.get(student)
    return "" if score is None else _number(score)


def _number(value: float) -> str:
    """Format a number with at most two decimals, as the LMS shows it."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _decode(content: bytes) -> tuple[str, str]:
    """Return the text and the encoding with which it can be written again."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:  # Blackboard's .xls is such text
        return content.decode("utf-16"), "utf-16"
    if b"\0" in content[:4] or content.startswith(b"PK"):
        raise GradeFileError("the template is a spreadsheet; save it as CSV first")
    for encoding in ("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise GradeFileError("the template is not a text file; save it as CSV in UTF-8")


def _rows(text: str) -> tuple[list[list[str]], str]:
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [row for row in reader if row], delimiter
    except csv.Error as error:
        raise GradeFileError(f"the template is not a table: {error}") from error


def _to_text(
    rows: list[list[str]], delimiter: str, *, quote_all: bool, line_end: str = "\r\n"
) -> str:
    file = io.StringIO(newline="")
    csv.writer(
        file,
        delimiter=delimiter,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
        lineterminator=line_end,
    ).writerows(rows)
    return file.getvalue()
