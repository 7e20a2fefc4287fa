"""Tasks beside the server: one for each assignment, with progress, and stopped like a command."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from autograder.course_page import interrupted, views
from autograder.course_page.interrupted import RunningTask
from autograder.course_page.tasks import CommandTask, TaskRunner

WAIT_FOR_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    print("ready", flush=True)
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


SERVER = """
import asyncio, os, sys
from pathlib import Path
from autograder.course_page.tasks import CommandTask, TaskRunner

LINE = '{"done": %d, "of": 300, "submission": {"student": "ben", "changed": false}}'
code = "import sys, time; print(sys.argv[1]); print(sys.argv[1], flush=True); time.sleep(60)"
command = [sys.executable, "-c", code, LINE % 1]

async def serve():
    runner = TaskRunner(Path(sys.argv[1]))
    task = runner.start("01-small", CommandTask("grade", "ines", [command]))
    while task.is_running and len(task.submissions) < 2:
        await asyncio.sleep(0.01)
    runner._processes["01-small"].kill()
    os._exit(9)  # as if it was killed

asyncio.run(serve())
"""


def test_after_a_restart_the_interrupted_task_is_known_until_it_starts_again(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-c", SERVER, str(tmp_path)]
    assert subprocess.run(command, check=False).returncode == 9
    found = TaskRunner(tmp_path).interrupted("01-small")
    assert found is not None
    assert (found.title, found.by, found.done, found.total) == ("Grading", "ines", 2, 300)
    assert "ben" not in (tmp_path / ".grading" / interrupted.FILE).read_text(encoding="utf-8")

    async def start_again() -> None:
        runner = TaskRunner(tmp_path)
        assert runner.interrupted("02-other") is None
        other = runner.start("02-other", task("print(1)"))
        await until_done(other)
        assert TaskRunner(tmp_path).interrupted("01-small") is None  # it belongs to a living server
        assert runner.interrupted("01-small") == found
        again = runner.start("01-small", task("print(1)"))
        assert runner.interrupted("01-small") is None
        await until_done(again)

    asyncio.run(start_again())
    assert not (tmp_path / ".grading" / interrupted.FILE).exists()


def test_the_page_says_who_started_what_and_how_far_it_was() -> None:
    page = '{% import "macros.html.j2" as ui %}{{ ui.interrupted(task) }}'
    task = RunningTask("a", "Grading", "<ines>", "2026-03-01T12:00:00+00:00", 120, 300)
    shown = views._ENVIRONMENT.from_string(page).render(task=task)
    assert "Grading was interrupted" in shown
    assert "&lt;ines&gt; had started it" in shown
    assert "; 120 of 300 were done." in shown


def test_what_runs_beside_a_living_server_is_not_interrupted(tmp_path: Path) -> None:
    interrupted.write(tmp_path, [RunningTask("a", "Grading", "ines", "2026-03-01T12:00:00+00:00")])
    assert interrupted.read(tmp_path) == {}


def test_a_damaged_file_is_ignored(tmp_path: Path) -> None:
    (tmp_path / ".grading").mkdir()
    for text in (
        "",
        "[]",
        "{}",
        '{"server": [1, 2], "running": [{"subject": 1}]}',
        '{"server": []}',
    ):
        (tmp_path / ".grading" / interrupted.FILE).write_text(text, encoding="utf-8")
        assert interrupted.read(tmp_path) == {}
