"""Commands that run beside the server, with their progress: one at a time for each assignment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from autograder.course_page import interrupted
from autograder.course_page.interrupted import RunningTask
from autograder.score_history import utc_now

AUTOGRADER: Final = (sys.executable, "-P", "-m", "autograder")
NBGRADER: Final = (sys.executable, "-P", "-m", "nbgrader")
MAX_LINES: Final = 300  # of a command's output, as nbgrader prints some for each student
MAX_LINE_BYTES: Final = 1 << 24
_TITLES: Final = {
    "release": "Releasing",
    "collect": "Collecting",
    "grade": "Grading",
    "dry-run": "Finding out what would change",
    "feedback": "Making feedback",
    "similarity": "Comparing submissions",
    "send": "Sending scores to the LMS",
    "send-dry-run": "Finding out what would be sent",
    "doctor": "Checking this machine",
}


@dataclass
class CommandTask:
    """Commands, one after the other, that somebody has started.

    Attributes:
        kind: What they do, such as ``grade``.
        by: Who started them.
        steps: The commands with their arguments.
        file: Where the last command writes its result, if it writes one.
        started: When, in UTC and ISO 8601.
        output: The last lines that they have printed.
        submissions: What ``grade --json`` has printed about each submission.
        total: How many submissions there are.
        code: The exit status; None while a command runs.
        stopping: Whether somebody has pressed Stop.
    """

    kind: str
    by: str
    steps: Sequence[Sequence[str]]
    file: Path | None = None
    started: str = field(default_factory=utc_now)
    output: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_LINES))
    submissions: list[dict[str, Any]] = field(default_factory=list)
    total: int = 0
    code: int | None = None
    stopping: bool = False

    @property
    def title(self) -> str:
        """What it does.

        Example:
            >>> CommandTask("grade", "ines", []).title
            'Grading'
        """
        return _TITLES[self.kind]

    @property
    def is_running(self) -> bool:
        """True until the last command has ended."""
        return self.code is None

    @property
    def changes(self) -> list[dict[str, Any]]:
        """The submissions whose points change, by student."""
        changed = (line for line in self.submissions if line["changed"])
        return sorted(changed, key=lambda line: str(line["student"]))

    def counts(self) -> dict[str, int]:
        """Return how many submissions have which status."""
        return dict(Counter(str(line["status"]) for line in self.submissions))

    def add_line(self, line: str) -> None:
        """Take a line that a command has printed."""
        if line.startswith('{"done"'):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                data = json.loads(line)
                self.total = int(data["of"])
                if "submission" in data:
                    self.submissions.append(data["submission"])
                return
        self.output.append(line)

    def state(self) -> dict[str, Any]:
        """Return what the page shows while the task runs."""
        return {
            "kind": self.kind,
            "title": self.title,
            "by": self.by,
            "running": self.is_running,
            "stopping": self.stopping,
            "done": len(self.submissions),
            "of": self.total,
        }


class TaskRunner:
    """Runs commands in the course folder and remembers the latest of each kind.

    Args:
        root: The course folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._interrupted = interrupted.read(root)
        self._latest: dict[tuple[str, str], CommandTask] = {}
        self._running: dict[str, CommandTask] = {}
        self._processes: dict[str, Process] = {}
        self._background: set[asyncio.Task[None]] = set()

    def running(self, subject: str) -> CommandTask | None:
        """Return what runs for an assignment now; the empty subject is the whole course."""
        return self._running.get(subject)

    def latest(self, subject: str, *kinds: str) -> CommandTask | None:
        """Return the task of these kinds that was started last."""
        tasks = [task for kind in kinds if (task := self._latest.get((subject, kind)))]
        return max(tasks, key=lambda task: task.started, default=None)

    def interrupted(self, subject: str) -> RunningTask | None:
        """Return what ran for an assignment when an earlier server ended."""
        return self._interrupted.get(subject)

    def start(self, subject: str, task: CommandTask) -> CommandTask:
        """Start a task, unless one runs for this assignment; return the one that runs."""
        if running := self._running.get(subject):
            return running
        self._running[subject] = self._latest[subject, task.kind] = task
        self._interrupted.pop(subject, None)
        self._note()
        background = asyncio.get_running_loop().create_task(self._run(subject, task))
        self._background.add(background)
        background.add_done_callback(self._background.discard)
        return task

    def stop(self, subject: str) -> bool:
        """Interrupt what runs for an assignment, as Ctrl+C does; return whether something ran."""
        task, process = self._running.get(subject), self._processes.get(subject)
        if task is None:
            return False
        task.stopping = True
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        return True

    async def _run(self, subject: str, task: CommandTask) -> None:
        code = 1
        try:
            for command in task.steps:
                if task.stopping:
                    break
                code = await self._run_command(subject, task, command)
                if code:
                    break
        except Exception as error:  # noqa: BLE001  (the page must not wait forever)
            task.output.append(f"{type(error).__name__}: {error}")
        finally:
            self._running.pop(subject, None)
            self._processes.pop(subject, None)
            task.code = code
            self._note()

    async def _run_command(self, subject: str, task: CommandTask, command: Sequence[str]) -> int:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self._root,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            limit=MAX_LINE_BYTES,
        )
        self._processes[subject] = process
        if task.stopping:
            process.send_signal(signal.SIGINT)
        if process.stdout is not None:
            async for line in process.stdout:
                done = len(task.submissions), task.total
                task.add_line(line.decode(errors="replace").rstrip())
                if done != (len(task.submissions), task.total):
                    self._note()
        return await process.wait()

    def _note(self) -> None:
        """Keep how far the tasks are, in case the server ends before they do."""
        running = [
            RunningTask(subject, one.title, one.by, one.started, len(one.submissions), one.total)
            for subject, one in self._running.items()
        ]
        with contextlib.suppress(OSError):  # a full disk doesn't stop the task
            interrupted.write(self._root, [*running, *self._interrupted.values()])
