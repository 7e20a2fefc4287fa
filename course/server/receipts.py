"""A student's receipt: when something was submitted, and its SHA-256.

``python -m course.server.receipts FOLDER`` computes the same hash again, from the exchange, from
``submitted/`` or from a student's own copy; so do ``sha256sum`` and ``sort``.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

NBGRADER_FILES: Final = ("timestamp.txt", "submission_secret.txt")  # nbgrader adds them to the work
RECEIPTS_FOLDER: Final = "receipts"  # in the student's home folder
_EVENT_FIELDS: Final = ("assignment", "time", "content", "path", "late")
EVENT_SCHEMA_ID: Final = "https://autoencoder-course.invalid/receipt"
EVENT_SCHEMA: Final = {
    "$id": EVENT_SCHEMA_ID,
    "version": "1",
    "title": "An assignment was submitted",
    "type": "object",
    "properties": {name: {"type": "string"} for name in _EVENT_FIELDS},
    "required": list(_EVENT_FIELDS),
}


@dataclass(frozen=True)
class Receipt:
    """The receipt of one submission.

    Attributes:
        course: The course's name.
        assignment: The assignment's name, such as ``01-intro``.
        student: The student's name.
        time: Time of the submission, in nbgrader's format: ``2026-11-24 02:10:11.123456 UTC``.
        files: SHA-256 of each file, by its path in the folder.
        confirmed: Time and signature of the class's server, which nobody else can make; None if
            there is no such server, or it did not answer.
        due: When it was due for this student; empty if that isn't known.
        late: What its lateness costs, such as ``2 h late: −10%``; empty if it is on time.
    """

    course: str
    assignment: str
    student: str
    time: str
    files: dict[str, str]
    confirmed: tuple[str, str] | None = None
    due: str = ""
    late: str = ""

    @property
    def content(self) -> str:
        """SHA-256 of the lines that ``sha256sum`` prints for the sorted files."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def name(self) -> str:
        """The receipt's file name, unique to the submission.

        Example:
            >>> Receipt("c", "01-intro", "ada", "2026-11-24 02:10:11.123456 UTC", {}).name
            '01-intro 2026-11-24 02.10.11.123456 UTC.txt'
        """
        return f"{self.assignment} {self.time.replace(':', '.')}.txt"

    def text(self) -> str:
        """Return the receipt as plain text."""
        lines = [
            f"You handed in {self.assignment}.",
            "",
            f"Course    {self.course}",
            f"Student   {self.student}",
            f"Time      {self.time}",
            *([f"Due       {self.due}"] if self.due else []),
            *([f"Late      {self.late}"] if self.late else []),
            f"Content   SHA-256 {self.content}",
            *([f"Confirmed {self.confirmed[0]} {self.confirmed[1]}"] if self.confirmed else []),
            "",
            "Files",
            *(f"{digest}  {name}" for name, digest in sorted(self.files.items())),
            "",
            "Every submission is kept; the last one before the instructor collects is graded.",
        ]
        return "\n".join(lines) + "\n"


def announce(server: ServerApp, receipt: Receipt, file: Path | None) -> None:
    """Send an `EVENT_SCHEMA` event that makes the student's page show the receipt and its file."""
    if server.event_logger is None:
        return
    root = Path(server.root_dir).resolve()
    path = file.resolve() if file else Path()
    event = {
        "assignment": receipt.assignment,
        "time": receipt.time,
        "content": receipt.content,
        "late": receipt.late,
        "path": path.relative_to(root).as_posix() if path.is_relative_to(root) else "",
    }
    server.event_logger.emit(schema_id=EVENT_SCHEMA_ID, data=event)


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a submission, by its path in the folder.

    nbgrader's own files are left out, and links are not followed.
    """
    hashes = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and name not in NBGRADER_FILES:
            with path.open("rb") as file:
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def main(folders: list[str]) -> int:
    """Print the content hash of each folder."""
    if not folders:
        print("usage: python -m course.server.receipts FOLDER...", file=sys.stderr)
        return 2
    for folder in folders:
        print(f"{Receipt('', '', '', '', hash_files(Path(folder))).content}  {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
