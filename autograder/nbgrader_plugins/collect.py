"""What students hand in, before nbgrader gets to see it.

nbgrader copies what a link points to, with the instructor's rights; so a link to the gradebook or
to ``source/`` would bring them into a student's reach. Folders that are too deep break it, and so
does a time of submission that is none. All of that is taken out first, and no work with it.
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

TIME: Final = "timestamp.txt"  # nbgrader's: when a submission was handed in
LONGEST_TIME: Final = 100  # bytes; nbgrader's own take the square of a longer one's length to read

_NEVER: Final = parse_utc("1970-01-01 00:00:00")

_log: Final = logging.getLogger("autograder")


def make_safe(folder: Path) -> list[str]:
    """Remove from a submission what nbgrader can't bear; return a sentence for each such thing.

    Example:
        >>> make_safe(Path("submitted/ada/01-intro"))  # doctest: +SKIP
        ["A link, a pipe or the like was left out: 'gradebook.db'"]

    Links and pipes, what lies too deep, and a time that can't be read.
    """
    said = untrusted_folders.clear(folder)
    if (folder / TIME).exists() and readable_time(folder) is None:
        untrusted_folders.remove(folder / TIME, folder)
        said.append(f"{TIME} was left out: it does not say when this was handed in")
    for each in said:
        _log.warning("%s: %s", folder, each)
    return said


def readable_time(folder: Path) -> datetime | None:
    """Return when a submission was handed in, in UTC; None if its ``timestamp.txt`` does not say.

    Example:
        >>> readable_time(Path("/nowhere"))
    """
    place = folder / TIME
    try:
        state = place.lstat()
        if not stat.S_ISREG(state.st_mode) or state.st_size > LONGEST_TIME:
            return None
        found: datetime = parse_utc(place.read_text(encoding="ascii").strip())
    except Exception:  # noqa: BLE001  (a student can write anything, and dateutil raise anything)
        return None
    return found


class CollectFiles(ExchangeCollect):
    """``nbgrader collect``: collects what students wrote, whatever lies beside it.

    What is in the exchange has its students for owners, names included. So nothing of it stops the
    collecting of the rest, and its time is the one in its name, not the one in a file.
    """

    def _path_to_record(self, path: str) -> dict[str, Any]:
        """Say whose a folder is and when it came; what is no submission is nobody's."""
        place, why = Path(path), ""
        record = {"username": "", "filename": place.name, "timestamp": _NEVER}
        try:
            record = super()._path_to_record(path)
        except Exception as error:  # noqa: BLE001  (as above)
            why = str(error)
        if place.is_symlink() or not place.is_dir():
            why = "it is no folder"
        elif not why and record["username"] in {"", ".", ".."}:
            why = "that is nobody's name"
        if why:
            self.log.warning("Left out %s: %s", ascii(place.name), why)
            record["username"] = ""
        return record

    def init_src(self) -> None:
        """Find the submissions, without those that are nobody's."""
        super().init_src()
        found = self.src_records  # type: ignore[has-type]  # nbgrader's are untyped
        self.src_records = [record for record in found if record["username"]]

    def copy_files(self) -> None:
        """Collect one after another; what can't be collected is named, and costs nobody else."""
        records, failed = self.src_records, 0
        if not records:
            super().copy_files()
        for record in records:
            self.src_records = [record]
            try:
                self._repair(record)
                super().copy_files()
            except Exception:
                failed += 1
                self.log.exception("This submission was not collected: %s", ascii(record))
        self.src_records = records
        if failed:
            self.log.error("%d of %d submissions were not collected.", failed, len(records))

    def _repair(self, record: dict[str, Any]) -> None:
        """Make sure that what was collected before can be read and replaced."""
        before = self.coursedir.format_path(
            *(self.coursedir.submitted_directory, record["username"]),
            self.coursedir.assignment_id,
        )
        if Path(before).is_dir():
            make_safe(Path(before))

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission; a link is not even read."""
        with tempfile.TemporaryDirectory(prefix="collect-") as elsewhere:
            copy = Path(elsewhere, "submission")
            for each in untrusted_folders.copy(
                Path(src), copy, 1000 * self.coursedir.max_file_size
            ):
                self.log.warning("%s: %s", ascii(Path(src).name), each)
            if (copy / TIME).exists():
                untrusted_folders.remove(copy / TIME, copy)
            name = Path(src).name.rsplit("+", 3)  # as nbgrader reads it
            if len(name) > 2:
                (copy / TIME).write_text(name[2], encoding="utf-8")
            super().do_copy(str(copy), dest, log)
