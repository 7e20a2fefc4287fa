"""Copy the lessons from ``release/`` to ``work/`` without overwriting the learner's work.

Files that the learner hasn't changed are updated. Changed files are kept, and the caller is told
where the new version is and that `course.update` can carry the answers over. ``.handed-out.json``
records the SHA-256 of each file handed out; ``.released/`` keeps the notebooks as they were.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Final

from course import atomic_write
from course.quiz.personalize import personalize, student_name

RECORD: Final = ".handed-out.json"
RELEASED: Final = ".released"


def hand_out(release: Path, work: Path) -> list[str]:
    """Bring ``work`` up to date with ``release``.

    Example:
        >>> from pathlib import Path
        >>> hand_out(Path("release"), Path("work"))  # doctest: +SKIP
        ['Kept your 01-intro/intro.ipynb. The new version is in release/01-intro/intro.ipynb. ...

    Returns one line for each new version that was not copied because the learner changed the file;
    ``python -m course update`` carries the answers over.

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
        content = _content(new)
        new_digest = hashlib.sha256(content).hexdigest()
        if _has_changes(own, {new_digest, handed_out.get(name, "")}):
            if new_digest != handed_out.get(name):
                message = f"Kept your {name}. The new version is in {new}."
                hint = " To move your answers into it: python -m course update"
                messages.append(message + (hint if name.endswith(".ipynb") else ""))
            continue
        if not own.exists() or digest(own) != new_digest:
            own.parent.mkdir(parents=True, exist_ok=True)
            atomic_write.write_bytes(own, content)
        handed_out[name] = new_digest
        keep_release(work, name, new)
    _write_record(work, handed_out)
    return messages


def _content(path: Path) -> bytes:
    """Return a file as it is handed out: notebooks show the learner's variants of questions."""
    content = path.read_bytes()
    if path.suffix == ".ipynb" and b'"variants"' in content:
        try:
            notebook = json.loads(content)
            if personalize(notebook, student_name()):
                text = json.dumps(notebook, indent=1, ensure_ascii=False)
                content = f"{text}\n".encode()
        except (AttributeError, KeyError, TypeError, ValueError):  # not a notebook
            pass
    return content


def keep_release(work: Path, name: str, release: Path) -> None:
    """Keep a notebook as it was released: the base when a later version is merged."""
    kept = work / RELEASED / name
    if release.suffix == ".ipynb" and not (kept.is_file() and digest(kept) == digest(release)):
        kept.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write.replacing(kept) as temporary:
            shutil.copy(release, temporary)


def mark_updated(work: Path, name: str, release: Path) -> None:
    """Record that a learner's file, with answers in it, is of this release."""
    keep_release(work, name, release)
    if (work / RECORD).exists():
        _write_record(
            work,
            _read_record(work / RECORD) | {name: hashlib.sha256(_content(release)).hexdigest()},
        )


def _write_record(work: Path, handed_out: dict[str, str]) -> None:
    record = json.dumps(handed_out, indent=1, sort_keys=True) + "\n"
    atomic_write.write_text(work / RECORD, record)


def _has_changes(path: Path, released: set[str]) -> bool:
    """Return whether the path isn't a released version; links and folders are the learner's."""
    if path.is_symlink() or path.is_dir():
        return True
    if not path.exists():
        return any(parent.is_file() for parent in path.parents)
    return digest(path) not in released


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
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
