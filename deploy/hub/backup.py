"""Backup and restore: the gradebook, every submission, the class, the hub's own database.

A backup can be made while everybody works: databases are copied by their own means, so that
none is caught in the middle of a change. What is restored is counted and compared.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from sqlalchemy.engine import make_url

from course.server.receipts import NBGRADER_FILES, Receipt
from deploy.hub import accounts, hub_api, prepare, submission_time
from deploy.hub.settings import HubSettings
from deploy.hub.tar_writer import TarWriter

_MANIFEST: Final = "manifest.json"
_DUMP: Final = "gradebook.sql"
_DATABASES: Final = ("course/gradebook.db", "feedback/asked.db", "hub/hub.sqlite")
_PARTS: Final = ("course", "exchange", "feedback", "hub")
_CLASS: Final = "class.csv"
_LEFT_OUT: Final = ("-wal", "-shm", "-journal", ".pid")  # of no use to anybody later


class BackupError(RuntimeError):
    """A backup could not be made or restored."""


def submissions(settings: HubSettings) -> dict[str, str]:
    """Return the content's SHA-256 of each submission, by its place below the state folder."""
    inbound = settings.exchange / settings.course / "inbound"
    found = [*inbound.glob("*+*"), *(settings.course_folder / "submitted").glob("*/*")]
    return {
        path.relative_to(settings.state).as_posix(): submission_time.content(path)
        for path in sorted(found)
        if path.is_dir() and not path.name.startswith(".")
    }


def backup(settings: HubSettings, target: Path) -> int:
    """Write a backup; return how many submissions it holds.

    Example:
        >>> backup(Settings(), Path("/backup/monday.tar.gz"))  # doctest: +SKIP
        1804

    Args:
        settings: The hub's.
        target: The archive, which only root can read. It replaces an older one when it is whole.

    Raises:
        BackupError: With the reason; an older archive is still there.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as elsewhere:
        copies = Path(elsewhere)
        beside = copies / "archive"
        beside.touch(mode=0o600)
        with tarfile.open(beside, "w:gz") as archive:
            writer = TarWriter(archive, _wanted)
            for name in _DATABASES:
                if (settings.state / name).exists():
                    _copy_database(settings.state / name, copies / "database")
                    writer.file(copies / "database", name, like=settings.state / name)
            if settings.gradebook != "sqlite":
                _postgres("pg_dump", settings, "--clean", "--if-exists", f"--file={copies / _DUMP}")
                writer.file(copies / _DUMP, _DUMP)
            for part in _PARTS:
                writer.folder(settings.state / part, part)
            if settings.class_list.exists():
                writer.file(settings.class_list, _CLASS)
            held = _manifest(settings, writer)
            (copies / _MANIFEST).write_text(json.dumps(held, indent=1), encoding="utf-8")
            writer.file(copies / _MANIFEST, _MANIFEST)
        beside.replace(target)
    return len(held)


@dataclass(frozen=True)
class Restored:
    """What came back.

    Attributes:
        submissions: How many.
        passwords: Of the accounts that were made; others keep the password that they have.
    """

    submissions: int
    passwords: dict[str, str]


def restore(settings: HubSettings, archive: Path) -> Restored:
    """Bring a backup back into an empty state folder.

    Accounts are made for those of the class who have none; owners are found by their names.

    Raises:
        BackupError: The hub runs, the state folder is in use, or the archive is damaged.
    """
    if hub_api.running(settings):
        raise BackupError("the hub runs; stop it first: python -m deploy down")
    if (settings.course_folder).exists() and any(settings.course_folder.iterdir()):
        raise BackupError(
            f"{settings.state} is in use; move it away first: mv {settings.state} ..."
        )
    settings.state.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as opened:
            if _CLASS in opened.getnames():
                opened.extract(_CLASS, settings.state, filter="tar")
            accounts.make(settings.grader, settings.homes)
            passwords = prepare.people(settings)
            opened.extractall(settings.state, filter="tar")
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise BackupError(f"{archive} can't be restored: {error}") from error
    prepare.folders(settings)
    if (settings.state / _DUMP).exists():
        _postgres("psql", settings, "--quiet", f"--file={settings.state / _DUMP}")
        (settings.state / _DUMP).unlink()
    wanted = json.loads((settings.state / _MANIFEST).read_text(encoding="utf-8"))
    (settings.state / _MANIFEST).unlink()
    if submissions(settings) != {place: held["content"] for place, held in wanted.items()}:
        raise BackupError(f"{archive} is damaged: not every submission came back as it was")
    _remember(settings, wanted)
    return Restored(len(wanted), passwords)


def _wanted(name: str) -> bool:
    """Whether something is to be in an archive; databases are copied on their own."""
    path = PurePosixPath(name)
    under_way = path.parent.name == "inbound" and path.name.startswith(".")  # not yet handed in
    secret = path == PurePosixPath("hub", prepare.PASSWORDS)  # void wherever accounts are made anew
    left_out = name in _DATABASES or name.endswith(_LEFT_OUT)
    return not (under_way or secret or left_out)


def _manifest(settings: HubSettings, writer: TarWriter) -> dict[str, dict[str, str]]:
    """Return what was archived of each submission: its content, and when it came."""
    inbound = PurePosixPath("exchange", settings.course, "inbound")
    submitted = PurePosixPath("course", "submitted")
    files: dict[str, dict[str, str]] = {
        place: {}
        for place in sorted(writer.folders)
        if (PurePosixPath(place).parent == inbound and "+" in PurePosixPath(place).name)
        or PurePosixPath(place).parent.parent == submitted
    }
    for name, digest in writer.digests.items():
        for folder in PurePosixPath(name).parents:
            own = PurePosixPath(name).relative_to(folder).as_posix()
            if str(folder) in files and own not in NBGRADER_FILES:
                files[str(folder)][own] = digest
    known = submission_time.remembered(settings.course_folder)
    held = {}
    for place, digests in files.items():
        held[place] = {"content": Receipt("", "", "", "", digests).content}
        if PurePosixPath(place).parent == inbound:
            with contextlib.suppress(FileNotFoundError):  # it was just removed
                came = submission_time.submission_time(settings.state / place, known)
                held[place]["arrived"] = came.isoformat()
    return held


def _remember(settings: HubSettings, held: dict[str, dict[str, str]]) -> None:
    """Let collecting know when submissions came, whose files are all new now."""
    known = {
        PurePosixPath(place).name: (one["content"], one["arrived"])
        for place, one in held.items()
        if "arrived" in one
    }
    path = settings.course_folder / submission_time.FILE
    path.write_text(json.dumps(known, indent=1), encoding="utf-8")
    shutil.chown(path, settings.grader, settings.grader)


def _copy_database(original: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _postgres(program: str, settings: HubSettings, *options: str) -> None:
    if not shutil.which(program):
        raise BackupError(f"{program} is missing; install it: apt-get install postgresql-client")
    address = make_url(settings.gradebook_address)
    given = {  # not as options, which everybody on the machine could read
        "PGHOST": address.host,
        "PGPORT": str(address.port or ""),
        "PGUSER": address.username,
        "PGPASSWORD": str(address.password or ""),
        "PGDATABASE": address.database,
    }
    done = subprocess.run(  # noqa: S603  (our own words)
        [program, *options],
        env={**os.environ, **{name: value for name, value in given.items() if value}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")
