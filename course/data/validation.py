"""Read files that may be damaged or hostile, and check what they hold.

Example:
    >>> import io
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.savez(file, x=np.zeros(3))
    >>> read_npz(file.getvalue(), ("x",), limit=10_000)["x"]
    array([0., 0., 0.])

Nothing is ever unpickled: a pickle can run any program, and plain arrays need none.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from course.data.dataset import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


def read_npz(content: bytes, fields: Iterable[str], *, limit: int) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an ``.npz`` file.

    Example:
        >>> read_npz(b"not a zip file", ("x",), limit=10_000)
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: no readable .npz file

    Args:
        content: The file.
        fields: Names of the arrays to read; others are left alone.
        limit: Most bytes that they may take when unpacked.

    Returns:
        Name to array.

    Raises:
        DataError: The file is damaged, too large, or lacks a field.
    """
    fields = tuple(fields)
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # what is odd about it, we say ourselves
            zipfile.ZipFile(io.BytesIO(content)) as archive,
        ):
            size = sum(member.file_size for member in archive.infolist())
            missing = set(fields) - {name.removesuffix(".npy") for name in archive.namelist()}
            if size <= limit and not missing:
                with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                    return {field: arrays[field] for field in fields}
    except Exception as error:  # zip, zlib and NumPy fail in a dozen ways, and all mean damaged
        raise DataError("damaged: no readable .npz file") from error
    if missing:
        raise DataError(f"holds no {', '.join(sorted(missing))}")
    raise DataError(f"unpacks to {size:,} bytes; {limit:,} at most are right")


def check_array(name: str, array: NDArray[Any], shape: tuple[int, ...], kind: str) -> None:
    """Insist on a shape and kind of numbers (``"u"``, ``"i"``, ``"f"``, ``"U"``, ``"b"``).

    Raises:
        DataError: They differ; says how.
    """
    if array.shape != shape or array.dtype.kind not in kind:
        raise DataError(
            f"{name} is {array.shape} of {array.dtype}; {shape} of kind {kind!r} is right"
        )


def check_content(name: str, content: Iterable[bytes], sha256: str) -> None:
    """Insist on the SHA-256 of the content.

    Example:
        >>> check_content("x", [b"abc"], "ba7816bf")
        Traceback (most recent call last):
        course.data.dataset.DataError: x is not the original: its SHA-256 differs

    Args:
        name: What to call it in the error.
        content: Pieces, taken one after another.
        sha256: The right digest in hexadecimal.

    Raises:
        DataError: It is another one.
    """
    digest = hashlib.sha256()
    for piece in content:
        digest.update(piece)
    if digest.hexdigest() != sha256:
        raise DataError(f"{name} is not the original: its SHA-256 differs")
