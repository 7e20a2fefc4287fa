"""Copy the lessons from ``release/`` to ``work/`` without overwriting the learner's work.

Files that the learner hasn't changed are updated. Changed files are kept, and the caller is told
where the new version is. ``work/.handed-out.json`` records the SHA-256 of each file handed out.
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
        ['Kept your 01-intro/intro.ipynb. The new version is in release/01-intro/intro.ipynb.']

    Returns one line for each new version that was not copied because the learner changed the file;
    to get a fresh copy, the learner deletes the file.

    Raises:
        FileNotFoundError: ``release`` is not a folder.
    """
    if not release.is_dir():
        raise FileNotFoundError(f"{release} is not a folder; it should hold the lessons")
    work.mkdir(parents=True, exist_ok=True)
    handed_out = _read_record(work / RECORD)
    messages = []
    for new in sorted(path for path in release.rglob("*") if path.is_file()):
        name = new.relative_to(release).as_posix()
        if any(part.startswith(".") for part in new.relative_to(release).parts):
            continue  # left behind by an editor or a kernel
        own = work / name
        digest = _digest(new)
        if _has_changes(own, {digest, handed_out.get(name, "")}):
            if digest != handed_out.get(name):
                messages.append(f"Kept your {name}. The new version is in {new}.")
            continue
        if not own.exists() or _digest(own) != digest:
            own.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write.replacing(own) as temporary:
                shutil.copy(new, temporary)
        handed_out[name] = digest
    record = json.dumps(handed_out, indent=1, sort_keys=True) + "\n"
    atomic_write.write_text(work / RECORD, record)
    return messages


def _has_changes(path: Path, released: set[str]) -> bool:
    """Return whether the path isn't a released version; links and folders are the learner's."""
    if path.is_symlink() or path.is_dir():
        return True
    if not path.exists():
        return any(parent.is_file() for parent in path.parents)
    return _digest(path) not in released


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read_record(path: Path) -> dict[str, str]:
    """Return the digests by name; without a readable record, all changed files are kept."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    return {str(name): digest for name, digest in record.items() if isinstance(digest, str)}
