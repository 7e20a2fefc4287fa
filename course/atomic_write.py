"""Write a file so that readers see either the old content or all of the new.

The content goes to a temporary file in the same folder, which is then renamed over the target.
Nothing is flushed to disk on purpose: this protects against crashes and concurrent readers, not
against power cuts.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary file that replaces ``path`` when the block ends without an exception.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "scores.csv"
        >>> with replacing(target) as temporary, temporary.open("w") as file:
        ...     _ = file.write("ada,3")
        >>> target.read_text()
        'ada,3'

    The temporary file has a unique name and the permissions of any new file. It is removed if the
    block raises.

    Raises:
        OSError: The folder doesn't exist or can't be written to.
    """
    temporary = path.parent / f".{os.urandom(8).hex()}.new"
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def write_bytes(path: Path, content: bytes) -> None:
    """Replace the content of a file atomically; the folder must exist."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Replace the content of a file atomically by text in UTF-8; the folder must exist."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
