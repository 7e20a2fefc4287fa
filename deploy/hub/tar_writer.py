"""Archive a folder while people work in it.

Skips what vanishes meanwhile, takes growing files at one size, and records what was written, so
that a manifest describes the archive and not an earlier state of the folder.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import hashlib
import io
import os
import pwd
import stat
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Final

_MAX_BYTES_IN_MEMORY: Final = 16 << 20  # larger files go through a temporary file
_VANISHED: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # or replaced by a link


class TarWriter:
    """Writes folders and files to a tar archive.

    Example:
        >>> with tarfile.open(fileobj=io.BytesIO(), mode="w") as archive:
        ...     TarWriter(archive, lambda name: True).folder(Path("/nowhere"), "course")

    Args:
        archive: The open archive.
        wanted: Returns whether a name belongs in the archive.
    """

    def __init__(self, archive: tarfile.TarFile, wanted: Callable[[str], bool]) -> None:
        self._archive = archive
        self._wanted = wanted
        self.digests: dict[str, str] = {}  # SHA-256 of each archived file, by its name there
        self.folders: set[str] = set()  # names of all archived folders

    def folder(self, folder: Path, name: str) -> None:
        """Write a folder and what is wanted in it; links are written as links.

        Students may own what is in the folder, so no link is ever followed, not even one created
        meanwhile.
        """
        if not folder.exists():
            return
        for path, folders, files, descriptor in os.fwalk(folder, onerror=_raise_unless_vanished):
            inside = PurePosixPath(name, Path(path).relative_to(folder))
            self._header(str(inside), os.fstat(descriptor), tarfile.DIRTYPE)
            self.folders.add(str(inside))
            entries = [n for n in sorted([*folders, *files]) if self._wanted(str(inside / n))]
            folders[:] = [name for name in folders if name in entries]
            for entry in entries:  # a link to a folder counts as a folder but isn't entered
                try:
                    self._entry(str(inside / entry), entry, descriptor)
                except OSError as error:
                    _raise_unless_vanished(error)

    def file(self, path: Path, name: str, *, like: Path | None = None) -> None:
        """Write one file, optionally with the owner and permissions of another file."""
        with path.open("rb") as source:
            self._content(name, source, (like or path).stat())

    def _entry(self, name: str, entry: str, folder: int) -> None:
        status = os.stat(entry, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            self._header(name, status, tarfile.SYMTYPE, os.readlink(entry, dir_fd=folder))
        elif stat.S_ISREG(status.st_mode):
            file = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(file, "rb") as source:
                self._content(name, source, os.fstat(file))

    def _header(self, name: str, status: os.stat_result, kind: bytes, target: str = "") -> None:
        info = _tar_info(name, status)
        info.type, info.linkname = kind, target
        self._archive.addfile(info)

    def _content(self, name: str, source: IO[bytes], status: os.stat_result) -> None:
        """Write a file's present content; it may grow or shrink meanwhile."""
        digest = hashlib.sha256()
        with tempfile.SpooledTemporaryFile(_MAX_BYTES_IN_MEMORY) as copy:
            while block := source.read(io.DEFAULT_BUFFER_SIZE * 16):
                digest.update(block)
                copy.write(block)
            info = _tar_info(name, status)
            info.size = copy.tell()
            copy.seek(0)
            self._archive.addfile(info, copy)
        self.digests[name] = digest.hexdigest()


def _tar_info(name: str, status: os.stat_result) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = stat.S_IMODE(status.st_mode), status.st_mtime
    info.uid, info.gid = status.st_uid, status.st_gid
    with contextlib.suppress(KeyError):  # on a cluster, accounts have no names
        info.uname = pwd.getpwuid(status.st_uid).pw_name
        info.gname = grp.getgrgid(status.st_gid).gr_name
    return info


def _raise_unless_vanished(error: OSError) -> None:
    if error.errno not in _VANISHED:
        raise error
