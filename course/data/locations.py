"""Where data may lie on this computer, and where the course keeps what it downloads.

Example:
    >>> cache_folder("darwin").parts[-2:]
    ('Caches', 'autoencoder-course')

Nothing is created here; these are only names of folders.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_NAME: Final = "autoencoder-course"


def course_data_folder() -> Path | None:
    """The folder that the environment variable COURSE_DATA names, or None."""
    return _named("COURSE_DATA")


def keras_folder() -> Path:
    """Where Keras keeps data sets (``KERAS_HOME``, else ``~/.keras``)."""
    return (_named("KERAS_HOME") or _home() / ".keras") / "datasets"


def scikit_learn_folder() -> Path:
    """Where scikit-learn keeps data sets (``SCIKIT_LEARN_DATA``, else a folder at home)."""
    return _named("SCIKIT_LEARN_DATA") or _home() / "scikit_learn_data"


def cache_folder(platform: str = sys.platform) -> Path:
    """Where the course keeps what it downloads, by the custom of each system.

    Args:
        platform: As in `sys.platform`: ``"darwin"`` is macOS, ``"win32"`` Windows; all
            else follows the XDG base directory specification.
    """
    if platform == "darwin":
        return _home() / "Library" / "Caches" / _NAME
    if platform == "win32":
        return (_named("LOCALAPPDATA") or _home() / "AppData" / "Local") / _NAME / "Cache"
    return (_named("XDG_CACHE_HOME") or _home() / ".cache") / _NAME


def _named(variable: str) -> Path | None:
    """The folder in an environment variable; unset and empty are the same."""
    value = os.environ.get(variable, "").strip()
    return Path(os.path.expanduser(value)) if value else None  # noqa: PTH111 - Path's raises without a home


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises where there is none
