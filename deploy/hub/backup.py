"""Backup and restore: the gradebook, every submission, the class, the hub's own database.

A backup may run while people work: each database is copied with its own backup function, so the
copy is consistent. A restore compares every submission with the backup's manifest.
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
_FOLDERS: Final = ("course", "exchange", "feedback", "hub", "lti")
_CLASS_LIST: Final = "class.csv"
_EXCLUDED_SUFFIXES: Final = ("-wal", "-shm", "-journal", ".pid")  # useless after a restore


class BackupError(RuntimeError):
    """A backup could not be made or restored."""


def submission_hashes(settings: HubSettings) -> dict[str, str]:
    """Return the SHA-256 of each submission, by its path relative to the state folder."""
    inbound = settings.exchange / settings.course / "inbound"
    folders = [*inbound.glob("*+*"), *(settings.course_folder / "submitted").glob("*/*")]
    return {
        path.relative_to(settings.state).as_posix(): submission_time.content_hash(path)
        for path in sorted(folders)
        if path.is_dir() and not path.name.startswith(".")
    }


def backup(settings: HubSettings, target: Path) -> int:
    """Write a backup; return how many submissions it holds.

    Only root can read the archive. It replaces an older one once it is complete.

    Example:
        >>> backup(HubSettings(), Path("/backup/monday.tar.gz"))  # doctest: +SKIP
        1804

    Raises:
        BackupError: With the reason; an older archive is kept.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as temporary:
        copies = Path(temporary)
        unfinished = copies / "archive"
        unfinished.touch(mode=0o600)
        with tarfile.open(unfinished, "w:gz") as archive:
            writer = TarWriter(archive, _belongs_in_backup)
            for name in _DATABASES:
                if (settings.state / name).exists():
                    _copy_database(settings.state / name, copies / "database")
                    writer.file(copies / "database", name, like=settings.state / name)
            if settings.gradebook != "sqlite":
                _postgres("pg_dump", settings, "--clean", "--if-exists", f"--file={copies / _DUMP}")
                writer.file(copies / _DUMP, _DUMP)
            for part in _FOLDERS:
                writer.folder(settings.state / part, part)
            if settings.class_list.exists():
                writer.file(settings.class_list, _CLASS_LIST)
            manifest = _manifest(settings, writer)
            (copies / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            writer.file(copies / _MANIFEST, _MANIFEST)
        unfinished.replace(target)
    return len(manifest)


@dataclass(frozen=True)
class Restored:
    """The number of restored submissions, and the passwords of new accounts."""

    submissions: int
    passwords: dict[str, str]


def restore(settings: HubSettings, archive: Path) -> Restored:
    """Restore a backup into an empty state folder.

    Creates the accounts that are missing. File owners are matched by name.

    Raises:
        BackupError: The hub is running, the state folder is in use, or the archive is damaged.
    """
    if hub_api.is_running(settings):
        raise BackupError("the hub is running; stop it first: python -m deploy down")
    if settings.course_folder.exists() and any(settings.course_folder.iterdir()):
        raise BackupError(
            f"{settings.state} is in use; move it away first: mv {settings.state} NEW_PLACE"
        )
    settings.state.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive) as opened:
            if _CLASS_LIST in opened.getnames():
                opened.extract(_CLASS_LIST, settings.state, filter="tar")
            accounts.create_account(settings.grader, settings.homes)
            passwords = prepare.create_accounts(settings)
            opened.extractall(settings.state, filter="tar")
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise BackupError(f"{archive} can't be restored: {error}") from error
    prepare.create_folders(settings)
    if (settings.state / _DUMP).exists():
        _postgres("psql", settings, "--quiet", f"--file={settings.state / _DUMP}")
        (settings.state / _DUMP).unlink()
    manifest = json.loads((settings.state / _MANIFEST).read_text(encoding="utf-8"))
    (settings.state / _MANIFEST).unlink()
    if submission_hashes(settings) != {path: entry["content"] for path, entry in manifest.items()}:
        raise BackupError(f"{archive} is damaged: not every submission matches the manifest")
    _remember_submission_times(settings, manifest)
    return Restored(len(manifest), passwords)


def _belongs_in_backup(name: str) -> bool:
    """Return whether a file belongs in the archive; databases are copied separately."""
    path = PurePosixPath(name)
    incomplete = path.parent.name == "inbound" and path.name.startswith(".")
    passwords = path == PurePosixPath("hub", prepare.CREDENTIALS_FILE)  # new accounts get new ones
    excluded = name in _DATABASES or name.endswith(_EXCLUDED_SUFFIXES)
    return not (incomplete or passwords or excluded)


def _manifest(settings: HubSettings, writer: TarWriter) -> dict[str, dict[str, str]]:
    """Return the content hash and the time of each submission in the archive."""
    inbound = PurePosixPath("exchange", settings.course, "inbound")
    submitted = PurePosixPath("course", "submitted")
    files: dict[str, dict[str, str]] = {
        folder: {}
        for folder in sorted(writer.folders)
        if (PurePosixPath(folder).parent == inbound and "+" in PurePosixPath(folder).name)
        or PurePosixPath(folder).parent.parent == submitted
    }
    for name, digest in writer.digests.items():
        for parent in PurePosixPath(name).parents:
            relative = PurePosixPath(name).relative_to(parent).as_posix()
            if str(parent) in files and relative not in NBGRADER_FILES:
                files[str(parent)][relative] = digest
    known = submission_time.read_remembered(settings.course_folder)
    manifest = {}
    for folder, digests in files.items():
        manifest[folder] = {"content": Receipt("", "", "", "", digests).content}
        if PurePosixPath(folder).parent == inbound:
            with contextlib.suppress(FileNotFoundError):  # it was just removed
                time = submission_time.submission_time(settings.state / folder, known)
                manifest[folder]["arrived"] = time.isoformat()
    return manifest


def _remember_submission_times(settings: HubSettings, manifest: dict[str, dict[str, str]]) -> None:
    """Save the times of submission: the restored files all have new time stamps."""
    known = {
        PurePosixPath(folder).name: (entry["content"], entry["arrived"])
        for folder, entry in manifest.items()
        if "arrived" in entry
    }
    path = settings.course_folder / submission_time.REMEMBERED_FILE
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
    connection = {  # not as options, which everybody on the machine can read
        "PGHOST": address.host,
        "PGPORT": str(address.port or ""),
        "PGUSER": address.username,
        "PGPASSWORD": str(address.password or ""),
        "PGDATABASE": address.database,
    }
    done = subprocess.run(  # noqa: S603  (no user input)
        [program, *options],
        env={**os.environ, **{name: value for name, value in connection.items() if value}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupError(f"{program} failed: {done.stderr.strip()[-500:]}")
