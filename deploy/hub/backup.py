"""Backup and restore: the gradebook, every submission, the class, the hub's own database.

A backup can be made while everybody works: databases are copied by their own means, so that
none is caught in the middle of a change. What is restored is counted and compared.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from course.server.receipts import Receipt, digests
from deploy.hub import accounts, operator, prepare
from deploy.hub.settings import Settings

_MANIFEST: Final = "manifest.json"
_DUMP: Final = "gradebook.sql"
_DATABASES: Final = ("course/gradebook.db", "feedback/asked.db", "hub/hub.sqlite")
_PARTS: Final = ("course", "exchange", "feedback", "hub", "class.csv")
_LEFT_OUT: Final = ("-wal", "-shm", "-journal", ".pid")  # of no use to anybody later


class BackupError(RuntimeError):
    """A backup could not be made or restored."""


def submissions(settings: Settings) -> dict[str, str]:
    """Return the content's SHA-256 of each submission, by its place below the state folder."""
    inbound = settings.exchange / settings.course / "inbound"
    found = [*inbound.glob("*+*"), *(settings.course_folder / "submitted").glob("*/*")]
    return {
        path.relative_to(settings.state).as_posix(): Receipt("", "", "", "", digests(path)).content
        for path in sorted(found)
        if path.is_dir()
    }


def backup(settings: Settings, target: Path) -> int:
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
        held = submissions(settings)
        (copies / _MANIFEST).write_text(json.dumps(held, indent=1), encoding="utf-8")
        with tarfile.open(beside, "w:gz") as archive:
            archive.add(copies / _MANIFEST, _MANIFEST)
            for name in _DATABASES:
                if (settings.state / name).exists():
                    _copy_database(settings.state / name, copies / "database")
                    archive.add(copies / "database", name, filter=_as(settings.state / name))
            if settings.gradebook != "sqlite":
                _postgres("pg_dump", settings, "--clean", "--if-exists", f"--file={copies / _DUMP}")
                archive.add(copies / _DUMP, _DUMP)
            for part in _PARTS:
                if (settings.state / part).exists():
                    archive.add(settings.state / part, part, filter=_wanted)
        beside.replace(target)
    return len(held)


def restore(settings: Settings, archive: Path) -> int:
    """Bring a backup back into an empty state folder; return how many submissions came back.

    Accounts are made for those of the class who have none; owners are found by their names.

    Raises:
        BackupError: The hub runs, the state folder is in use, or the archive is damaged.
    """
    if operator.running(settings):
        raise BackupError("the hub runs; stop it first: python -m deploy down")
    if (settings.course_folder).exists() and any(settings.course_folder.iterdir()):
        raise BackupError(
            f"{settings.state} is in use; move it away first: mv {settings.state} ..."
        )
    settings.state.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as opened:
            if "class.csv" in opened.getnames():
                opened.extract("class.csv", settings.state, filter="tar")
            accounts.make(settings.grader, settings.homes)
            prepare.people(settings)
            opened.extractall(settings.state, filter="tar")
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise BackupError(f"{archive} can't be restored: {error}") from error
    prepare.folders(settings)
    if (settings.state / _DUMP).exists():
        _postgres("psql", settings, "--quiet", f"--file={settings.state / _DUMP}")
        (settings.state / _DUMP).unlink()
    wanted = json.loads((settings.state / _MANIFEST).read_text(encoding="utf-8"))
    (settings.state / _MANIFEST).unlink()
    if submissions(settings) != wanted:
        raise BackupError(f"{archive} is damaged: not every submission came back as it was")
    return len(wanted)


def _wanted(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if member.name in _DATABASES or member.name.endswith(_LEFT_OUT):
        return None
    return member if member.isfile() or member.isdir() or member.issym() else None


def _as(original: Path) -> Callable[[tarfile.TarInfo], tarfile.TarInfo]:
    """Let a copy have the owner and the rights of the original."""

    def same(member: tarfile.TarInfo) -> tarfile.TarInfo:
        status = original.stat()
        member.uid, member.gid, member.mode = status.st_uid, status.st_gid, status.st_mode & 0o777
        member.uname = member.gname = original.owner()
        return member

    return same


def _copy_database(original: Path, copy: Path) -> None:
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _postgres(program: str, settings: Settings, *options: str) -> None:
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
