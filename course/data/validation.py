"""Read files that may be damaged or malicious, and check their content.

Example:
    >>> import io
    >>> import numpy as np
    >>> file = io.BytesIO()
    >>> np.savez(file, x=np.zeros(3))
    >>> read_npz(file.getvalue(), {"x": ((3,), "f")}, max_bytes=10_000)["x"]
    array([0., 0., 0.])

Nothing is ever unpickled: a pickle can run any program, and plain arrays don't need one.
"""

from __future__ import annotations

import hashlib
import io
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course.data.dataset import DataError


def read_npz(
    content: bytes, fields: Mapping[str, tuple[tuple[int, ...], str]], *, max_bytes: int
) -> dict[str, NDArray[Any]]:
    """Read arrays by name from an ``.npz`` file of at most ``max_bytes`` when unpacked.

    ``fields`` gives the shape and the dtype kinds of each, as for `check_array`; other arrays are
    ignored.

    Raises:
        DataError: The file is damaged, too large, or lacks a field, or a field isn't as expected.
    """
    try:
        with (
            warnings.catch_warnings(action="ignore"),  # we report problems ourselves
            zipfile.ZipFile(io.BytesIO(content)) as archive,
        ):
            size = sum(member.file_size for member in archive.infolist())
            missing = set(fields) - {name.removesuffix(".npy") for name in archive.namelist()}
            if size <= max_bytes and not missing:
                with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
                    arrays = {name: loaded[name] for name in fields}
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen types for damaged files
        raise DataError("damaged: not a readable .npz file") from error
    if missing:
        raise DataError(f"lacks {', '.join(sorted(missing))}")
    if size > max_bytes:
        raise DataError(f"too large when unpacked: {size:,} bytes, at most {max_bytes:,}")
    for name, (shape, kinds) in fields.items():
        check_array(name, arrays[name], shape, kinds)
    return arrays


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
    """
    if hashlib.sha256(b"".join(chunks)).hexdigest() != sha256:
        raise DataError(f"{name} is not the original: its SHA-256 differs")
