"""What the installable packages of ``course`` may hold: the wheel and the source archive.

Students install them, so the same holds as for a release: a list of what may leave.
"""

from __future__ import annotations

import re
import stat
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from autograder.publish import answer_leaks

# A trained network and the like: data that is made for students, each by its name, and the
# bytes that it may have.
ASSETS: Final = {
    "course/assets/digit_autoencoder.npz": 6 << 20,  # 2.8 million weights of two bytes
    "course/assets/digit_classifier.npz": 2 << 20,
    "course/assets/face_autoencoder.npz": 1 << 20,
}
LARGEST_FILE: Final = 1 << 20  # bytes, of any other
LARGEST_PACKAGE: Final = 12 << 20  # bytes, unpacked

_NAME: Final = r"autoencoder_course-[0-9][0-9a-z.]*"
_COURSE: Final = (
    r"course/py\.typed|course/(?:[a-z][a-z0-9_]*/)*[A-Za-z0-9_]+\.(?:py|js|css|html|json|png|svg)"
)
_SHARED: Final = (
    rf"{_NAME}\.data/data/(?:"
    r"share/jupyter/labextensions/autoencoder-course/(?:static/)?[A-Za-z0-9_]+\.(?:js|css|json)"
    r"|etc/jupyter/jupyter_server_config\.d/autoencoder-course\.json)"
)
_ABOUT: Final = rf"{_NAME}\.dist-info/(?:METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)"
# What other programs start because the course is installed: the digit page, and nothing else.
_STARTS: Final = b"[jupyter_serverproxy_servers]\ndigits = course.deployment.launcher:tile\n"
_WHEEL: Final = re.compile(rf"{_COURSE}|{_SHARED}|{_ABOUT}")
_ARCHIVE: Final = re.compile(rf"{_COURSE}|README\.md|LICENSE|pyproject\.toml|PKG-INFO|\.gitignore")
# The course computes and explains by itself what its exercises and questions ask for.
_TAUGHT: Final = {answer_leaks.SOLUTION, answer_leaks.RIGHT_OPTION}
_TEXT: Final = {".py", ".js", ".css", ".html", ".json", ".md", ".svg", ".toml"}

Member = tuple[str, int, bytes | None]


def check_package(package: Path, kept: list[answer_leaks.Secret]) -> list[str]:
    """Say what in a wheel or a source archive is not meant for students.

    Args:
        package: A file ``*.whl`` or ``*.tar.gz``.
        kept: The secrets of the lessons.

    Returns:
        One sentence for each finding, which names the file; none if all is well.

    Raises:
        ValueError: It is neither.
    """
    told = [secret for secret in kept if secret.kind not in _TAUGHT]
    reasons, total, seen = [], 0, Counter[str]()
    if package.name.endswith(".whl"):
        members, allowed = _wheel(package), _WHEEL
    elif package.name.endswith(".tar.gz"):
        members, allowed = _archive(package), _ARCHIVE
    else:
        raise ValueError(f"package={package.name!r}; the course comes as .whl or as .tar.gz")
    for name, size, content in members:
        total += size
        seen[name] += 1
        if not allowed.fullmatch(name) and name not in ASSETS:
            reasons.append(f"{name!r} is not on the list of what the package may hold")
        elif content is None:
            reasons.append(f"{name!r} is no plain file")
        elif size > (most := ASSETS.get(name, LARGEST_FILE)):
            reasons.append(f"{name!r} has {size:,} bytes; {most:,} are allowed")
        elif name.endswith(".dist-info/entry_points.txt") and content != _STARTS:
            reasons.append(f"{name!r} starts something else than the digit page")
        elif Path(name).suffix in _TEXT:
            found = answer_leaks.leaks(content.decode(errors="replace"), told)
            reasons += [f"{name!r} {leak}" for leak in found]
    reasons += [f"{name!r} stands there {times} times" for name, times in seen.items() if times > 1]
    if total > LARGEST_PACKAGE:
        reasons.append(
            f"{package.name} unpacks to {total:,} bytes; {LARGEST_PACKAGE:,} are allowed"
        )
    return reasons


def _wheel(package: Path) -> Iterator[Member]:
    """Yield name, size and content of what a wheel holds; no content if it is no plain file."""
    with zipfile.ZipFile(package) as file:
        for entry in file.infolist():
            content = None
            if stat.S_IFMT(entry.external_attr >> 16) in {0, stat.S_IFREG}:
                with file.open(entry) as opened:
                    content = opened.read(LARGEST_FILE)
            yield entry.filename, entry.file_size, content


def _archive(package: Path) -> Iterator[Member]:
    """Yield the same of a source archive, without its top folder."""
    top = package.name.removesuffix(".tar.gz")
    with tarfile.open(package) as file:
        for entry in file:
            content = file.extractfile(entry) if entry.isreg() else None
            yield (
                entry.name.removeprefix(f"{top}/"),
                entry.size,
                content.read(LARGEST_FILE) if content else None,
            )
