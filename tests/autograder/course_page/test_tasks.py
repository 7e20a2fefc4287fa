"""Tasks beside the server: one for each assignment, with progress, and stopped like a command."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from autograder.course_page.tasks import CommandTask, TaskRunner

WAIT_FOR_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
try:
    signal.pause()
except KeyboardInterrupt:
    sys.exit(130)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def task(*codes: str, kind: str = "grade", by: str = "ines") -> CommandTask:
    return CommandTask(kind, by, [python(code) for code in codes])


async def until_done(task: CommandTask) -> None:
    while task.is_running:  # noqa: ASYNC110  (it tells nobody)
        await asyncio.sleep(0.01)


def test_two_instructors_at_once_get_one_run(tmp_path: Path) -> None:
    async def press_twice() -> None:
        runner, first, second = TaskRunner(tmp_path), task(WAIT_FOR_CTRL_C), task("", by="ian")
        assert runner.start("01-small", first) is first
        assert runner.start("01-small", second) is first
        other = runner.start("02-other", task("print('other')"))
        await until_done(other)
        assert list(other.output) == ["other"]
        while not first.output:  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.01)
        assert runner.running("01-small") is first
        assert runner.stop("01-small")
        await until_done(first)
        assert (first.code, first.stopping) == (130, True)
        assert runner.running("01-small") is None
        assert not runner.stop("01-small")
        again = runner.start("01-small", second)
        await until_done(again)
        assert runner.latest("01-small", "grade") is second

    asyncio.run(press_twice())


def test_a_failed_step_ends_the_task(tmp_path: Path) -> None:
    async def run() -> None:
        failing = TaskRunner(tmp_path).start("a", task("raise SystemExit(3)", "print('never')"))
        await until_done(failing)
        assert (failing.code, list(failing.output)) == (3, [])
        missing = CommandTask("grade", "ines", [["/nowhere/program"]])
        TaskRunner(tmp_path).start("a", missing)
        await until_done(missing)
        assert missing.code == 1
        assert "FileNotFoundError" in missing.output[0]

    asyncio.run(run())


def test_progress_comes_from_the_lines_of_grade() -> None:
    grading = task()
    line = {"student": "ben", "status": "graded", "changed": True, "lost": False}
    for done, submission in enumerate([{**line, "student": "cleo"}, line], start=1):
        grading.add_line(json.dumps({"done": done, "of": 3, "submission": submission}))
    grading.add_line('{"done": broken')
    grading.add_line("Not enforced: cgroups")
    assert (grading.total, grading.state()["done"], grading.counts()) == (3, 2, {"graded": 2})
    assert [change["student"] for change in grading.changes] == ["ben", "cleo"]
    assert list(grading.output) == ['{"done": broken', "Not enforced: cgroups"]
