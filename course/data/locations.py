"""Where data files may be on this computer, and where the course caches its downloads.

Example:
    >>> cache_folder("darwin").parts[-2:]
    ('Caches', 'autoencoder-course')
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_APP_NAME: Final = "autoencoder-course"


def course_data_folder() -> Path | None:
    """Return the folder that the environment variable COURSE_DATA names, if any."""
    value = os.environ.get("COURSE_DATA", "").strip()
    return _expand(value) if value else None


def keras_folder() -> Path:
    """Return the folder where Keras keeps data sets."""
    return _folder("KERAS_HOME", "~/.keras") / "datasets"


def scikit_learn_folder() -> Path:
    """Return the folder where scikit-learn keeps data sets."""
    return _folder("SCIKIT_LEARN_DATA", "~/scikit_learn_data")


def cache_folder(platform: str = sys.platform) -> Path:
    """Return the folder for downloads by each system's convention: macOS, Windows, else XDG."""
    if platform == "darwin":
        return _expand("~/Library/Caches") / _APP_NAME
    if platform == "win32":
        return _folder("LOCALAPPDATA", "~/AppData/Local") / _APP_NAME / "Cache"
    return _folder("XDG_CACHE_HOME", "~/.cache") / _APP_NAME


def _folder(variable: str, default: str) -> Path:
    """Return the folder in an environment variable; an empty variable counts as unset."""
    return _expand(os.environ.get(variable, "").strip() or default)


def _expand(folder: str) -> Path:
    return Path(os.path.expanduser(folder))  # noqa: PTH111 - Path's raises without a home
