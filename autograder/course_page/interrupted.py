"""What ran beside the server when the server ended, for the next one to say.

``.grading/running.json`` in the course folder lists what runs, who has started it and how far it
is; no student is named. What is left there by a process that is gone was interrupted.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psutil

from autograder.score_history import FOLDER

FILE: Final = "running.json"


@dataclass(frozen=True)
class RunningTask:
    """How far a task is.

    Attributes:
        subject: The assignment; empty for the whole course.
        title: What it does, such as ``Grading``.
        by: Who started it.
        started: When, in UTC and ISO 8601.
        done: How many submissions were done.
        total: Of how many.
    """

    subject: str
    title: str
    by: str
    started: str
    done: int = 0
    total: int = 0


def write(root: Path, running: list[RunningTask]) -> None:
    """Replace what runs beside this process; nothing is listed any more if nothing runs."""
    path = root / FOLDER / FILE
    if not running:
        path.unlink(missing_ok=True)
        return
    data = {"server": _server(os.getpid()), "running": [asdict(task) for task in running]}
    path.parent.mkdir(exist_ok=True)
    temp = path.with_name(f".{FILE}.{os.getpid()}")
    temp.write_text(json.dumps(data), encoding="utf-8")
    temp.replace(path)


def read(root: Path) -> dict[str, RunningTask]:
    """Return what was interrupted, by assignment."""
    try:
        data = json.loads((root / FOLDER / FILE).read_text(encoding="utf-8"))
        return {task.subject: task for task in _left_behind(data)}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _left_behind(data: dict[str, Any]) -> Iterator[RunningTask]:
    if data["server"] != _server(data["server"][0]):
        for task in data["running"]:
            yield RunningTask(**task)


def _server(process: int) -> list[float]:
    """Return what identifies a process, also after its number was given to another one."""
    with contextlib.suppress(psutil.Error, ValueError):
        return [process, psutil.Process(process).create_time()]
    return [process, 0.0]
