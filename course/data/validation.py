"""Read files that may be damaged or malicious, and check their content.

Example:
    >>> import io
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.savez(file, x=np.zeros(3))
    >>> read_npz(file.getvalue(), ("x",), max_bytes=10_000)["x"]
    array([0., 0., 0.])

Nothing is ever unpickled: a pickle can run any program, and plain arrays don't need one.
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


def read_npz(content: bytes, fields: Iterable[str], *, max_bytes: int) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an ``.npz`` file.

    Example:
        >>> read_npz(b"not a zip file", ("x",), max_bytes=10_000)
        Traceback (most recent call last):
        course.data.dataset.DataError: damaged: not a readable .npz file

    Args:
        content: The file.
        fields: Names of the arrays to read; others are ignored.
        max_bytes: The largest unpacked size to accept.

    Returns:
        The arrays by name.

    Raises:
        DataError: The file is damaged, too large, or lacks a field.
    """
    fields = tuple(fields)
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # we report problems ourselves
            zipfile.ZipFile(io.BytesIO(content)) as archive,
        ):
            size = sum(member.file_size for member in archive.infolist())
            missing = set(fields) - {name.removesuffix(".npy") for name in archive.namelist()}
            if size <= max_bytes and not missing:
                with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                    return {field: arrays[field] for field in fields}
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen types for damaged files
        raise DataError("damaged: not a readable .npz file") from error
    if missing:
        raise DataError(f"lacks {', '.join(sorted(missing))}")
    raise DataError(f"too large when unpacked: {size:,} bytes, at most {max_bytes:,}")


def check_array(name: str, array: NDArray[Any], shape: tuple[int, ...], kinds: str) -> None:
    """Raise DataError unless an array has this shape and one of these dtype kinds."""
    if array.shape != shape or array.dtype.kind not in kinds:
        raise DataError(
            f"{name} must have the shape {shape} and a dtype of kind {kinds!r}, "
            f"got {array.shape} of {array.dtype}"
        )


def check_content(name: str, chunks: Iterable[bytes], sha256: str) -> None:
    """Raise DataError unless the chunks, joined, have this SHA-256.

    Example:
        >>> check_content("x", [b"abc"], "ba7816bf")
        Traceback (most recent call last):
        course.data.dataset.DataError: x is not the original: its SHA-256 differs

    Args:
        name: What the error calls the content.
        chunks: The content, piece by piece.
        sha256: The expected digest in hexadecimal.
    """
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise DataError(f"{name} is not the original: its SHA-256 differs")
