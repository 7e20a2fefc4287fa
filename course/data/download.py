"""Download a file over HTTP, and save it atomically.

A download stays in memory until the caller has checked it; only then is it saved.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from course import atomic_write
from course.data.dataset import DataError

if TYPE_CHECKING:
    from http.client import HTTPResponse

_READ_TIMEOUT_S: Final = 30.0
_CHUNK_BYTES: Final = 1 << 16


def fetch(url: str, *, max_bytes: int, title: str = "") -> bytes:
    """Download a file into memory, with a progress bar labeled ``title``.

    Example:
        >>> fetch("ftp://example.org/mnist.npz", max_bytes=1000)
        Traceback (most recent call last):
        course.data.dataset.DataError: ftp://example.org/mnist.npz: the address must ...

    Raises:
        DataError: The network or the file is missing, or the file is too large or incomplete.
    """
    if not url.startswith(("http://", "https://")):
        raise DataError(f"{url}: the address must start with http:// or https://")
    # Slow to import, and needed only for a download.
    import http.client
    import urllib.error
    import urllib.request

    try:
        # Some servers answer urllib's default user agent with "forbidden".
        request = urllib.request.Request(  # noqa: S310 - only http and https get here
            url, headers={"User-Agent": "autoencoder-course"}
        )
        with urllib.request.urlopen(request, timeout=_READ_TIMEOUT_S) as response:  # noqa: S310 - as above
            return _read(url, response, max_bytes, title)
    except urllib.error.HTTPError as error:
        error.close()
        problem = f"the server answered {error.code} {_reason(error.reason)}"
    except urllib.error.URLError as error:
        problem = f"cannot be reached ({_reason(error.reason)})"
    except (OSError, http.client.HTTPException, ValueError) as error:
        problem = f"the connection failed ({_reason(error)})"
    raise DataError(f"{url}: {problem}")


def _read(url: str, response: HTTPResponse, max_bytes: int, title: str) -> bytes:
    from course.progress import progress_bar

    length = response.headers.get("Content-Length", "")
    expected = int(length) if length.isdecimal() else None
    if expected is not None and expected > max_bytes:
        raise DataError(f"{url}: the file is too large: {expected:,} bytes, at most {max_bytes:,}")
    content = bytearray()
    bar = progress_bar(total=expected, desc=title or None, unit="B", unit_scale=True)
    with bar:
        while chunk := response.read(_CHUNK_BYTES):
            content += chunk
            bar.update(len(chunk))
            if len(content) > max_bytes:
                raise DataError(f"{url}: the file is too large: more than {max_bytes:,} bytes")
    size = len(content)
    if expected is not None and size != expected:
        raise DataError(f"{url}: the download broke off after {size:,} of {expected:,} bytes")
    return bytes(content)


def save(path: Path, content: bytes) -> None:
    """Write a file atomically and create missing folders; raise DataError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write.write_bytes(path, content)
    except OSError as error:
        raise DataError(f"{path}: cannot be written ({_reason(error)})") from None


def _reason(error: object) -> str:
    """Return an error's message as one short line."""
    message = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(message).split())[:200]
