"""Writing a folder into an archive while people work in it.

What vanishes in the meantime is left out, what grows is taken as it was, and what was written is
told, so that a manifest can say what is in the archive and not what was there a moment before.
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
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

_SMALL: Final = 16 << 20  # bytes of a file that are held in memory while it is archived
_GONE: Final = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # or a link has taken its place


class TarWriter:
    """An archive under way.

    Example:
        >>> with tarfile.open(fileobj=io.BytesIO(), mode="w") as archive:
        ...     Writer(archive, lambda name: True).folder(Path("/nowhere"), "course")

    Args:
        archive: Where to write.
        wanted: Tells of a name in the archive whether it is to be there.

    Attributes:
        digests: SHA-256 of every file that was written, by its name in the archive.
        folders: The names of the folders that were written.
    """

    def __init__(self, archive: tarfile.TarFile, wanted: Callable[[str], bool]) -> None:
        self._archive = archive
        self._wanted = wanted
        self.digests: dict[str, str] = {}
        self.folders: set[str] = set()

    def folder(self, folder: Path, name: str) -> None:
        """Write a folder and all that is wanted of it; links are written as links.

        The folder may hold what students own: no link in it is ever followed, not even one that
        is put there while we look.
        """
        if not folder.exists():
            return
        for place, folders, files, opened in os.fwalk(folder, onerror=_unless_gone):
            inside = PurePosixPath(name, Path(place).relative_to(folder))
            self._head(str(inside), os.fstat(opened), tarfile.DIRTYPE)
            self.folders.add(str(inside))
            kept = [name for name in sorted([*folders, *files]) if self._wanted(str(inside / name))]
            folders[:] = [name for name in folders if name in kept]
            for own in kept:  # a link to a folder is among the folders, and is not entered
                with _bear_what_is_gone():
                    self._entry(str(inside / own), own, opened)

    def file(self, path: Path, name: str, *, like: Path | None = None) -> None:
        """Write one file, with the owner and the rights of another if one is given."""
        with path.open("rb") as source:
            self._content(name, source, (like or path).stat())

    def _entry(self, name: str, own: str, folder: int) -> None:
        status = os.stat(own, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            self._head(name, status, tarfile.SYMTYPE, os.readlink(own, dir_fd=folder))
        elif stat.S_ISREG(status.st_mode):
            file = os.open(own, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
            with os.fdopen(file, "rb") as source:
                self._content(name, source, os.fstat(file))

    def _head(self, name: str, status: os.stat_result, kind: bytes, target: str = "") -> None:
        about = _about(name, status)
        about.type, about.linkname = kind, target
        self._archive.addfile(about)

    def _content(self, name: str, source: IO[bytes], status: os.stat_result) -> None:
        """Write what a file holds now; it may grow or shrink in the meantime."""
        digest = hashlib.sha256()
        with tempfile.SpooledTemporaryFile(_SMALL) as copy:
            while block := source.read(io.DEFAULT_BUFFER_SIZE * 16):
                digest.update(block)
                copy.write(block)
            about = _about(name, status)
            about.size = copy.tell()
            copy.seek(0)
            self._archive.addfile(about, copy)
        self.digests[name] = digest.hexdigest()


def _about(name: str, status: os.stat_result) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.mode, found.mtime = stat.S_IMODE(status.st_mode), status.st_mtime
    found.uid, found.gid = status.st_uid, status.st_gid
    with contextlib.suppress(KeyError):  # on a cluster, people have numbers alone
        found.uname = pwd.getpwuid(status.st_uid).pw_name
        found.gname = grp.getgrgid(status.st_gid).gr_name
    return found


@contextlib.contextmanager
def _bear_what_is_gone() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _unless_gone(error)


def _unless_gone(error: OSError) -> None:
    if error.errno not in _GONE:
        raise error
