"""Collecting submissions: each counts for the account that owns it, whatever its name says.

Anybody in the class may put a folder into the exchange, under any name: that is how submitting
works without a server. nbgrader warns of a name that is not the owner's, and then collects the
folder in the other student's place; a name without a time stops the collecting of all. A folder
stays its owner's, who can change it after the due date: the machine's own marks tell when.
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
from deploy.hub.submission_time import Known, remembered, submission_time

_NEVER: Final = parse_utc("1970-01-01 00:00:00 UTC")  # as nbgrader makes its times
_CLOCKS: Final = timedelta(minutes=5)  # by which clocks may differ
TIME: Final = "timestamp.txt"  # nbgrader's: when a submission was handed in


class CollectOwned(CollectFiles):
    """``nbgrader collect``, in which nobody hands in for another.

    Example:
        ``c.ExchangeFactory.collect = "deploy.hub.collect.CollectOwned"``
    """

    _known: Known = MappingProxyType({})

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Return whose it is and when it came; a forged or broken one is nobody's."""
        refused = {"username": "", "filename": Path(path).name, "timestamp": _NEVER}
        try:
            record: dict[str, Any] = super()._path_to_record(path)
        except Exception as error:  # noqa: BLE001  (whatever the name holds, the others go on)
            self.log.warning("Left out %s: %s", path, error)
            return refused
        if not record["username"]:
            return refused
        when = record["timestamp"].replace(tzinfo=record["timestamp"].tzinfo or UTC)
        if when > datetime.now(UTC) + _CLOCKS:
            self.log.warning("Left out %s: its time is still to come", path)
            return refused
        if self.check_owner and not belongs(Path(path), record["username"]):
            self.log.warning("Left out %s: it was put there by %s", path, owner(Path(path)))
            return refused
        try:
            came = submission_time(Path(path), self._known)
        except OSError as error:  # its owner has removed it, or closed it to us
            self.log.warning("Left out %s: %s", path, error)
            return refused
        if came > when + _CLOCKS:
            self.log.warning(
                "%s was put there, or changed, on %s: that is when it came, whatever its name says",
                path,
                came,
            )
            record["timestamp"] = came.replace(tzinfo=None)  # nbgrader's times are UTC, and say not
        return record

    def init_src(self) -> None:
        """Find the submissions, without those that are nobody's."""
        self._known = remembered(Path(self.coursedir.root))
        super().init_src()
        found = self.src_records
        self.src_records = [record for record in found if record["username"]]

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission; its time is when it came."""
        super().do_copy(src, dest, log)
        name = Path(src).name
        (when,) = [one["timestamp"] for one in self.src_records if one["filename"] == name]
        Path(dest, TIME).write_text(f"{when:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="ascii")


def number(student: str) -> int:
    """Return the number of a student's account on a cluster, where accounts have no names.

    ``zero-to-jupyterhub/values.yaml`` starts each student's server with it.

    Example:
        >>> 100_000 <= number("ada") < 100_000 + 2**30
        True
    """
    return 100_000 + int.from_bytes(hashlib.sha256(student.encode()).digest()[:4]) % 2**30


def belongs(folder: Path, student: str) -> bool:
    """Whether a folder is a student's own, by the name of its owner or by its number."""
    return owner(folder) == student or folder.lstat().st_uid == number(student)


def owner(folder: Path) -> str:
    """The account that owns a folder, a link being the account's that made it."""
    try:
        return pwd.getpwuid(folder.lstat().st_uid).pw_name
    except KeyError:
        return "an account that is gone"
