"""Sanitize submissions before nbgrader reads them.

nbgrader copies the target of a link with the instructor's rights, which would put the gradebook
or ``source/`` within a student's reach. Deeply nested folders and invalid timestamps crash it, and
it misreads times that aren't in UTC. All of these are removed or corrected first; the student's
work stays.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc
from traitlets import Bool
from traitlets.config import Config

from autograder import student_names, untrusted_folders
from autograder.nbgrader_plugins import timestamps
from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.student_names import printable
from course import atomic_write

TIMESTAMP: Final = "timestamp.txt"  # where nbgrader stores the submission time
MAX_CLOCK_SKEW: Final = timedelta(minutes=5)  # between two machines that use the exchange

# A random text may follow the time, but not the space before an offset such as " +03".
_NAME: Final = (
    r"(?P<student>.+?)\+{assignment}\+(?P<time>.*?)(?:(?<! )\+(?P<random>[A-Za-z0-9_=-]*))?"
)
_EPOCH: Final = parse_utc("1970-01-01 00:00:00")

_log: Final = logging.getLogger("autograder")


def sanitize_folder(folder: Path, zone: str = "UTC") -> list[str]:
    """Remove links, special files, excessive nesting and an invalid timestamp from a submission.

    A timestamp in another zone is converted to UTC: nbgrader would misread it.

    Example:
        >>> sanitize_folder(Path("submitted/ada/ps1"))  # doctest: +SKIP
        ["Left out 'gradebook.db': not a regular file or folder."]

    Args:
        folder: The submission.
        zone: The course's zone, from `exchange_zone`.

    Returns:
        One sentence for each entry removed; each is also logged as a warning.
    """
    messages = untrusted_folders.remove_unsafe(folder)
    if problem := _correct_timestamp(folder, zone):
        untrusted_folders.remove_tree(folder / TIMESTAMP, folder)
        messages.append(f"Left out {TIMESTAMP!r}: {problem}.")
    for message in messages:
        _log.warning("%s: %s", printable(str(folder)), message)
    return messages


def _correct_timestamp(folder: Path, zone: str) -> str:
    """Convert a timestamp to UTC; return why that can't be done, or an empty string."""
    try:
        text = _timestamp_text(folder)
        time = timestamps.parse_timestamp(text, zone)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError:
        return "it can't be read"
    except timestamps.TimestampError as error:
        return str(error)
    try:
        is_readable = parse_utc(text.strip()) == time
    except Exception:  # noqa: BLE001  (dateutil may raise anything)
        is_readable = False
    if not is_readable:
        atomic_write.write_text(folder / TIMESTAMP, time.strftime(timestamps.FORMAT))
    return ""


def exchange_zone(config: Config) -> str:
    """Return the zone in which nbgrader writes times, ``c.Exchange.timezone``."""
    return str(CollectFiles(config=config).timezone)


def owner(folder: Path) -> str:
    """Return the account that owns a folder; a link belongs to the account that made it."""
    import pwd  # Windows has none, and no exchange

    try:
        return pwd.getpwuid(folder.lstat().st_uid).pw_name
    except KeyError:
        return "a deleted account"


def read_timestamp(folder: Path, zone: str = "UTC") -> datetime | None:
    """Return the submission time in UTC; None if ``timestamp.txt`` is missing or invalid.

    Example:
        >>> read_timestamp(Path("/nowhere"))
    """
    try:
        return timestamps.parse_timestamp(_timestamp_text(folder), zone)
    except (OSError, timestamps.TimestampError):
        return None


def _timestamp_text(folder: Path) -> str:
    """Return the content of ``timestamp.txt``.

    Raises:
        OSError: There is none.
        TimestampError: It isn't a short text file.
    """
    path = folder / TIMESTAMP
    info = path.lstat()
    if not stat.S_ISREG(info.st_mode) or info.st_size > timestamps.MAX_CHARS:
        raise timestamps.TimestampError("not a valid time")
    return path.read_bytes().decode("ascii", "replace")


