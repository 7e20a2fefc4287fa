"""The instructor's notebooks with what nbgrader adds to them: headers, footers and autotests.

nbgrader adds these when it generates an assignment. Grading needs them, too, so the completed
notebooks are kept in ``.grading/ASSIGNMENT/source``, with a hash of what each was made from.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode

from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths

AUTOTESTS_FILE: Final = "autotests.yml"
_HASH_FILE: Final = ".made-from"


def folder(paths: CoursePaths) -> Path:
    """Return the folder with the notebooks to grade with: in ``source/``, or the completed copy.

    Raises:
        CourseError: The copy is needed, but missing or out of date.
    """
    if not _added_files(paths):
        return paths.source
    completed = _completed(paths)
    if _kept_hashes(completed) != _hashes(paths):
        raise CourseError(
            f"The autotests or headers of {paths.assignment!r} are not up to date. Run: nbgrader"
            f" generate_assignment {shlex.quote(paths.assignment)}"
        )
    return completed


def keep(paths: CoursePaths, notebooks: Mapping[str, NotebookNode]) -> None:
    """Keep completed notebooks, by name, if nbgrader added anything to them."""
    completed = _completed(paths)
    if not _added_files(paths):
        shutil.rmtree(completed, ignore_errors=True)
        return
    for parent in (completed.parent.parent, completed.parent):
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".source-", dir=completed.parent) as temp:
        new = Path(temp, "new")
        shutil.copytree(paths.source, new)
        hashes, old_hashes = _hashes(paths), _kept_hashes(completed)
        for name in hashes:
            path = new / f"{name}.ipynb"
            if name in notebooks:
                path.write_text(nbformat.writes(notebooks[name]), encoding="utf-8")
            elif name in old_hashes:  # not generated this time
                shutil.copy(completed / path.name, path)
                hashes[name] = old_hashes[name]
            else:
                hashes[name] = "never generated"
        (new / _HASH_FILE).write_text(json.dumps(hashes), encoding="utf-8")
        if completed.exists():
            completed.rename(Path(temp, "old"))
        new.rename(completed)


def _completed(paths: CoursePaths) -> Path:
    return Path(paths.course.root, ".grading", paths.assignment, "source")


def _added_files(paths: CoursePaths) -> list[Path]:
    """Return what nbgrader adds to the notebooks of an assignment: empty for most."""
    course, source = paths.course, paths.source
    settings = course.config.get("IncludeHeaderFooter", {})
    names = [settings.get(name) for name in ("header", "footer")]
    found = [Path(course.root, name) for name in names if name]
    if any("AUTOTEST" in path.read_text("utf-8") for path in source.glob("*.ipynb")):
        candidates = (source / AUTOTESTS_FILE, Path(course.root, AUTOTESTS_FILE))
        found.append(next((path for path in candidates if path.is_file()), candidates[-1]))
    return found


def _kept_hashes(completed: Path) -> dict[str, str]:
    """Return what `_hashes` returned when each notebook was completed."""
    path = completed / _HASH_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def _hashes(paths: CoursePaths) -> dict[str, str]:
    """Return a hash of each notebook and of everything that may change what it becomes."""
    files = sorted(path for path in paths.source.rglob("*") if path.is_file())
    notebooks = sorted(paths.source.glob("*.ipynb"))
    others = [path for path in files if path not in notebooks]
    shared = "".join(map(_entry, (*others, *_added_files(paths))))
    return {
        path.stem: hashlib.sha256((shared + _entry(path)).encode()).hexdigest()
        for path in notebooks
    }


def _entry(path: Path) -> str:
    content = path.read_bytes() if path.is_file() else b""
    return f"{path.name} {hashlib.sha256(content).hexdigest()}\n"
