"""Pack a copy of a submission's folder, to be unpacked where the kernel runs.

The kernel works on the copy, which is deleted with it, so the submission stays as it is. Symbolic
links are copied as links, which dangle there.
"""

from __future__ import annotations

import fnmatch
import tarfile
from pathlib import Path
from typing import IO, Final

EXCLUDED: Final = ("*.ipynb", ".ipynb_checkpoints")  # autograded notebooks hold the hidden tests


def pack(folder: Path, archive_file: IO[bytes], max_bytes: int) -> list[str]:
    """Write a folder's files into a tar archive; return those too large or unreadable.

    Args:
        folder: A submission; may hold anything.
        archive_file: Is left at its beginning, and empty if there are no files.
        max_bytes: Limit on the size of all files together.
    """
    left, missing = max_bytes, []

    def prepare(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        nonlocal left
        name = entry.name.rpartition("/")[2]
        if any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in EXCLUDED):
            return None
        if not (entry.isfile() or entry.isdir() or entry.issym()):
            return None  # devices, pipes, sockets
        size = 512 + (entry.size if entry.isfile() else 0)
        if size > left:
            missing.append(entry.name)
            return None
        left -= size
        entry.mode = 0o755 if entry.isdir() else 0o644 | (entry.mode & 0o111)
        return entry

    try:
        paths = sorted(folder.iterdir())
        if not paths:  # an empty archive would have 10,240 bytes
            return missing
        with tarfile.open(fileobj=archive_file, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in paths:
                archive.add(path, arcname=f"./{path.name}", filter=prepare)
    except OSError as error:
        missing.append(str(error.filename))
    archive_file.seek(0)
    return missing
