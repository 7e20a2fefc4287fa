"""Who asked what and when, and the answer: the basis of the attempt limits.

Rows are kept for `keep_days` days; see `policy.py` and ``docs/privacy.md``.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.feedback.receipts import SubmissionNotice

# Existing course folders hold these tables, so their names stay.
_SCHEMA: Final = """
create table if not exists asked (
    number integer primary key,
    time text not null,
    student text not null,
    assignment text not null,
    question text not null,
    answer text not null,  -- hash of the chosen options; the same answer counts once
    said text not null,    -- right, wrong, blank, unclear, saved, or "refused: " with a reason
    counted integer not null
) strict;
create index if not exists by_question on asked (student, assignment, question, counted);
create table if not exists handed_in (
    number integer primary key,
    time text not null,      -- by this machine's clock
    student text not null,
    assignment text not null,
    said text not null,      -- time of submission by the student's server
    content text not null    -- SHA-256, as in the receipt
) strict;
"""
COUNTED_RESULTS: Final = ("right", "wrong")  # what costs an attempt


class RequestLog:
    """The log, in one SQLite file.

    Example:
        >>> with contextlib.closing(RequestLog(Path("asked.db"))) as log:  # doctest: +SKIP
        ...     log.counted_answers("ada", "01-intro", "quiz-what")
        set()
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._database.execute("pragma journal_mode = wal")
        # If the machine crashes, the last moments of the log may be lost, but no student's work.
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Lock the log, so that counting attempts and adding one happen in one step."""
        self._database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")

    def counted_answers(self, student: str, assignment: str, question: str) -> set[str]:
        """Return the hashes of a student's different answers that cost an attempt."""
        rows = self._database.execute(
            "select distinct answer from asked"
            " where student = ? and assignment = ? and question = ? and counted = 1",
            (student, assignment, question),
        )
        return {row[0] for row in rows}

    def add(self, student: str, assignment: str, question: str, answer: str, result: str) -> None:
        """Log a request and its result: the verdict, or ``refused: `` with the reason.

        An answer is logged as its `answer_hash`, or as nothing if it costs no attempt.
        """
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        counted = result in COUNTED_RESULTS
        self._database.execute(
            "insert into asked (time, student, assignment, question, answer, said, counted)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (now, student, assignment, question[:200], answer, result, counted),
        )

    def add_submission(self, notice: SubmissionNotice) -> None:
        """Log a submission."""
        self._database.execute(
            "insert into handed_in (time, student, assignment, said, content)"
            " values (?, ?, ?, ?, ?)",
            (notice.received, notice.student, notice.assignment, notice.time, notice.content),
        )

    def delete_older(self, days: int, now: datetime) -> int:
        """Delete the rows that are older than so many days; return how many they were."""
        oldest = (now - timedelta(days=days)).isoformat(timespec="milliseconds")
        deleted = 0
        for table in ("asked", "handed_in"):
            query = f"delete from {table} where time < ?"  # noqa: S608  (our own names)
            deleted += self._database.execute(query, (oldest,)).rowcount
        return deleted


def answer_hash(chosen: Iterator[str]) -> str:
    """Return a short hash of the names of the chosen options, independent of their order.

    Example:
        >>> answer_hash(iter(["b", "a"])) == answer_hash(iter(["a", "b"]))
        True
    """
    return hashlib.sha256("\0".join(sorted(chosen)).encode()).hexdigest()[:16]
