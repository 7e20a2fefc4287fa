"""Who asked what, when, and what was said: kept for good, and the ground for the limits."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deploy.feedback.receipts import Told

_TABLE: Final = """
create table if not exists asked (
    number integer primary key,
    time text not null,
    student text not null,
    assignment text not null,
    question text not null,
    answer text not null,  -- SHA-256 of the chosen options; the same answer is judged once
    said text not null,    -- right, wrong, blank, unclear, saved, or: refused, with the reason
    counted integer not null
) strict;
create index if not exists by_question on asked (student, assignment, question, counted);
create table if not exists handed_in (
    number integer primary key,
    time text not null,      -- by this machine's clock
    student text not null,
    assignment text not null,
    said text not null,      -- when, by the student's server
    content text not null    -- SHA-256, as in the receipt
) strict;
"""
JUDGED: Final = ("right", "wrong")  # what costs an attempt


class Record:
    """The record, in one SQLite file.

    Example:
        >>> with contextlib.closing(Record(Path("asked.db"))) as record:  # doctest: +SKIP
        ...     record.tried("ada", "01-intro", "quiz-what")
        set()
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._database.execute("pragma journal_mode = wal")
        # A crash of the machine may cost the last moments of the record, and no student's work.
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_TABLE)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else write in between: looking and writing down are one step."""
        self._database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")

    def tried(self, student: str, assignment: str, question: str) -> set[str]:
        """Return the different answers of a student that were judged, as fingerprints."""
        rows = self._database.execute(
            "select distinct answer from asked"
            " where student = ? and assignment = ? and question = ? and counted = 1",
            (student, assignment, question),
        )
        return {row[0] for row in rows}

    def add(self, student: str, assignment: str, question: str, answer: str, said: str) -> None:
        """Write down one question and what was said to it.

        Args:
            student: Who asked.
            assignment: Such as ``01-intro``.
            question: The question's name.
            answer: As `fingerprint` gives it, or nothing.
            said: The verdict, or ``refused: `` with the reason.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        row = (now, student, assignment, question[:200], answer, said, said in JUDGED)
        self._database.execute(
            "insert into asked (time, student, assignment, question, answer, said, counted)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            row,
        )

    def receive(self, told: Told) -> None:
        """Write down that something was handed in."""
        self._database.execute(
            "insert into handed_in (time, student, assignment, said, content)"
            " values (?, ?, ?, ?, ?)",
            (told.received, told.student, told.assignment, told.time, told.content),
        )


def fingerprint(chosen: Iterator[str]) -> str:
    """Return a short name of an answer, in which the order of its options plays no part.

    Example:
        >>> fingerprint(iter(["b", "a"])) == fingerprint(iter(["a", "b"]))
        True
    """
    return hashlib.sha256("\0".join(sorted(chosen)).encode()).hexdigest()[:16]
