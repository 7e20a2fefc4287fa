"""Fetch a file over HTTP, and keep it without ever leaving half of it behind.

Example:
    >>> content = fetch("http://localhost:8000/mnist.npz", limit=20_000_000)  # doctest: +SKIP
    >>> save(cache_folder() / "mnist.npz", content)  # doctest: +SKIP

A download stays in memory until the caller has checked it; only then is it kept.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from course import atomic_write
from course.data.dataset import DataError

if TYPE_CHECKING:
    from http.client import HTTPResponse

_PATIENCE: Final = 30.0  # seconds without a single byte
_PIECE: Final = 1 << 16


def fetch(address: str, *, limit: int, title: str = "") -> bytes:
    """Download a file into memory, with a progress bar.

    Example:
        >>> fetch("ftp://example.org/mnist.npz", limit=1000)
        Traceback (most recent call last):
        course.data.dataset.DataError: ftp://example.org/mnist.npz: the address must ...

    Args:
        address: Begins with ``http://`` or ``https://``.
        limit: Most bytes to accept.
        title: What the progress bar calls it.

    Returns:
        The whole file.

    Raises:
        DataError: There is no network, no such file, too much of it, or it broke off.
    """
    if not address.startswith(("http://", "https://")):
        raise DataError(f"{address}: the address must begin with http:// or https://")
    # Only who downloads waits for these imports.
    import http.client
    import urllib.error
    import urllib.request

    try:
        # Some servers answer the library's own name with "forbidden".
        request = urllib.request.Request(  # noqa: S310 - only http and https get here
            address, headers={"User-Agent": "autoencoder-course"}
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - as above
            return _read(address, answer, limit, title)
    except urllib.error.HTTPError as error:
        error.close()
        raise DataError(
            f"{address}: the server says {error.code} {_reason(error.reason)}"
        ) from None
    except urllib.error.URLError as error:
        raise DataError(f"{address}: cannot be reached ({_reason(error.reason)})") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"{address}: the connection failed ({_reason(error)})") from None


def _read(address: str, answer: HTTPResponse, limit: int, title: str) -> bytes:
    from tqdm.auto import tqdm

    length = answer.headers.get("Content-Length", "")
    expected = int(length) if length.isdecimal() else None
    if expected is not None and expected > limit:
        raise DataError(f"{address}: {expected:,} bytes are offered; {limit:,} at most are right")
    content = bytearray()
    with tqdm(
        total=expected, desc=title or None, unit="B", unit_scale=True, file=sys.stdout
    ) as bar:
        while piece := answer.read(_PIECE):
            content += piece
            bar.update(len(piece))
            if len(content) > limit:
                raise DataError(f"{address}: more than {limit:,} bytes, which cannot be right")
    if expected is not None and len(content) != expected:
        raise DataError(
            f"{address}: the download broke off after {len(content):,} of {expected:,} bytes"
        )
    return bytes(content)


def save(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: beside its place first, then renamed into it.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> save(folder / "new" / "greeting.txt", b"hello")
        >>> (folder / "new" / "greeting.txt").read_bytes()
        b'hello'

    Args:
        path: Where to; missing folders are made.
        content: What to write.

    Raises:
        DataError: The folder cannot be made or written to, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write.write_bytes(path, content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({_reason(error)})") from None


def _reason(error: object) -> str:
    """The heart of an error in a few words of one line."""
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(words).split())[:200]
