"""``python -m course update``: bring lessons up to date and keep the learner's answers.

Each notebook that changes is first copied to ``before-update/``, so nothing can be lost.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from course import atomic_write, locate
from course.carry_over import CarriedOver, carry_over
from course.handout import RECORD, RELEASED, digest, hand_out, mark_updated
from course.wording import format_count

BACKUPS: Final = "before-update"
MAX_BYTES: Final = 64 * 2**20


def outdated(release: Path | None, work: Path) -> Iterator[str]:
    """Yield the notebooks of which a corrected version is out, such as ``01-intro/intro.ipynb``.

    Only where the release is known that the learner has: else edits look like corrections.
    """
    if release is None:
        return
    for path in sorted(release.glob("*/*.ipynb")):
        name = path.relative_to(release).as_posix()
        own, kept = work / name, work / RELEASED / name
        with contextlib.suppress(OSError):
            if kept.is_file() and _is_new(path, own, kept):
                yield name


def _is_new(path: Path, own: Path, kept: Path) -> bool:
    """Return whether a released notebook is neither the learner's nor what that is based on."""
    if not own.is_file() or own.is_symlink():
        return False
    return digest(path) not in {digest(file) for file in (own, kept) if file.is_file()}


def update(release: Path, work: Path, names: Collection[str] | None = None) -> Iterator[str]:
    """Update the lessons in a learner's folder; yield what moved, a line for each notebook.

    With `names`, as `outdated` yields them, only those.

    Example:
        >>> list(update(Path("release"), Path("work")))  # doctest: +SKIP
        ['01-intro/intro.ipynb: 5 answers carried over; 2 cells have a new text.', ...]

    Raises:
        FileNotFoundError: ``release`` is not a folder.
    """
    if (work / RECORD).exists():  # else the lessons were fetched from a class
        hand_out(release, work)
    elif not release.is_dir():
        raise FileNotFoundError(f"{release} is not a folder; it should hold the lessons")
    for path in sorted(release.glob("*/*.ipynb")):
        name = path.relative_to(release).as_posix()
        own = work / name
        if (names is None or name in names) and _is_new(path, own, work / RELEASED / name):
            try:
                yield f"{name}: {_update_notebook(path, own, work)}"
            except (ValueError, OSError, RecursionError) as error:
                yield f"{name} stays as it is: {error}"


def _update_notebook(path: Path, own: Path, work: Path) -> str:
    """Update one notebook; return what moved."""
    name = Path(own.parent.name, own.name).as_posix()
    new, mine = _read(path), _read(own)
    kept_release = work / RELEASED / name
    old = _read(kept_release) if kept_release.is_file() else None
    carried = carry_over(new, mine, old)
    if carried.notebook == mine:
        mark_updated(work, name, path)
        return "up to date."
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    backup = work / BACKUPS / own.parent.name / f"{own.stem} {stamp}.ipynb"
    backup.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(own, backup)
    text = json.dumps(carried.notebook, indent=1, ensure_ascii=False) + "\n"
    atomic_write.write_text(own, text)
    mark_updated(work, name, path)
    return f"{_describe(carried)} Your earlier notebook is {backup.relative_to(work)}."


def _describe(carried: CarriedOver) -> str:
    """Return what moved, as sentences."""
    parts = [f"{format_count(len(carried.kept), 'answer')} carried over"]
    if carried.replaced:
        verb = "has" if carried.replaced == 1 else "have"
        parts.append(f"{format_count(carried.replaced, 'cell')} {verb} a new text")
    if carried.own_cells:
        parts.append(f"{format_count(carried.own_cells, 'cell')} of your own kept")
    if carried.set_aside:
        parts.append(f"{format_count(carried.set_aside, 'earlier text')} kept below the new one")
    text = f"{'; '.join(parts)}."
    if carried.choose_again:
        text += f" Choose again, the options have changed: {', '.join(carried.choose_again)}."
    return text


def _read(path: Path) -> dict[str, Any]:
    """Read a notebook.

    Raises:
        ValueError: It isn't one.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"it has more than {MAX_BYTES // 2**20} MB")
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path.name} isn't a notebook that can be read ({error})") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError(f"{path.name} has no list of cells")  # noqa: TRY004  (as for other files)
    return notebook


def add_options(parser: ArgumentParser) -> None:
    """Add the command's options."""
    root_help = "the course's folder; default: the current one"
    parser.add_argument("--root", type=Path, default=Path.cwd(), help=root_help)
    release_help = "the new version; default: in a class the exchange's, else the course's"
    parser.add_argument("--release", type=Path, help=release_help)
    work_help = "the learner's folder; default: in a class the home folder, else ROOT/work"
    parser.add_argument("--work", type=Path, help=work_help)


def run(options: Namespace) -> None:
    """Run the command and print what moved."""
    exchange, course = os.environ.get("COURSE_EXCHANGE"), os.environ.get("COURSE_ID")
    in_class = exchange and course
    work = options.work or (Path.home() if in_class else options.root / "work")
    try:
        if options.release:
            release = options.release
        elif exchange and course:
            release = Path(exchange, course, "outbound")
        else:
            release = locate.lessons(options.root)
        lines = list(update(release, work))
    except OSError as error:
        sys.exit(f"Couldn't update the lessons: {error}")
    print("\n".join(lines) or "All lessons are up to date.")
