"""Links and pipes in what students hand in: they are never followed.

A link holds no work, nor does a pipe. But nbgrader copies what a link points to, with the
instructor's rights; so a link to the gradebook or to ``source/`` would bring them into a
student's reach.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect


def remove_links(folder: Path) -> list[Path]:
    """Remove all that is neither file nor folder; return where it was.

    Example:
        >>> remove_links(Path("submitted/ada/01-intro"))  # doctest: +SKIP
        [PosixPath('submitted/ada/01-intro/gradebook.db')]
    """
    links = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not (path.is_file() or path.is_dir())
    ]
    for link in links:
        link.unlink()
    return links


def _no_files(folder: str, names: list[str]) -> list[str]:
    """Name what can't be copied: pipes, sockets, devices."""
    return [
        name
        for name in names
        if not (path := Path(folder, name)).is_symlink() and not (path.is_file() or path.is_dir())
    ]


class CollectFiles(ExchangeCollect):
    """``nbgrader collect``: collects what students wrote, and leaves links behind."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission; a link is not even read."""
        with tempfile.TemporaryDirectory(prefix="collect-") as elsewhere:
            copy = Path(elsewhere, "submission")
            shutil.copytree(src, copy, symlinks=True, ignore=_no_files)
            for link in remove_links(copy):
                self.log.warning("Left out a link: %s", link.relative_to(copy))
            super().do_copy(str(copy), dest, log)
