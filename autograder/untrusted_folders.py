"""Clean, copy and remove folders that students hand in, whatever is in them.

The standard library and nbgrader recurse once per level, so a thousand nested folders crash
them. Here a queue replaces the recursion, and depth, entries and path length are limited. Only so
many files and bytes are copied, nearest first: a ``venv`` beside the notebook has thousands.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import itertools
import os
import re
import stat
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

MAX_DEPTH: Final = 32  # nested folders
MAX_ENTRIES: Final = 20_000  # files and folders; a kernel may create no more
MAX_COPIED_FILES: Final = 2_000  # a lesson comes with a few
MAX_COPIED_BYTES: Final = 256 << 20  # as much as a kernel may write; holes in files count
MAX_PATH_BYTES: Final = 1000  # below the submission; Linux allows 4,096 for the absolute path

_SPECIAL: Final = "not a regular file or folder"
_UNREADABLE: Final = "it can't be read"
_OVER_LIMIT: Final = "too many files or bytes"
_OPEN_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def remove_unsafe(folder: Path) -> list[str]:
    """Remove links, special files and everything beyond the limits from a folder.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Path(folder, "book").symlink_to("/srv/gradebook.db")
        ...     remove_unsafe(Path(folder))
        ["Left out 'book': not a regular file or folder."]

    Returns:
        One sentence for each entry removed.
    """
    messages = []
    for path, _, problem in _walk(folder, None):
        if problem and problem != _UNREADABLE:  # unreadable entries stay and are skipped later
            messages.append(_message(path, problem))
            remove_tree(folder / path, folder)
    return messages


def open_regular_file(path: Path) -> IO[bytes]:
    """Open a file that a student may have replaced by a link or a pipe.

    Raises:
        OSError: It isn't a regular file, or can't be read.
    """
    fd = os.open(path, _OPEN_FILE)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError("not a regular file")
    return os.fdopen(fd, "rb")


@dataclass(frozen=True)
class CopiedFiles:
    """The files of a submission that are copied.

    Attributes:
        paths: Relative to its folder, the nearest first.
        left_out: A sentence about those beyond the limits, or an empty string.
    """

    paths: tuple[Path, ...]
    left_out: str = ""


def list_copied(folder: Path, ignore: Iterable[str] = ()) -> CopiedFiles:
    """List a folder's regular files within `MAX_COPIED_FILES` and `MAX_COPIED_BYTES`.

    Args:
        folder: A submission.
        ignore: Patterns of names of files and folders that don't count.
    """
    limit, paths, count = _CopyLimit(), [], 0
    for path, is_folder, problem in _walk(folder, None, ignore):
        if is_folder or problem:
            continue
        count += 1
        with contextlib.suppress(OSError):
            if limit.allows((folder / path).lstat().st_size):
                paths.append(path)
    return CopiedFiles(tuple(paths), limit.message(count - len(paths)))


class _CopyLimit:
    """What is left of the limits on copied files."""

    def __init__(self) -> None:
        self._files, self._bytes = MAX_COPIED_FILES, MAX_COPIED_BYTES

    def allows(self, size: int) -> bool:
        """Return whether a file of this size may be copied; count it if so."""
        if self._files < 1 or size > self._bytes:
            return False
        self._files -= 1
        self._bytes -= size
        return True

    @staticmethod
    def message(left_out: int) -> str:
        if not left_out:
            return ""
        files = "file" if left_out == 1 else "files"
        return (
            f"Left out {left_out:,} {files}: at most {MAX_COPIED_FILES:,} files with"
            f" {MAX_COPIED_BYTES >> 20} MB in total are copied."
        )


def copy_regular_files(
    folder: Path, to: Path, max_file_bytes: float = float("inf"), ignore: Iterable[str] = ()
) -> list[str]:
    """Copy a folder's regular files within the limits; the copies belong to the grader.

    Safe while the folder changes: a link is never followed, even if it replaces a file midway.

    Args:
        folder: The folder to read.
        to: The copy; must not exist yet.
        max_file_bytes: Larger files are left out.
        ignore: Patterns of names of files and folders that are left out silently.

    Returns:
        One sentence for each entry left out.

    Raises:
        OSError: The folder can't be read or the copy can't be written.
    """
    messages, top = [], os.open(folder, _OPEN_FOLDER)
    limit, left_out = _CopyLimit(), 0
    try:
        to.mkdir()
        for path, is_folder, reason in _walk(folder, top, ignore):
            problem = reason
            try:
                if not problem and is_folder:
                    (to / path).mkdir()
                elif not problem:
                    problem = _copy_file(top, path, to / path, max_file_bytes, limit)
            except OSError as error:
                if error.errno not in {errno.EACCES, errno.EPERM, errno.ENOENT, errno.ELOOP}:
                    raise
                problem = _UNREADABLE  # or it was removed or replaced by a link since
            if problem == _OVER_LIMIT:
                left_out += 1
            elif problem:
                messages.append(_message(path, problem))
    finally:
        os.close(top)
    return [*messages, *filter(None, [limit.message(left_out)])]


def remove_tree(path: Path, temp_parent: Path) -> None:
    """Remove a file, a link or a folder of any depth.

    Args:
        path: What to remove.
        temp_parent: A folder around it, on the same file system, to move subfolders into.

    Raises:
        OSError: It can't be removed.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink()
        return
    # Move each subfolder up before emptying it, so that no path grows too long.
    trash = Path(tempfile.mkdtemp(prefix=".removing-", dir=temp_parent))
    numbers = itertools.count()
    folders = [path.rename(trash / str(next(numbers)))]
    for folder in folders:  # grows during the loop
        folder.chmod(stat.S_IRWXU)
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        Path(entry.path).chmod(stat.S_IRWXU)
                    folders.append(Path(entry.path).rename(trash / str(next(numbers))))
                else:
                    Path(entry.path).unlink()
        folder.rmdir()
    trash.rmdir()


