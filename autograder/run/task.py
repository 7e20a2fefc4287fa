"""One submission to be graded, as plain data, and grading it without a gradebook.

A task says where things lie; whoever works on it reads them there. So the folder of the course
must be seen under the same path by all workers, on one machine or on a cluster.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from autograder.judge import frame, grading, submission

_PACKAGES: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Task:
    """One submission.

    Attributes:
        assignment: The assignment's name.
        student: Who handed it in.
        source: The instructor's folder of the assignment.
        submitted: The student's folder.
        ignore: Names of files that are not handed on, as nbgrader's patterns.
        settings: How to grade.
    """

    assignment: str
    student: str
    source: Path
    submitted: Path
    ignore: tuple[str, ...]
    settings: grading.Settings

    def key(self, version: str) -> str:
        """Return a hash of all that decides about the result.

        Args:
            version: The hash of the program; from `program`.
        """
        settings = dataclasses.asdict(dataclasses.replace(self.settings, threads=0))
        parts = [version, json.dumps(settings, sort_keys=True), *_hashes(self.source)]
        return _hash("\n".join([*parts, *_hashes(self.submitted)]).encode())


def work(task: Task) -> dict[str, Any]:
    """Grade one submission; return plain data.

    Returns:
        ``notebooks``, each as `grading.Graded` in JSON; ``seconds``; ``worker``, the name of the
        process.
    """
    began = time.monotonic()
    found = {}
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        folder = Path(name)
        for origin in (task.submitted, task.source):  # the instructor's files win
            _copy(origin, folder, task.ignore)
        for path in sorted(task.source.glob("*.ipynb")):
            instructors = NotebookNode(nbformat.read(path, as_version=4))
            read = submission.read(task.submitted / path.name, frame.names(instructors))
            fitted = nbformat.reads(nbformat.writes(frame.fit(instructors, read)), as_version=4)
            graded = grading.grade(NotebookNode(fitted), instructors, folder, task.settings)
            found[path.stem] = graded.to_json()
    return {"notebooks": found, "seconds": time.monotonic() - began}


def program() -> str:
    """Return a hash of the course's and the grader's own text."""
    texts = sorted(
        path for room in ("autograder", "course") for path in (_PACKAGES / room).rglob("*.py")
    )
    return _hash("\n".join(_hash(path.read_bytes()) for path in texts).encode())


def _files(folder: Path) -> Iterator[Path]:
    """Yield a folder's plain files; links, and what lies behind them, are nobody's work."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _hashes(folder: Path) -> Iterable[str]:
    for path in _files(folder):
        name = str(path.relative_to(folder)).encode(errors="surrogateescape").hex()
        with path.open("rb") as file:
            yield f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _copy(origin: Path, folder: Path, ignore: tuple[str, ...]) -> None:
    for path in _files(origin):
        inside = path.relative_to(origin)
        patterns = (*ignore, "*.ipynb")
        if any(fnmatch.fnmatch(part, each) for part in inside.parts for each in patterns):
            continue
        target = folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
