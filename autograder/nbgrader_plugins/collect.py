"""Sanitize submissions before nbgrader reads them.

nbgrader copies the target of a link with the instructor's rights, which would put the gradebook
or ``source/`` within a student's reach. Deeply nested folders and invalid timestamps crash it.
All of these are removed first; the student's work stays.
"""

from __future__ import annotations

import logging
import stat
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from autograder import untrusted_folders
from autograder.nbgrader_plugins.course_paths import CoursePaths

TIMESTAMP: Final = "timestamp.txt"  # where nbgrader stores the submission time
MAX_TIMESTAMP_BYTES: Final = 100  # parsing takes quadratic time

_EPOCH: Final = parse_utc("1970-01-01 00:00:00")

_log: Final = logging.getLogger("autograder")


def sanitize_folder(folder: Path) -> list[str]:
    """Remove links, special files, excessive nesting and an invalid timestamp from a submission.

    Example:
        >>> sanitize_folder(Path("submitted/ada/01-intro"))  # doctest: +SKIP
        ["Left out 'gradebook.db': not a regular file or folder."]

    Returns:
        One sentence for each entry removed; each is also logged as a warning.
    """
    messages = untrusted_folders.remove_unsafe(folder)
    if (folder / TIMESTAMP).exists() and read_timestamp(folder) is None:
        untrusted_folders.remove_tree(folder / TIMESTAMP, folder)
        messages.append(f"Left out {TIMESTAMP!r}: not a valid time.")
    for message in messages:
        _log.warning("%s: %s", folder, message)
    return messages


def read_timestamp(folder: Path) -> datetime | None:
    """Return the submission time in UTC; None if ``timestamp.txt`` is missing or invalid.

    Example:
        >>> read_timestamp(Path("/nowhere"))
    """
    path = folder / TIMESTAMP
    try:
        info = path.lstat()
        if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_TIMESTAMP_BYTES:
            return None
        timestamp: datetime = parse_utc(path.read_text(encoding="ascii").strip())
    except Exception:  # noqa: BLE001  (students can write anything, and dateutil raise anything)
        return None
    return timestamp


class CollectFiles(ExchangeCollect):
    """``nbgrader collect`` that tolerates anything students put into the exchange.

    Students own everything there, folder names included. One bad folder doesn't stop the others,
    and the submission time is taken from the folder's name, not from a file in it.
    """

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Parse a folder's name into student and time; no ``username`` means not a submission."""
        folder = Path(path)
        record = {"username": "", "filename": folder.name, "timestamp": _EPOCH}
        try:
            record = super()._path_to_record(path)
            problem = self._problem(folder, record)
        except Exception as error:  # noqa: BLE001  (as above)
            problem = str(error) or type(error).__name__
        if problem:
            self.log.warning("Left out %s: %s", ascii(folder.name), problem)
            record["username"] = ""
        return record

    def _problem(self, folder: Path, record: dict[str, Any]) -> str:
        """Return why a folder in the exchange isn't a submission; empty if it is one."""
        if folder.is_symlink() or not folder.is_dir():
            return "not a folder"
        if record["username"] in {"", ".", ".."}:
            return f"{record['username']!r} is not a valid student id"
        return ""

    def init_src(self) -> None:
        """Find the submissions and drop folders that belong to no student."""
        super().init_src()
        records = self.src_records  # type: ignore[has-type]  # nbgrader has no types
        self.src_records = [record for record in records if record["username"]]

    def copy_files(self) -> None:
        """Collect each submission; log those that fail and continue with the rest."""
        records, failures = self.src_records, 0
        paths = CoursePaths(self.coursedir, self.coursedir.assignment_id)
        if not records:
            super().copy_files()
        for record in records:
            self.src_records = [record]
            try:
                previous = paths.submitted(record["username"])
                if previous.is_dir():  # nbgrader reads its time and removes it
                    sanitize_folder(previous)
                super().copy_files()
            except Exception:
                failures += 1
                self.log.exception("Can't collect the submission %s", ascii(record))
        self.src_records = records
        if failures:
            self.log.error("%d of %d submissions were not collected.", failures, len(records))

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission's regular files, with the time from its record."""
        (record,) = self.src_records  # `copy_files` passes them one at a time
        with tempfile.TemporaryDirectory(prefix="collect-") as temp:
            copy = Path(temp, "submission")
            max_file_bytes = 1000 * self.coursedir.max_file_size
            for message in untrusted_folders.copy_regular_files(Path(src), copy, max_file_bytes):
                self.log.warning("%s: %s", ascii(Path(src).name), message)
            if (copy / TIMESTAMP).exists():
                untrusted_folders.remove_tree(copy / TIMESTAMP, copy)
            time = f"{record['timestamp']:%Y-%m-%d %H:%M:%S.%f} UTC"
            (copy / TIMESTAMP).write_text(time, encoding="ascii")
            super().do_copy(str(copy), dest, log)
