"""Where data comes from, in which order, and what is said when a place fails.

1. the folder that the environment variable COURSE_DATA names,
2. what Keras, scikit-learn or this course have already downloaded,
3. a download, only if asked for,
4. the data that comes with the course.

Example:
    >>> from course.data import mnist
    >>> original = OriginalData("MNIST", "mnist", mnist.read, "mnist.npz", mnist.ADDRESS)
    >>> [place.words for place in file_locations(original)][-1]
    "the course's own cache"

A file is only used when its content is the original's to the last bit. One that is
not is passed over, and the note of the data set says so.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from course.data import locations
from course.data.dataset import DataError, Dataset
from course.data.download import fetch, save

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COURSE_DATA: Final = "the folder COURSE_DATA"
_LARGEST: Final = 64_000_000  # bytes; the largest real file, MNIST, has 11.5 million


@dataclasses.dataclass(frozen=True)
class OriginalData:
    """A published data set that can be had as one file.

    Attributes:
        title: What people call it.
        source: One word for it, as in ``digits("mnist")``.
        read: From the bytes of the file to the data; raises DataError.
        file: Its place in the folder COURSE_DATA and on a mirror of it, with ``/``.
        address: Where it can be downloaded; empty if no public place is known.
        cached: Where a library keeps it, called when needed.
        cached_by: The name of that library.
    """

    title: str
    source: str
    read: Callable[[bytes], Dataset]
    file: str
    address: str = ""
    cached: Callable[[], Path] | None = None
    cached_by: str = ""


@dataclasses.dataclass(frozen=True)
class FallbackData:
    """The data that comes with the course.

    Attributes:
        source: One word for it, as in ``digits("bundled")``.
        load: Makes it.
    """

    source: str
    load: Callable[[], Dataset]


class FileLocation(NamedTuple):
    """A file that may be there, and what to call its place."""

    path: Path
    words: str


# What was read or made before. A file that has changed since has another key.
_files: dict[tuple[str, FileLocation, int, int], Dataset | str] = {}
_fetched: dict[str, Dataset] = {}
_made: dict[str, Dataset] = {}
_noted: dict[tuple[int, str], Dataset] = {}


def load(
    kind: str, original: OriginalData, embedded: FallbackData, source: str | None, *, download: bool
) -> Dataset:
    """Load a data set from the first place that has it.

    Example:
        >>> from course.data import digits
        >>> digits("bundled") is digits("bundled")  # read once, then remembered
        True

    Args:
        kind: The public function that asks, for messages: ``"digits"``.
        original: The published data.
        embedded: What to use in its stead.
        source: One of the two words, to insist on it; None takes the first that can be had.
        download: Whether to download the original where it is nowhere on this computer.

    Returns:
        The data. When something went wrong on the way to the embedded data, one line is
        printed once, and stands in the data's ``note``.

    Raises:
        DataError: The word is unknown, or the data that was insisted on cannot be had.
    """
    if source not in (None, original.source, embedded.source):
        raise DataError(
            f"{kind}(source): there is no {source!r}; "
            f"choose {original.source!r} or {embedded.source!r}, or leave it out."
        )
    if source == embedded.source:
        return _embedded(embedded)
    problems: list[str] = []
    found = _fetched.get(original.source) or _on_this_computer(original, problems)
    if found is None and download:
        found = _download(original, problems)
    if found is not None:
        return _with_reason(found, "; ".join(problems), problems)
    why = "; ".join(problems) or (
        f'no copy on this computer; data.{kind}("{original.source}", download=True) gets one'
        if original.address
        else f"no copy on this computer; put {original.file} into the folder COURSE_DATA"
    )
    if source == original.source:
        raise DataError(f"{original.title} cannot be had: {why}.")
    return _with_reason(_embedded(embedded), f"Why not {original.title}: {why}", problems)


def file_locations(original: OriginalData) -> Iterator[FileLocation]:
    """Every file on this computer that may hold the data, in order."""
    folder = locations.course_data_folder()
    if folder is not None:
        yield FileLocation(folder / original.file, _COURSE_DATA)
    if original.cached is not None:
        yield FileLocation(original.cached(), f"{original.cached_by}'s cache")
    yield FileLocation(_own_copy(original), "the course's own cache")


def clear_memory() -> None:
    """Drop all that was read or made; the next call starts afresh."""
    for memory in (_files, _fetched, _made, _noted):
        memory.clear()


def _own_copy(original: OriginalData) -> Path:
    return locations.cache_folder() / f"{original.source}.bin"


def _on_this_computer(original: OriginalData, problems: list[str]) -> Dataset | None:
    for place in file_locations(original):
        try:
            data = _from_file(original, place)
        except DataError as error:
            problems.append(str(error))
            continue
        if data is not None:
            return data
        if place.words == _COURSE_DATA:  # it was meant to be there
            problems.append(f"there is no {place.path}")
    return None


def _from_file(original: OriginalData, place: FileLocation) -> Dataset | None:
    """Read a file, but only once; None if there is none."""
    try:
        if not place.path.is_file():
            return None
        status = place.path.stat()
        key = (original.source, place, status.st_mtime_ns, status.st_size)
        if key not in _files:
            _files[key] = _read(original, place, status.st_size)
    except OSError as error:
        raise DataError(f"{place.path} cannot be read ({error.strerror})") from None
    known = _files[key]
    if isinstance(known, str):
        raise DataError(known)
    return known


def _read(original: OriginalData, place: FileLocation, size: int) -> Dataset | str:
    """The data, or in one line what is wrong with the file."""
    if size > _LARGEST:
        return f"{place.path} has {size:,} bytes; {_LARGEST:,} at most are right"
    try:
        data = original.read(place.path.read_bytes())
    except DataError as error:
        return f"{place.path}: {error}"
    return dataclasses.replace(data, note=f"{data.note}, from {place.words}")


def _download(original: OriginalData, problems: list[str]) -> Dataset | None:
    mirror = os.environ.get("COURSE_DATA_URL", "").strip().rstrip("/")
    address = f"{mirror}/{original.file}" if mirror else original.address
    if not address:
        problems.append(
            f"no public address is known; put {original.file} into the folder COURSE_DATA, "
            "or set COURSE_DATA_URL to a mirror that has it"
        )
        return None
    content = b""
    try:
        content = fetch(address, limit=_LARGEST, title=original.title)
        data = original.read(content)
    except DataError as error:
        page = content[:200].lstrip().startswith(b"<")
        wrong = f"{address}: a web page came, not the file" if page else str(error)
        problems.append(wrong if wrong.startswith(address) else f"{address}: {wrong}")
        return None
    try:
        save(_own_copy(original), content)
    except DataError as error:
        problems.append(f"downloaded, but not kept: {error}")
    data = dataclasses.replace(data, note=f"{data.note}, downloaded from {address}")
    _fetched[original.source] = data
    return data


def _embedded(embedded: FallbackData) -> Dataset:
    if embedded.source not in _made:
        _made[embedded.source] = embedded.load()
    return _made[embedded.source]


def _with_reason(data: Dataset, reason: str, problems: list[str]) -> Dataset:
    """The same data with the reason in its note; after problems the note is printed, once."""
    if not reason:
        return data
    key = (id(data), reason)
    if key not in _noted:
        _noted[key] = dataclasses.replace(data, note=f"{data.note}. {reason}.")
        if problems:
            print(_noted[key].note)
    return _noted[key]
