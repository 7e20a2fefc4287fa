"""Going through what students hand in: folders of any depth, with anything in them.

Python's own ways call themselves once for each level, so a folder in a folder in a folder, a
thousand times, breaks them; and so do nbgrader's. Here a list says what is still to be seen, and
what lies deeper than anybody's work is left out.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import stat
import tempfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final

DEEPEST: Final = 32  # folders in folders
MOST: Final = 20_000  # files and folders, as many as a kernel may have
LONGEST: Final = 1000  # bytes of a name with all its folders; Linux takes 4,096 with ours before it

_UNREAD: Final = "What can't be read"
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def clear(folder: Path) -> list[str]:
    """Remove what can't be handled in a folder; return a sentence for each such thing.

    Example:
        >>> clear(Path("submitted/ada/01-intro"))  # doctest: +SKIP
        ["A link was left out: 'gradebook.db'"]

    Plain files and folders stay, up to a depth and a number that no work has.
    """
    said = []
    for inside, _, why in _walk(folder, None):
        if why and why != _UNREAD:  # that stays, and is passed over
            said.append(_sentence(why, inside))
            remove(folder / inside, folder)
    return said


def copy(folder: Path, to: Path, largest: float = float("inf")) -> list[str]:
    """Copy a folder's plain files, as files of ours; return a sentence for what was left out.

    The folder may change meanwhile: no link in it is followed, whenever it comes into being.

    Args:
        folder: The folder, which is only read.
        to: The copy; it must not exist.
        largest: Bytes that a file may have.

    Raises:
        OSError: The folder can't be read, or the copy not be written.
    """
    said = []
    top = os.open(folder, _FOLDER)
    try:
        to.mkdir()
        for inside, is_folder, why in _walk(folder, top):
            left_out = why
            try:
                if not why and is_folder:
                    (to / inside).mkdir()
                elif not why:
                    left_out = _copy_file(top, inside, to / inside, largest)
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ELOOP}:
                    raise
                left_out = _UNREAD  # or it went, or became a link, meanwhile
            if left_out:
                said.append(_sentence(left_out, inside))
    finally:
        os.close(top)
    return said


def remove(place: Path, inside: Path) -> None:
    """Remove a file, a link or a folder of any depth.

    Args:
        place: What to remove.
        inside: A folder around it, in which there is room for a while.

    Raises:
        OSError: It can't be removed.
    """
    if place.is_symlink() or not place.is_dir():
        place.unlink()
        return
    # Each folder is moved up before it is emptied, so that no name grows too long.
    aside = Path(tempfile.mkdtemp(prefix=".gone-", dir=inside))
    numbers = itertools.count()
    left = [place.rename(aside / str(next(numbers)))]
    for each in left:  # it grows while we go through it
        each.chmod(stat.S_IRWXU)
        with os.scandir(each) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        Path(entry.path).chmod(stat.S_IRWXU)
                    left.append(Path(entry.path).rename(aside / str(next(numbers))))
                else:
                    Path(entry.path).unlink()
        each.rmdir()
    aside.rmdir()


def _walk(folder: Path, top: int | None) -> Iterator[tuple[Path, bool, str]]:
    """Yield all there is: where, whether it is a folder, and why it is no work, if it is none.

    Notebooks come first, and what lies high up comes before what lies deep.
    """
    left, count = deque([(Path(), 0)]), 0
    while left:
        place, depth = left.popleft()
        try:
            entries = _entries(folder, top, place)
        except OSError:
            yield place, True, _UNREAD
            continue
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            inside, why = place / entry.name, ""
            count += 1
            if not is_folder and not entry.is_file(follow_symlinks=False):
                why = "A link, a pipe or the like"
            elif count > MOST:
                why = f"What is more than {MOST:,} files"
            elif depth >= DEEPEST or len(os.fsencode(inside)) > LONGEST:
                why = f"What lies deeper than {DEEPEST} folders, or has too long a name,"
            elif is_folder:
                left.append((inside, depth + 1))
            yield inside, is_folder, why


def _entries(folder: Path, top: int | None, place: Path) -> list[os.DirEntry[str]]:
    """What a folder holds, notebooks and files first."""
    with contextlib.ExitStack() as stack:
        opened = folder / place if top is None else stack.enter_context(_opened(top, place))
        found = list(stack.enter_context(os.scandir(opened)))
        key = {entry: entry.is_dir(follow_symlinks=False) for entry in found}
    return sorted(found, key=lambda each: (not each.name.endswith(".ipynb"), key[each], each.name))


@contextlib.contextmanager
def _opened(top: int, inside: Path) -> Iterator[int]:
    """Open a folder from the top, step by step, so that no step is a link."""
    number = os.dup(top)
    try:
        for part in inside.parts:
            below = os.open(part, _FOLDER, dir_fd=number)
            os.close(number)
            number = below
        yield number
    finally:
        os.close(number)


def _copy_file(top: int, inside: Path, to: Path, largest: float) -> str:
    """Copy a file; return why it was not."""
    with _opened(top, inside.parent) as folder:
        number = os.open(inside.name, _FILE, dir_fd=folder)
    with os.fdopen(number, "rb") as file:
        state = os.fstat(number)
        if not stat.S_ISREG(state.st_mode):
            return "A link, a pipe or the like"
        if state.st_size > largest:
            return f"A file of {state.st_size:,} bytes"
        with to.open("xb") as written:
            shutil.copyfileobj(file, written)
            os.fchmod(written.fileno(), 0o644 | state.st_mode & 0o111)
    os.utime(to, ns=(state.st_atime_ns, state.st_mtime_ns))
    return ""


def _sentence(why: str, inside: Path) -> str:
    name = ascii(str(inside))
    return f"{why} was left out: {name if len(name) < 200 else name[:200] + '…'}"
