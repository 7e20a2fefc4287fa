"""A copy of a submission's folder, to be unpacked where the kernel runs.

The kernel works on the copy, which ends with it: whatever code does to its folder, the
folder itself stays as it is. Links are copied as links, so they lead nowhere there.
"""

from __future__ import annotations

import fnmatch
import tarfile
from pathlib import Path
from typing import IO, Final

HIDDEN: Final = ("*.ipynb", ".ipynb_checkpoints")  # notebooks here hold the instructor's tests


def pack(folder: Path, into: IO[bytes], most: int) -> list[str]:
    """Write a folder's files into an archive.

    Args:
        folder: The folder; it may hold anything that a student handed in.
        into: Where the archive is written, if there is anything; it is left at its beginning.
        most: How many bytes of files are taken; what does not fit is left out.

    Returns:
        The names of what was left out because it did not fit or could not be read.
    """
    left, missing = most, []

    def take(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        nonlocal left
        name = entry.name.rpartition("/")[2]
        if any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern in HIDDEN):
            return None
        if not (entry.isfile() or entry.isdir() or entry.issym()):
            return None  # devices, pipes and sockets have no business here
        left -= 512 + (entry.size if entry.isfile() else 0)
        if left < 0:
            left += 512 + entry.size
            missing.append(entry.name)
            return None
        entry.mode = 0o755 if entry.isdir() else 0o644 | (entry.mode & 0o111)
        return entry

    try:
        paths = sorted(folder.iterdir())
        if not paths:  # an archive of nothing has 10,240 bytes
            return missing
        with tarfile.open(fileobj=into, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in paths:
                archive.add(path, arcname=f"./{path.name}", filter=take)
    except OSError as error:
        missing.append(str(error.filename))
    into.seek(0)
    return missing
