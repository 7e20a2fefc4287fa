"""Where data files may be on this computer, and where the course caches its downloads.

Example:
    >>> cache_folder("darwin").parts[-2:]
    ('Caches', 'autoencoder-course')

Nothing is created here.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

_APP_NAME: Final = "autoencoder-course"


def course_data_folder() -> Path | None:
    """Return the folder that the environment variable COURSE_DATA names, if any."""
    return _folder_from_environment("COURSE_DATA")


def keras_folder() -> Path:
    """Return the folder where Keras keeps data sets (``KERAS_HOME``, else ``~/.keras``)."""
    return (_folder_from_environment("KERAS_HOME") or _home() / ".keras") / "datasets"


def scikit_learn_folder() -> Path:
    """Return the folder where scikit-learn keeps data sets.

    It is ``SCIKIT_LEARN_DATA``, else ``~/scikit_learn_data``.
    """
    return _folder_from_environment("SCIKIT_LEARN_DATA") or _home() / "scikit_learn_data"


def cache_folder(platform: str = sys.platform) -> Path:
    """Return the folder for the course's downloads, following each system's convention.

    Args:
        platform: As in `sys.platform`: ``"darwin"`` is macOS, ``"win32"`` Windows; everything
            else follows the XDG base directory specification.
    """
    if platform == "darwin":
        return _home() / "Library" / "Caches" / _APP_NAME
    if platform == "win32":
        local = _folder_from_environment("LOCALAPPDATA") or _home() / "AppData" / "Local"
        return local / _APP_NAME / "Cache"
    return (_folder_from_environment("XDG_CACHE_HOME") or _home() / ".cache") / _APP_NAME


def _folder_from_environment(variable: str) -> Path | None:
    """Return the folder in an environment variable; an empty variable counts as unset."""
    value = os.environ.get(variable, "").strip()
    return Path(os.path.expanduser(value)) if value else None  # noqa: PTH111 - Path's raises without a home


def _home() -> Path:
    return Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises without a home
