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

from autograder.nbgrader_plugins.collect import CollectFiles
from deploy.hub.submission_time import RememberedTimes, read_remembered, submission_time

_MAX_CLOCK_SKEW: Final = timedelta(minutes=5)


class CollectOwned(CollectFiles):
    """``nbgrader collect``, where nobody can submit as someone else.

    Example:
        ``c.ExchangeFactory.collect = "deploy.hub.collect.CollectOwned"``
    """

    _known: RememberedTimes = MappingProxyType({})

    def init_src(self) -> None:
        """Find the submissions, without forged and broken ones."""
        self._known = read_remembered(Path(self.coursedir.root))
        super().init_src()

    def _problem(self, folder: Path, record: dict[str, Any]) -> str:
        """Refuse a forged submission; if it was changed later than its name says, correct that."""
        if problem := super()._problem(folder, record):
            return problem
        claimed = record["timestamp"].replace(tzinfo=UTC)  # nbgrader uses naive UTC
        if claimed > datetime.now(UTC) + _MAX_CLOCK_SKEW:
            return "its time is in the future"
        if self.check_owner and not is_owned_by(folder, record["username"]):
            return f"it belongs to {owner(folder)}"
        actual = submission_time(folder, self._known)
        if actual > claimed + _MAX_CLOCK_SKEW:
            self.log.warning(
                "%s was added or changed on %s; that time counts, not the one in its name",
                folder,
                actual,
            )
            record["timestamp"] = actual.replace(tzinfo=None)
        return ""


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
