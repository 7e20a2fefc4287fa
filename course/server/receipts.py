"""A student's receipt: when something was handed in, and the SHA-256 of what it was.

``python -m course.server.receipts FOLDER`` computes the same number again, from the exchange, from
``submitted/`` or from a student's own copy; so do ``sha256sum`` and ``sort``.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

ADDED: Final = ("timestamp.txt", "submission_secret.txt")  # nbgrader's, no part of the work
FOLDER: Final = "receipts"  # in the student's own folder
KIND: Final = "https://autoencoder-course.invalid/receipt"
EVENT: Final = {
    "$id": KIND,
    "version": "1",
    "title": "Something was handed in",
    "type": "object",
    "properties": {name: {"type": "string"} for name in ("assignment", "time", "content", "path")},
    "required": ["assignment", "time", "content", "path"],
}


@dataclass(frozen=True)
class Receipt:
    """What was handed in.

    Attributes:
        course: The course's name.
        assignment: Such as ``01-intro``.
        student: Who handed it in.
        time: When, as nbgrader writes it: ``2026-11-24 02:10:11.123456 UTC``.
        files: SHA-256 of each file, by its path in the folder.
        confirmed: When the class's own server was told, by its clock, and its mark, which nobody
            else can make; nothing where there is no such server, or none answered.
    """

    course: str
    assignment: str
    student: str
    time: str
    files: dict[str, str]
    confirmed: tuple[str, str] | None = None

    @property
    def content(self) -> str:
        """The SHA-256 of all: of the lines that ``sha256sum`` prints for the sorted files."""
        lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def name(self) -> str:
        """The receipt's file name; every submission has its own.

        Example:
            >>> Receipt("c", "01-intro", "ada", "2026-11-24 02:10:11.123456 UTC", {}).name
            '01-intro 2026-11-24 02.10.11.123456 UTC.txt'
        """
        return f"{self.assignment} {self.time.replace(':', '.')}.txt"

    def text(self) -> str:
        """The receipt for a reader."""
        lines = [
            f"You handed in {self.assignment}.",
            "",
            f"Course    {self.course}",
            f"Student   {self.student}",
            f"Time      {self.time}",
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
    """Tell the student's page that something was handed in; it shows what the receipt says.

    Args:
        server: The student's own; `EVENT` is registered with it.
        receipt: What was handed in.
        file: Where the receipt lies, if it could be kept.
    """
    root = Path(server.root_dir).resolve()
    own = file.resolve() if file else Path()
    told = {
        "assignment": receipt.assignment,
        "time": receipt.time,
        "content": receipt.content,
        "path": own.relative_to(root).as_posix() if own.is_relative_to(root) else "",
    }
    if server.event_logger is not None:
        server.event_logger.emit(schema_id=KIND, data=told)


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a submission, by its path in the folder.

    Args:
        folder: A submission; what nbgrader adds to it is left out, and links are not followed.
    """
    return {name: _digest(folder / name) for name in _names(folder)}


def _names(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and name not in ADDED:
            yield name


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: list[str]) -> int:
    """Print the number of each folder."""
    if not arguments:
        print("name the folders of submissions", file=sys.stderr)
        return 2
    for argument in arguments:
        found = Receipt("", "", "", "", digests(Path(argument)))
        print(f"{found.content}  {argument}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
