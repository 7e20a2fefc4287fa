"""The demo class: lesson 1 is released, and two of the three students have submitted it.

So an instructor who tries `make hub` finds something to collect and to grade.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines

from autograder import cells
from autograder.grading import pools
from course.quiz import kinds
from course.quiz.personalize import personalize
from deploy.hub import grader
from deploy.hub.settings import DEFAULT_FILE, HubSettings

LESSON: Final = "01-intro"
_SHARES: Final = {0: 1.0, 1: 0.5}  # of the answers, by the student's place in the settings
_MARKS: Final = ("### BEGIN SOLUTION", "### END SOLUTION")


def is_new(settings: HubSettings) -> bool:
    """Return whether this is the demo class and nothing has been released yet."""
    is_demo = settings.file == DEFAULT_FILE.resolve() and settings.gradebook == "sqlite"
    return is_demo and not (settings.course_folder / "gradebook.db").exists()


def fill(settings: HubSettings) -> list[str]:
    """Release lesson 1 and submit it for some students; return their names."""
    for command in ("generate_assignment", "release_assignment"):
        grader.run_nbgrader(settings, command, LESSON)
    released = settings.exchange / settings.course / "outbound" / LESSON
    submitted = []
    for place, share in _SHARES.items():
        if place < len(settings.students):
            student = settings.students[place]
            _submit(settings, student, released, share)
            submitted.append(student)
    return submitted


def _submit(settings: HubSettings, student: str, released: Path, share: float) -> None:
    """Answer a share of the lesson in a student's home, and submit it as nbgrader does."""
    account = pwd.getpwnam(student)
    home = Path(account.pw_dir)
    work = home / LESSON
    if work.exists():
        return
    shutil.copytree(released, work)
    for path in work.glob("*.ipynb"):
        source = settings.course_folder / "source" / LESSON / path.name
        notebook = json.loads(path.read_bytes())
        answer(notebook, json.loads(source.read_bytes()), share, student)
        path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")
    time = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    name = f"{student}+{LESSON}+{time}+{secrets.token_urlsafe(9)}"
    cache = home / ".local/share/jupyter/nbgrader_cache" / settings.course
    inbound = settings.exchange / settings.course / "inbound"
    secret = secrets.token_hex(64)
    for parent in (cache, inbound):
        folder = parent / f".{name}"
        parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(work, folder)
        (folder / "timestamp.txt").write_text(time, encoding="ascii")
        (folder / "submission_secret.txt").write_text(secret, encoding="ascii")
        _give_to(folder, account)
        folder.rename(parent / name)
    _give_to(work, account)
    for path in (cache, *cache.parents):
        if path == home:
            break
        os.chown(path, account.pw_uid, account.pw_gid)


def answer(
    notebook: dict[str, Any], source: dict[str, Any], share: float, student: str = ""
) -> None:
    """Answer the first share of a student's questions and exercises in a release, in place.

    Example:
        >>> answer({"cells": []}, {"cells": []}, 0.5)
    """
    personalize(notebook, student)
    source_nb = NotebookNode(rejoin_lines(nbformat.from_dict(source)))
    source = pools.for_student(source_nb, student)
    keys = {cells.grade_id(cell): cell for cell in source["cells"] if cells.is_answer(cell)}
    open_cells = [cell for cell in notebook["cells"] if cells.grade_id(cell) in keys]
    for cell in open_cells[: round(share * len(open_cells))]:
        key = keys[cells.grade_id(cell)]
        if cells.is_quiz(cell):
            cell["source"] = kinds.of(key).solved(_text(key))
        else:
            cell["source"] = "\n".join(_without_marks(_text(key)))


def _without_marks(source: str) -> Iterator[str]:
    return (line for line in source.split("\n") if line.strip() not in _MARKS)


def _text(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _give_to(folder: Path, account: pwd.struct_passwd) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
