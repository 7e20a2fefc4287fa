"""A hash of the grader's files and of the libraries it grades with.

Machines with the same fingerprint give the same submission the same points.
"""

from __future__ import annotations

import functools
import hashlib
import platform
import re
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("autograder", "course")
LIBRARIES: Final = (
    *("ipykernel", "ipython", "keras", "matplotlib", "nbformat", "numpy", "scikit-learn", "scipy"),
    *("tensorflow", "tensorflow-cpu"),
)
_NAME: Final = re.compile(r"[^\w.-]")  # what ends the name in a requirement, as in "numpy>=2"


def compute(root: Path = ROOT) -> str:
    """Return the hash of the packages in `root` and of the libraries' versions.

    Every file counts, data and pictures included, except documentation (``*.md``) and bytecode.
    """
    parts = [f"Python {platform.python_version()}"]
    parts += [f"{name} {_installed_version(name)}" for name in LIBRARIES]
    for package in PACKAGES:
        for path in _files(root / package):
            parts.append(f"{path.relative_to(root).as_posix()} {hash_file(path)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def hash_file(path: Path) -> str:
    """Return the hash of a file's content, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_current: list[str] = []


def current() -> str:
    """Return the fingerprint of this process, computed when it began to grade.

    A long-lived worker keeps running the code it has loaded, whatever is on disk by now.
    """
    if not _current:
        set_current(compute())
    return _current[0]


def with_kernels(fingerprint: str, modules: Iterable[str]) -> str:
    """Return the fingerprint together with the versions of the kernels of other languages.

    Example:
        >>> with_kernels("1", []), with_kernels("1", ["scheme"]) == with_kernels("1", ["octave"])
        ('1', False)

    A kernel counts with the libraries that it requires, as `LIBRARIES` do. The interpreter behind
    it, such as Bash itself, does not.
    """
    versions = [f"{module} {_kernel_versions(module)}" for module in sorted(set(modules))]
    if not versions:
        return fingerprint
    return hashlib.sha256("\n".join([fingerprint, *versions]).encode()).hexdigest()


def set_current(fingerprint: str) -> None:
    """Set the fingerprint of a process that was forked from one which knows it."""
    _current[:] = [fingerprint]


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_hidden = "__pycache__" in parts or any(part.startswith(".") for part in parts)
        if path.is_file() and not is_hidden and path.suffix not in {".md", ".pyc"}:
            yield path


def _kernel_versions(module: str) -> str:
    """Return the versions of the distributions that a kernel's module is from and requires."""
    names = set(_distributions().get(module.partition(".")[0], ()))
    for name in sorted(names):
        names |= {_NAME.split(line, maxsplit=1)[0] for line in metadata.requires(name) or ()}
    return ", ".join(f"{name} {_installed_version(name)}" for name in sorted(names))


@functools.cache
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


def _installed_version(name: str) -> str:
    """Return a library's version from its metadata; importing it would take seconds."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
