"""A small file system for submissions, which a test can fill."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

SIZE_MB: Final = 64
_BLOCK: Final = bytes(2**16)


@contextmanager
def mount_small_disk(folder: Path) -> Iterator[None]:
    """Mount a small file system on a folder, with the same owner and mode, if possible."""
    status = folder.stat()
    owner = f"uid={status.st_uid},gid={status.st_gid},mode={status.st_mode & 0o7777:o}"
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,{owner}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield
        return
    try:
        yield
    finally:  # lazily, because a stopping server may still have it open
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def fill_disk(folder: Path) -> Iterator[None]:
    """Fill the small file system, so that nothing more can be written there."""
    if not folder.is_mount():
        pytest.skip("a small file system can't be mounted here")
    filler = folder / ".filler"
    try:
        with suppress(OSError), filler.open("wb") as file:
            while True:
                os.write(file.fileno(), _BLOCK)
        yield
    finally:
        filler.unlink()
