"""The history of each student's score in an assignment: what changed, when and why.

It is a file in the course folder, ``.grading/ASSIGNMENT/STUDENT.jsonl``, with one line for each
change; lines are only ever added.
"""

from __future__ import annotations

import contextlib
import getpass
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FOLDER: Final = ".grading"  # in the course folder

CauseKind = Literal[
    "key",
    "test",
    "submission",
    "lesson",
    "settings",
    "program",
    "late",
    "extension",
    "person",
    "again",
    "unknown",
]
Change = tuple[float | None, float | None]  # points before and after; None if there were none

_TEXTS: Final[dict[str, tuple[str, str]]] = {  # for the instructor, for the student
    "key": ("the key of {cells} was changed", "The answer key was corrected."),
    "test": ("the test {cells} was changed", "A test was corrected."),
    "submission": ("there is a new submission", "You submitted again."),
    "lesson": (
        "the lesson's code or files were changed",
        "The lesson was corrected, and your work was graded again.",
    ),
    "settings": (
        "the grading settings were changed",
        "The limits for grading were changed, and your work was graded again.",
    ),
    "program": (
        "the grader or its libraries were updated",
        "The grading program was updated, and your work was graded again.",
    ),
    "late": ("the late penalty changed", "Your late penalty was computed again."),
    "extension": ("the due date was extended", "Your due date was changed."),
    "person": ("a person decided", "A person decided about your points."),
    "again": ("it was graded again", "Your work was graded again."),
    "unknown": (
        "the earlier result is not in .grading, so the cause is unknown",
        "Your work was graded again.",
    ),
}


class Cause(BaseModel):
    """Why a score changed.

    Attributes:
        kind: The part of the grading that changed.
        cells: The questions or tests that were changed, if that is the cause.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: CauseKind
    cells: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the cause for an instructor.

        Example:
            >>> print(Cause(kind="key", cells=("dice",)))
            the key of dice was changed
        """
        return _TEXTS[self.kind][0].format(cells=" and ".join(self.cells))

    @property
    def for_student(self) -> str:
        """The cause as a sentence that gives no answer away."""
        return _TEXTS[self.kind][1]


def current_user() -> str:
    """Return the account that runs this program."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        return f"uid {os.getuid()}"


def utc_now() -> str:
    """Return the time in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


class ScoreChange(BaseModel):
    """One change of a student's score.

    Attributes:
        time: When, in UTC and ISO 8601.
        by: Whose command it was.
        score: The score before and after.
        maximum: The most points possible.
        cells: The points of each cell that changed, before and after.
        penalty: The late penalty before and after.
        causes: Why.
        program: The start of the grader's fingerprint.
        submission: The start of the submission's hash.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    time: str = Field(default_factory=utc_now)
    by: str = Field(default_factory=current_user)
    score: Change
    maximum: float
    cells: dict[str, Change] = {}
    penalty: tuple[float, float] = (0.0, 0.0)
    causes: tuple[Cause, ...] = ()
    program: str = ""
    submission: str = ""

    @property
    def is_first(self) -> bool:
        """True if there was no score before."""
        return self.score[0] is None


def history_path(root: Path, assignment: str, student: str) -> Path:
    """Return the file of a student's history."""
    return root / FOLDER / assignment / f"{student}.jsonl"


def append(path: Path, changes: Iterable[ScoreChange]) -> None:
    """Add changes to a history."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("ab+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        if file.read() not in {b"", b"\n"}:
            file.write(b"\n")  # a crash has cut off the line above
        file.writelines(f"{change.model_dump_json()}\n".encode() for change in changes)


def read(path: Path) -> list[ScoreChange]:
    """Return a history, the oldest change first; a line that a crash cut off is skipped.

    Example:
        >>> read(Path("/nowhere/ada.jsonl"))
        []
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError:
        return []
    changes = []
    for line in lines:
        with contextlib.suppress(ValidationError):
            changes.append(ScoreChange.model_validate_json(line))
    return changes
