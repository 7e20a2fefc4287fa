"""Collect submissions: each counts for the account that owns it, whatever its name says.

Anyone in the class may put a folder with any name into the exchange; submitting without a server
works that way. nbgrader only warns if the name isn't the owner's and then collects the folder in
the other student's place, and a name without a time stops the whole collection. The owner can still
change the folder after the due date, but the file system's own time stamps reveal that.
"""

from __future__ import annotations

import hashlib
import pwd
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from nbgrader.utils import parse_utc

from autograder.nbgrader_plugins.collect import CollectFiles
from deploy.hub.submission_time import RememberedTimes, read_remembered, submission_time

_EPOCH: Final = parse_utc("1970-01-01 00:00:00 UTC")  # naive or aware, as nbgrader parses times
_MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
TIMESTAMP_FILE: Final = "timestamp.txt"  # nbgrader's record of the time of submission


class CollectOwned(CollectFiles):
    """``nbgrader collect``, where nobody can submit as someone else.

    Example:
        ``c.ExchangeFactory.collect = "deploy.hub.collect.CollectOwned"``
    """

    _known: RememberedTimes = MappingProxyType({})

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Return the student and time of a submission; a forged or broken one has no student."""
        refused = {"username": "", "filename": Path(path).name, "timestamp": _EPOCH}
        try:
            record: dict[str, Any] = super()._path_to_record(path)
        except Exception as error:  # noqa: BLE001  (one bad name must not stop the others)
            self.log.warning("Skipped %s: %s", path, error)
            return refused
        if not record["username"]:
            return refused
        when = record["timestamp"].replace(tzinfo=record["timestamp"].tzinfo or UTC)
        if when > datetime.now(UTC) + _MAX_CLOCK_SKEW:
            self.log.warning("Skipped %s: its time is in the future", path)
            return refused
        if self.check_owner and not is_owned_by(Path(path), record["username"]):
            self.log.warning("Skipped %s: it belongs to %s", path, owner(Path(path)))
            return refused
        try:
            actual = submission_time(Path(path), self._known)
        except OSError as error:  # the owner removed it or made it unreadable
            self.log.warning("Skipped %s: %s", path, error)
            return refused
        if actual > when + _MAX_CLOCK_SKEW:
            self.log.warning(
                "%s was added or changed on %s; that time counts, not the one in its name",
                path,
                actual,
            )
            record["timestamp"] = actual.replace(tzinfo=None)  # nbgrader uses naive UTC
        return record

    def init_src(self) -> None:
        """Find the submissions, without forged and broken ones."""
        self._known = read_remembered(Path(self.coursedir.root))
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"]]

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission and write down when it was submitted."""
        super().do_copy(src, dest, log)
        name = Path(src).name
        (when,) = [r["timestamp"] for r in self.src_records if r["filename"] == name]
        Path(dest, TIMESTAMP_FILE).write_text(f"{when:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="ascii")


def cluster_uid(student: str) -> int:
    """Return a student's user id on a cluster, where accounts have no names.

    ``zero-to-jupyterhub/values.yaml`` computes the same id for each student's server.

    Example:
        >>> 100_000 <= cluster_uid("ada") < 100_000 + 2**30
        True
    """
    return 100_000 + int.from_bytes(hashlib.sha256(student.encode()).digest()[:4]) % 2**30


def is_owned_by(folder: Path, student: str) -> bool:
    """Return whether a student owns a folder, by account name or by cluster user id."""
    return owner(folder) == student or folder.lstat().st_uid == cluster_uid(student)


def owner(folder: Path) -> str:
    """Return the account that owns a folder; a link belongs to the account that made it."""
    try:
        return pwd.getpwuid(folder.lstat().st_uid).pw_name
    except KeyError:
        return "a deleted account"