class CollectFiles(ExchangeCollect):
    """``nbgrader collect`` that believes nothing students can write in the exchange.

    Students own everything there, folder names included. One bad folder doesn't stop the others.
    A submission counts for the account that owns it and from the time at which it was last changed,
    which the file system records; nbgrader would believe the folder's name in both.
    """

    check_time = Bool(
        default_value=True,
        help="Whether a submission that was changed after the time in its name counts from that"
        " change on. Turn this off after copying or restoring the exchange.",
    ).tag(config=True)

    _unverified = 0

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Parse a folder's name into student and time; no ``username`` means not a submission."""
        folder = Path(path)
        record = {"username": "", "filename": folder.name, "timestamp": _EPOCH}
        try:
            problem = self._read_name(folder, record) or self._problem(folder, record)
        except Exception as error:  # noqa: BLE001  (students can write anything)
            problem = str(error) or type(error).__name__
        if problem:
            self.log.warning("Left out %s: %s", ascii(folder.name), printable(problem))
            record["username"] = ""
        return record

    def _read_name(self, folder: Path, record: dict[str, Any]) -> str:
        """Fill in student and time from a folder's name; return why it isn't a submission's."""
        assignment = re.escape(self.coursedir.assignment_id) if self.coursedir else "[^+]+"
        name = re.fullmatch(_NAME.format(assignment=assignment), folder.name)
        if not name:
            return "its name isn't STUDENT+ASSIGNMENT+TIME"
        if problem := student_names.why_invalid(name["student"]):
            return problem
        record["username"] = name["student"]
        if folder.is_symlink() or not folder.is_dir():
            return "not a folder"
        try:
            zone = self.timezone
            record["timestamp"] = timestamps.parse_timestamp(name["time"], zone, assumed=zone)
        except timestamps.ZoneError as error:
            actual = self._actual_time(folder)
            self.log.warning("%s: %s. The time of its last change counts.", folder, error)
            record["timestamp"] = actual.replace(tzinfo=None)
        return ""

    def _problem(self, folder: Path, record: dict[str, Any]) -> str:
        """Return why a submission is refused; correct its time if it was changed later."""
        claimed = record["timestamp"].replace(tzinfo=UTC)  # nbgrader uses naive UTC
        if claimed > datetime.now(UTC) + MAX_CLOCK_SKEW:
            return "its time is in the future"
        if self.check_owner and not self._is_owned_by(folder, record["username"]):
            return (
                f"it belongs to {owner(folder)}; if student ids are not the names of accounts, set"
                " c.ExchangeCollect.check_owner = False"
            )
        if not self.check_time:
            return ""
        actual = self._actual_time(folder)
        if actual > claimed + MAX_CLOCK_SKEW:
            self.log.warning(
                "%s was added or changed on %s; that time counts, not the one in its name",
                folder,
                actual,
            )
            record["timestamp"] = actual.replace(tzinfo=None)
        return ""

    def _is_owned_by(self, folder: Path, student: str) -> bool:
        """Return whether a folder is a student's, as far as the accounts can be told apart."""
        if owner(folder) == student:
            return True
        is_own = folder.lstat().st_uid == os.geteuid()
        self._unverified += is_own
        return is_own

    def _actual_time(self, folder: Path) -> datetime:
        """Return when a submission was last changed."""
        return timestamps.newest_change(folder)

    def init_src(self) -> None:
        """Find the submissions and drop folders that belong to no student."""
        self._unverified = 0
        super().init_src()
        records = self.src_records  # type: ignore[has-type]  # nbgrader has no types
        if self._unverified:
            self.log.warning(
                "%d submissions belong to the account that collects them, so who made them can't be"
                " checked.",
                self._unverified,
            )
        self.src_records = [record for record in records if record["username"]]

    def copy_files(self) -> None:
        """Collect each submission; log those that fail and continue with the rest."""
        records, failures = self.src_records, 0
        check_owner: bool = self.check_owner  # type: ignore[has-type]  # as above
        self.check_owner = False  # done; nbgrader would warn about each submission once more
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
        self.src_records, self.check_owner = records, check_owner
        if failures:
            self.log.error("%d of %d submissions were not collected.", failures, len(records))

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission's regular files, with the time from its record."""
        (record,) = self.src_records  # `copy_files` passes them one at a time
        with tempfile.TemporaryDirectory(prefix="collect-") as temp:
            copy = Path(temp, "submission")
            max_file_bytes = 1000 * self.coursedir.max_file_size
            for message in untrusted_folders.copy_regular_files(
                Path(src), copy, max_file_bytes, self.coursedir.ignore
            ):
                self.log.warning("%s: %s", ascii(Path(src).name), message)
            if (copy / TIMESTAMP).exists():
                untrusted_folders.remove_tree(copy / TIMESTAMP, copy)
            time = record["timestamp"].strftime(timestamps.FORMAT)
            (copy / TIMESTAMP).write_text(time, encoding="ascii")
            super().do_copy(str(copy), dest, log)
