"""A course's settings, from its ``nbgrader_config.py``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder.nbgrader_plugins.course_paths import CourseError

FILE: Final = "nbgrader_config.py"


def read_config(root: Path) -> Config:
    """Return the settings of a course.

    As in nbgrader, its own file adds to files of that name in the folders of
    ``JUPYTER_CONFIG_PATH``, where a hub keeps its settings, and takes precedence. But settings that
    name another course folder, such as those of a hub whose course this isn't, don't count: they
    would also bring that course's gradebook.

    Raises:
        CourseError: There is none, or it can't be read.
    """
    root = root.resolve()
    if not (root / FILE).is_file():
        raise CourseError(f"{root} has no {FILE}. Run this in the course folder or use --root.")
    folders = filter(None, os.environ.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep))
    config = Config()
    for shared in map(read_file, reversed([Path(folder) for folder in folders])):
        named = shared.get("CourseDirectory", {}).get("root", "")
        if not named or Path(named).resolve() == root:
            config.merge(shared)
    config.merge(read_file(root))
    config.CourseDirectory.root = str(root)
    return config


def read_file(folder: Path) -> Config:
    """Return what the file in a folder sets; nothing if there is none.

    Raises:
        CourseError: It can't be read.
    """
    if not (folder / FILE).is_file():
        return Config()
    try:
        return PyFileConfigLoader(FILE, path=str(folder)).load_config()
    except Exception as error:
        raise CourseError(f"Can't read {folder / FILE}: {error!r}") from error
