"""Handing out the lessons: ``release/`` into ``work/``, and nothing that the learner did is lost.

A file that the learner has not touched follows the course. A file that they changed
stays theirs, and one line says where the new version lies. What was handed out is
remembered by its SHA-256 in ``work/.handed-out.json``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Final

from course import atomic_write

RECORD: Final = ".handed-out.json"


def hand_out(release: Path, work: Path) -> list[str]:
    """Bring ``work`` up to date with ``release``.

    Example:
        >>> from pathlib import Path
        >>> hand_out(Path("release"), Path("work"))  # doctest: +SKIP
        ['Kept your 01-intro/intro.ipynb. The new version lies in release/01-intro/intro.ipynb.']

    A deleted file is handed out again: that is the way back to a fresh copy.

    Args:
        release: The students' version of the lessons.
        work: The learner's folder; it is made if it is not there.

    Returns:
        One line for each file that has a new version which was not handed out, because the
        learner's copy holds work.

    Raises:
        FileNotFoundError: ``release`` is not a folder.
    """
    if not release.is_dir():
        raise FileNotFoundError(f"release={str(release)!r} is no folder; it holds the lessons")
    work.mkdir(parents=True, exist_ok=True)
    handed_out = _read(work / RECORD)
    lines = []
    for new in sorted(path for path in release.rglob("*") if path.is_file()):
        name = new.relative_to(release).as_posix()
        if any(part.startswith(".") for part in new.relative_to(release).parts):
            continue  # left behind by an editor or a kernel
        mine = work / name
        fresh = _digest(new)
        if _holds_work(mine, {fresh, handed_out.get(name, "")}):
            if fresh != handed_out.get(name):
                lines.append(f"Kept your {name}. The new version lies in {new}.")
            continue
        if not mine.exists() or _digest(mine) != fresh:
            _copy(new, mine)
        handed_out[name] = fresh
    record = json.dumps(handed_out, indent=1, sort_keys=True) + "\n"
    atomic_write.write_text(work / RECORD, record)
    return lines


def _holds_work(mine: Path, ours: set[str]) -> bool:
    """Whether this is anything but one of our own copies; a link or a folder is the learner's."""
    if mine.is_symlink() or mine.is_dir():
        return True
    if not mine.exists():
        return any(parent.is_file() for parent in mine.parents)
    return _digest(mine) not in ours


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _copy(new: Path, mine: Path) -> None:
    mine.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write.replacing(mine) as temporary:
        shutil.copy(new, temporary)


def _read(path: Path) -> dict[str, str]:
    """Return what was handed out; without a readable record every changed file is kept."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(name): digest for name, digest in record.items() if isinstance(digest, str)}
