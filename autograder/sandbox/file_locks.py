"""Locks that the system frees when their holder ends, however it ends."""

from __future__ import annotations

import contextlib
from typing import Any

_fcntl: Any = None
with contextlib.suppress(ImportError):  # Windows has other means; there, nothing is locked
    import fcntl as _fcntl


def able() -> bool:
    """Whether files can be locked here."""
    return _fcntl is not None


def take(number: int) -> bool:
    """Lock an open file or folder until it is closed; return whether nobody else holds it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryFile() as file:
        ...     take(file.fileno())
        True

    Args:
        number: Its number, as from ``os.open``.
    """
    if _fcntl is None:
        return True
    try:
        _fcntl.flock(number, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except OSError:
        return False
    return True
