"""Load a data set from the first source that has it.

1. the folder that the environment variable COURSE_DATA names,
2. the caches of Keras, scikit-learn and this course,
3. a download, only if asked for,
4. the data that comes with the course.

Example:
    >>> from course.data import mnist
    >>> original = OriginalData("MNIST", "mnist", mnist.read, "mnist.npz", mnist.URL)
    >>> [location.description for location in file_locations(original)][-1]
    "the course's own cache"

A file is used only if its content matches the original's SHA-256. Other files are skipped, and
the data set's note says so.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from course.data import locations
from course.data.dataset import DataError, Dataset
from course.data.download import fetch, save

_COURSE_DATA: Final = "the folder COURSE_DATA"
_MAX_FILE_BYTES: Final = 64_000_000  # the largest real file, MNIST, has 11.5 million


@dataclasses.dataclass(frozen=True)
class OriginalData:
    """A published data set that is available as one file."""

    title: str
    source: str  # the word that selects it, as in ``digits("mnist")``
    read: Callable[[bytes], Dataset]  # parses the file's bytes; raises DataError
    file: str  # path, with ``/``, in the folder COURSE_DATA and on a mirror of it
    url: str = ""  # empty if there is no public download
    cache_folder: Callable[[], Path] | None = None  # where the library ``cached_by`` keeps it
    cached_by: str = ""


@dataclasses.dataclass(frozen=True)
class FallbackData:
    """The data that comes with the course."""

    source: str  # the word that selects it, as in ``digits("bundled")``
    load: Callable[[], Dataset]


class FileLocation(NamedTuple):
    """A path where a data file may be, and a description of it for messages."""

    path: Path
    description: str


# In-memory caches. The key of a file includes its modification time and size.
_files: dict[tuple[str, FileLocation, int, int], Dataset | str] = {}
_downloaded: dict[str, Dataset] = {}
_fallbacks: dict[str, Dataset] = {}
_annotated: dict[tuple[int, str], Dataset] = {}


def load(
    kind: str, original: OriginalData, fallback: FallbackData, source: str | None, *, download: bool
) -> Dataset:
    """Load a data set from the first source that has it, or from ``source`` only.

    If a source fails on the way, the data set's note says why, and is printed once. ``kind`` is the
    public function's name, for messages.

    Raises:
        DataError: The source is unknown, or required and not available.
    """
    if source not in (None, original.source, fallback.source):
        raise DataError(
            f"{kind}: unknown source {source!r}; "
            f"choose {original.source!r} or {fallback.source!r}, or leave it out."
        )
    if source == fallback.source:
        return _load_fallback(fallback)
    problems: list[str] = []
    data = _downloaded.get(original.source) or _read_local(original, problems)
    if data is None and download:
        data = _download(original, problems)
    if data is not None:
        return _annotate(data, "; ".join(problems), problems)
    reason = "; ".join(problems) or (
        f'no copy on this computer; data.{kind}("{original.source}", download=True) downloads one'
        if original.url
        else f"no copy on this computer; put {original.file} into the folder COURSE_DATA"
    )
    if source == original.source:
        raise DataError(f"{original.title} is not available: {reason}.")
    verb = "were" if original.title.endswith("s") else "was"
    note = f"{original.title} {verb} not used: {reason}"
    return _annotate(_load_fallback(fallback), note, problems)


def file_locations(original: OriginalData) -> Iterator[FileLocation]:
    """Yield every file on this computer that may hold the data, in order of preference."""
    folder = locations.course_data_folder()
    if folder is not None:
        yield FileLocation(folder / original.file, _COURSE_DATA)
    if original.cache_folder is not None:
        path = original.cache_folder() / PurePosixPath(original.file).name
        yield FileLocation(path, f"{original.cached_by}'s cache")
    yield FileLocation(_own_copy(original), "the course's own cache")


def clear_memory() -> None:
    """Forget everything loaded so far; the next call loads it again."""
    for cache in (_files, _downloaded, _fallbacks, _annotated):
        cache.clear()


def _own_copy(original: OriginalData) -> Path:
    return locations.cache_folder() / f"{original.source}.bin"


def _read_local(original: OriginalData, problems: list[str]) -> Dataset | None:
    for location in file_locations(original):
        try:
            data = _read_file(original, location)
        except DataError as error:
            problems.append(str(error))
            continue
        if data is not None:
            return data
        if location.description == _COURSE_DATA:  # the user expects the file there
            problems.append(f"{location.path} does not exist")
    return None


def _read_file(original: OriginalData, location: FileLocation) -> Dataset | None:
    """Read a file, unless this version of it is cached; return None if it doesn't exist."""
    try:
        if not location.path.is_file():
            return None
        status = location.path.stat()
        key = (original.source, location, status.st_mtime_ns, status.st_size)
        if key not in _files:
            _files[key] = _parse(original, location, status.st_size)
    except OSError as error:
        raise DataError(f"{location.path} cannot be read ({error.strerror})") from None
    cached = _files[key]
    if isinstance(cached, str):
        raise DataError(cached)
    return cached


def _parse(original: OriginalData, location: FileLocation, size: int) -> Dataset | str:
    """Return the data, or one line about what is wrong with the file."""
    if size > _MAX_FILE_BYTES:
        return f"{location.path} is too large: {size:,} bytes, at most {_MAX_FILE_BYTES:,}"
    try:
        data = original.read(location.path.read_bytes())
    except DataError as error:
        return f"{location.path}: {error}"
    return dataclasses.replace(data, note=f"{data.note}, from {location.description}")


def _download(original: OriginalData, problems: list[str]) -> Dataset | None:
    mirror = os.environ.get("COURSE_DATA_URL", "").strip().rstrip("/")
    url = f"{mirror}/{original.file}" if mirror else original.url
    if not url:
        problems.append(
            f"there is no public download; put {original.file} into the folder COURSE_DATA, "
            "or set COURSE_DATA_URL to a mirror that has it"
        )
        return None
    content = b""
    try:
        content = fetch(url, max_bytes=_MAX_FILE_BYTES, title=original.title)
        data = original.read(content)
    except DataError as error:
        is_page = content[:200].lstrip().startswith(b"<")
        problem = "the server sent a web page, not the file" if is_page else str(error)
        problems.append(problem if problem.startswith(url) else f"{url}: {problem}")
        return None
    try:
        save(_own_copy(original), content)
    except DataError as error:
        problems.append(f"downloaded, but not saved: {error}")
    data = dataclasses.replace(data, note=f"{data.note}, downloaded from {url}")
    _downloaded[original.source] = data
    return data


def _load_fallback(fallback: FallbackData) -> Dataset:
    if fallback.source not in _fallbacks:
        _fallbacks[fallback.source] = fallback.load()
    return _fallbacks[fallback.source]


def _annotate(data: Dataset, reason: str, problems: list[str]) -> Dataset:
    """Add the reason to the note; if there were problems, also print the note, once."""
    if not reason:
        return data
    key = (id(data), reason)
    if key not in _annotated:
        _annotated[key] = dataclasses.replace(data, note=f"{data.note}. {reason}.")
        if problems:
            print(_annotated[key].note)
    return _annotated[key]
