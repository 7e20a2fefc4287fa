"""Links in what students hand in: they are never followed.

A link holds no work. But nbgrader copies what a link points to, with the instructor's
rights; so a link to the gradebook or to ``source/`` would bring them into a student's reach.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect


def remove_links(folder: Path) -> list[Path]:
    """Remove every symbolic link below a folder; return where they were.

    Example:
        >>> remove_links(Path("submitted/ada/01-intro"))  # doctest: +SKIP
        [PosixPath('submitted/ada/01-intro/gradebook.db')]
    """
    links = [path for path in sorted(folder.rglob("*")) if path.is_symlink()]
    for link in links:
        link.unlink()
    return links


class CollectFiles(ExchangeCollect):
    """``nbgrader collect``: collects what students wrote, and leaves links behind."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy a submission; a link is not even read."""
        with tempfile.TemporaryDirectory(prefix="collect-") as elsewhere:
            copy = Path(elsewhere, "submission")
            shutil.copytree(src, copy, symlinks=True)
            for link in remove_links(copy):
                self.log.warning("Left out a link: %s", link.relative_to(copy))
            super().do_copy(str(copy), dest, log)
