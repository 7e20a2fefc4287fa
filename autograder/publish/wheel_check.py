"""Check that the wheel and the source archive of ``course`` hold only what students may see.

The answers for self-learners are a wheel of their own, built from ``selfstudy/pyproject.toml``; no
other package may hold them, so that a class that installs ``course`` never gets them.
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

from autograder import student_text
from autograder.publish import answer_leaks

MAX_ASSET_BYTES: Final = {  # data and trained networks, which may be larger than other files
    "course/data/bundled_digits.npz": 2 << 20,
    "course/assets/digit_autoencoder.npz": 6 << 20,  # 2.8 million weights of two bytes
    "course/assets/digit_classifier.npz": 2 << 20,
    "course/assets/digit_features.npz": 1 << 18,
    "course/assets/digit_novelty.npz": 1 << 14,
    "course/assets/digit_variational.npz": 1 << 20,
    "course/assets/face_autoencoder.npz": 1 << 20,
}
MAX_FILE_BYTES: Final = 1 << 20
MAX_PACKAGE_BYTES: Final = 12 << 20  # unpacked

_NAME: Final = r"autoencoder_course-[0-9][0-9a-z.]*"
_COURSE: Final = (
    r"course/py\.typed|course/tensorflow\.txt"
    r"|course/(?:[a-z][a-z0-9_]*/)*[A-Za-z0-9_]+\.(?:py|js|css|html|json|png|svg)"
)
_SHARED_DATA: Final = (
    rf"{_NAME}\.data/data/(?:"
    r"share/jupyter/labextensions/autoencoder-course/(?:static/)?[A-Za-z0-9_]+\.(?:js|css|html|json)"
    r"|share/jupyter/autoencoder-course/lessons/[a-z0-9-]+/[a-z0-9-]+\.(?:ipynb|html)"
    r"|etc/jupyter/jupyter_server_config\.d/autoencoder-course\.json)"
)
_LESSON: Final = re.compile(
    r"(?:^release|share/jupyter/autoencoder-course/lessons)/([a-z0-9-]+/[a-z0-9-]+\.(?:ipynb|html))$"
)
_METADATA: Final = (
    rf"{_NAME}\.dist-info/(?:METADATA|WHEEL|RECORD|entry_points\.txt|licenses/LICENSE)"
)
_WHEEL_FILE: Final = re.compile(rf"{_COURSE}|{_SHARED_DATA}|{_METADATA}")
_SDIST_FILE: Final = re.compile(
    rf"{_COURSE}|release/[a-z0-9-]+/[a-z0-9-]+\.(?:ipynb|html)|README\.md|LICENSE|pyproject\.toml|PKG-INFO|\.gitignore"
)
# The only code that other programs run because the course is installed: its command, and the page.
_ENTRY_POINTS: Final = (
    b"[console_scripts]\nautoencoders = course.__main__:main\n\n"
    b"[jupyter_serverproxy_servers]\ndigits = course.deployment.launcher:tile\n"
)
# The course itself computes and explains what exercises and questions ask for.
_ALLOWED_SECRETS: Final = {student_text.SOLUTION, answer_leaks.RIGHT_OPTION}
_TEXT_TYPES: Final = {".py", ".js", ".css", ".html", ".json", ".md", ".svg", ".toml"}

Member = tuple[str, int, bytes | None]  # name, size, content


def check_package(
    package: Path, secrets: list[answer_leaks.Secret], release: Path = Path("release")
) -> list[str]:
    """List everything in a wheel or source archive that students should not get.

    Args:
        package: A ``*.whl`` or ``*.tar.gz`` file.
        secrets: The secrets of all lessons.
        release: The folder of the released lessons, which have passed the check of each release;
            the package may hold nothing but copies of them.

    Returns:
        One phrase for each problem, which names the file.

    Raises:
        ValueError: The file has another type.
    """
    secrets = [secret for secret in secrets if secret.kind not in _ALLOWED_SECRETS]
    problems, total, names = [], 0, Counter[str]()
    if package.name.endswith(".whl"):
        members, allowed = _wheel_members(package), _WHEEL_FILE
    elif package.name.endswith(".tar.gz"):
        members, allowed = _sdist_members(package), _SDIST_FILE
    else:
        raise ValueError(f"package must be a .whl or .tar.gz file, got {package.name!r}")
    for name, size, content in members:
        total += size
        names[name] += 1
        if not allowed.fullmatch(name) and name not in MAX_ASSET_BYTES:
            problems.append(f"{name!r} is not on the list of allowed files")
        elif content is None:
            problems.append(f"{name!r} is not a regular file")
        elif lesson := _LESSON.search(name):
            path = release / lesson[1]
            if not path.is_file() or content != path.read_bytes():
                problems.append(f"{name!r} is not a copy of {path}")
        else:
            problems += [
                f"{name!r} {problem}" for problem in _check_file(name, size, content, secrets)
            ]
    problems += [f"{name!r} appears {count} times" for name, count in names.items() if count > 1]
    if total > MAX_PACKAGE_BYTES:
        problems.append(
            f"{package.name} unpacks to {total:,} bytes, more than {MAX_PACKAGE_BYTES:,}"
        )
    return problems


def _check_file(
    name: str, size: int, content: bytes, secrets: list[answer_leaks.Secret]
) -> Iterator[str]:
    """Yield what is wrong with an allowed file."""
    max_bytes = MAX_ASSET_BYTES.get(name, MAX_FILE_BYTES)
    if size > max_bytes:
        yield f"has {size:,} bytes, more than {max_bytes:,}"
    elif name.endswith(".dist-info/entry_points.txt") and content != _ENTRY_POINTS:
        yield "has entry points other than the command and the digit page"
    elif Path(name).suffix in _TEXT_TYPES:
        yield from answer_leaks.find_leaks(content.decode(errors="replace"), secrets)


def _wheel_members(package: Path) -> Iterator[Member]:
    """Yield the files of a wheel; content is None if it isn't a regular file."""
    with zipfile.ZipFile(package) as archive:
        for entry in archive.infolist():
            content = None
            if stat.S_IFMT(entry.external_attr >> 16) in {0, stat.S_IFREG}:
                with archive.open(entry) as file:
                    content = file.read(MAX_FILE_BYTES)
            yield entry.filename, entry.file_size, content


def _sdist_members(package: Path) -> Iterator[Member]:
    """Yield the files of a source archive, named without the top folder."""
    top = package.name.removesuffix(".tar.gz")
    with tarfile.open(package) as archive:
        for entry in archive:
            file = archive.extractfile(entry) if entry.isreg() else None
            content = file.read(MAX_FILE_BYTES) if file else None
            yield entry.name.removeprefix(f"{top}/"), entry.size, content