def walk(folder: Path, ignore: Iterable[str] = ()) -> Iterator[Path]:
    """Yield the relative path of each regular file within the limits on depth and entries."""
    for path, is_folder, problem in _walk(folder, None, ignore):
        if not is_folder and not problem:
            yield path


def _walk(
    folder: Path, top: int | None, ignore: Iterable[str] = ()
) -> Iterator[tuple[Path, bool, str]]:
    """Yield each entry's relative path, whether it is a folder, and why to leave it out.

    Breadth first, notebooks before other files: when a limit is hit, the deepest entries go.
    """
    is_ignored = re.compile("|".join(map(fnmatch.translate, ignore)) or "(?!)").match
    queue, count = deque([(Path(), 0)]), 0
    while queue:
        parent, depth = queue.popleft()
        try:
            entries = _sorted_entries(folder, top, parent)
        except OSError:
            yield parent, True, _UNREADABLE
            continue
        for entry in entries:
            if is_ignored(entry.name):
                continue
            is_folder = entry.is_dir(follow_symlinks=False)
            path, problem = parent / entry.name, ""
            count += 1
            if not is_folder and not entry.is_file(follow_symlinks=False):
                problem = _SPECIAL
            elif count > MAX_ENTRIES:
                problem = f"more than {MAX_ENTRIES:,} files and folders"
            elif depth >= MAX_DEPTH:
                problem = f"more than {MAX_DEPTH} nested folders"
            elif len(os.fsencode(path)) > MAX_PATH_BYTES:
                problem = f"path longer than {MAX_PATH_BYTES:,} bytes"
            elif is_folder:
                queue.append((path, depth + 1))
            yield path, is_folder, problem


def _sorted_entries(folder: Path, top: int | None, path: Path) -> list[os.DirEntry[str]]:
    """List a folder: notebooks, then other files, then folders."""

    def order(entry: os.DirEntry[str]) -> tuple[bool, bool, str]:
        is_folder = entry.is_dir(follow_symlinks=False)
        return not entry.name.endswith(".ipynb"), is_folder, entry.name

    with contextlib.ExitStack() as stack:
        opened = folder / path if top is None else stack.enter_context(_open_below(top, path))
        return sorted(stack.enter_context(os.scandir(opened)), key=order)


@contextlib.contextmanager
def _open_below(top: int, path: Path) -> Iterator[int]:
    """Open a folder one component at a time, so that none of them can be a link."""
    fd = os.dup(top)
    try:
        for part in path.parts:
            child = os.open(part, _OPEN_FOLDER, dir_fd=fd)
            os.close(fd)
            fd = child
        yield fd
    finally:
        os.close(fd)


def _copy_file(top: int, path: Path, to: Path, max_bytes: float, limit: _CopyLimit) -> str:
    """Copy one file; return why it was left out, or an empty string."""
    with _open_below(top, path.parent) as folder:
        fd = os.open(path.name, _OPEN_FILE, dir_fd=folder)
    with os.fdopen(fd, "rb") as source:
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            return _SPECIAL
        if info.st_size > max_bytes:
            return f"{info.st_size:,} bytes is more than {max_bytes:,.0f}"
        if not limit.allows(info.st_size):
            return _OVER_LIMIT
        with to.open("xb") as target:
            _copy_bytes(source, target, info.st_size)
            os.fchmod(target.fileno(), 0o644 | info.st_mode & 0o111)
    os.utime(to, ns=(info.st_atime_ns, info.st_mtime_ns))
    return ""


def _copy_bytes(source: IO[bytes], target: IO[bytes], size: int) -> None:
    """Copy so many bytes, even if the file grows meanwhile."""
    while size > 0 and (block := source.read(min(size, 1 << 20))):
        target.write(block)
        size -= len(block)


def _message(path: Path, problem: str) -> str:
    name = ascii(str(path))
    return f"Left out {name if len(name) < 200 else name[:200] + '…'}: {problem}."
