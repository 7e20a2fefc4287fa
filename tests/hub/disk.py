"""A small disk where submissions go, so that it can be full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pytest

SIZE: Final = 64  # megabytes
_BLOCK: Final = bytes(2**16)


@contextmanager
def small(place: Path) -> Iterator[None]:
    """Mount a small file system on a folder, with its owner and its rights, where that can be."""
    found = place.stat()
    rights = f"uid={found.st_uid},gid={found.st_gid},mode={found.st_mode & 0o7777:o}"
    options = f"size={SIZE}m,{rights}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield
        return
    try:
        yield
    finally:  # lazily: a server that is ending may still see it
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def full(place: Path) -> Iterator[None]:
    """While this lasts, nothing more can be written there."""
    if not place.is_mount():
        pytest.skip("a small file system could not be mounted here")
    filler = place / ".filler"
    try:
        with suppress(OSError), filler.open("wb") as file:
            while True:
                os.write(file.fileno(), _BLOCK)
        yield
    finally:
        filler.unlink()
