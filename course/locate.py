"""Find the lessons, and the answers for self-learners: in a clone of the course, or installed.

Example:
    >>> lessons(Path.cwd()).name
    'release'

A wheel installs the lessons below Jupyter's data folder. The answers come in a wheel of their own,
``autoencoder-course-self-study``, which a class doesn't install.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_core.paths import jupyter_path


def lessons(root: Path) -> Path:
    """Return the folder of the lessons as students get them.

    Raises:
        FileNotFoundError: ``root`` isn't a clone of the course, and no lessons are installed.
    """
    folder = _find(root / "release", "lessons")
    if folder is None:
        raise FileNotFoundError(
            f"{root / 'release'} is not a folder, and no lessons are installed; "
            "name the course's folder with --root, or install the course again"
        )
    return folder


def answers(root: Path) -> Path | None:
    """Return the folder of the instructor's notebooks, or None without answers."""
    return _find(root / "source", "answers")


def _find(clone: Path, name: str) -> Path | None:
    installed = [Path(folder) for folder in jupyter_path("autoencoder-course", name)]
    return next((folder.resolve() for folder in [clone, *installed] if folder.is_dir()), None)
