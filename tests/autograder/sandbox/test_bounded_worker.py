"""A function that takes too much time or memory, crashes or fails costs its own call only."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from autograder.sandbox import bounded_worker
from autograder.sandbox.bounded_worker import BoundedError, run_bounded
from autograder.sandbox.limits import MB
from autograder.sandbox.worker_process import begin_step

pytestmark = [
    pytest.mark.xdist_group("bounded"),
    pytest.mark.skipif(not hasattr(os, "fork"), reason="no processes can be forked"),
]
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True, scope="module")
def _end_workers() -> Iterator[None]:
    yield
    bounded_worker.end_workers()


def call(function: Any, data: Any = None, seconds: float = 30, megabytes: int = 300) -> str:
    return run_bounded(function, data, seconds=seconds, megabytes=megabytes)


def echo(data: Any) -> str:
    return json.dumps(data)


def pid(_: Any) -> str:
    return str(os.getpid())


def where(name: str) -> str:
    return f"{os.environ.get(name)} {Path.cwd()}"


def busy(_: Any) -> str:
    begin_step("counting", seconds=0.3)
    while True:
        pass


def busy_in_c(_: Any) -> str:
    return str(2 ** (3**20) % 7 * (10**9) ** (10**7))


def two_steps(_: Any) -> str:
    for name in ("one", "two"):
        begin_step(name, seconds=2)
        until = time.process_time() + 0.7
        while time.process_time() < until:
            pass
    return "both"


def fill(size: int) -> str:
    begin_step("filling", seconds=20)
    return str(len(bytearray(b"x") * size))


def fill_slowly(_: Any) -> str:
    parts: list[str] = []
    while True:
        parts.append("x" * MB + str(len(parts)))


def die(_: Any) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return ""


def die_once(path: str) -> str:
    if not Path(path).exists():
        Path(path).touch()
        os.abort()
    return "second time"


def nest(_: Any) -> str:
    return nest(_)


def lose_memory_error(_: Any) -> str:
    raise SystemError("<built-in function exec> returned NULL without setting an exception")


def fail(_: Any) -> str:
    begin_step("failing", seconds=20)
    raise ValueError("no such thing")


def test_data_and_result_are_passed_on_unchanged() -> None:
    for data in ({"a": [1, None, "ü\ud800\0"]}, "x" * 20_000_000):
        assert json.loads(call(echo, data, megabytes=700)) == data


def test_worker_has_the_variables_and_the_folder_of_its_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BOUNDED", "1")
    assert call(where, "BOUNDED") == f"1 {tmp_path}"
    monkeypatch.delenv("BOUNDED")
    assert call(where, "BOUNDED") == f"None {tmp_path}"


def test_worker_is_kept_for_the_next_call() -> None:
    assert call(pid) == call(pid) != str(os.getpid())


@pytest.mark.parametrize(
    ("function", "data", "cause", "message"),
    [
        (busy, None, "time", "Counting took more than 0 s."),
        (busy_in_c, None, "time", "Processing the submission took more than 1 s."),
        (fill, 500 * MB, "memory", "Filling needed more than 300 MB of memory."),
        (fill_slowly, None, "memory", "Processing the submission needed more than 300 MB"),
        (lose_memory_error, None, "memory", "Processing the submission needed more than 300 MB"),
        (die, None, "crash", "Processing the submission crashed."),
        (nest, None, "error", "Processing the submission failed (RecursionError: "),
        (fail, None, "error", "Failing failed (ValueError: no such thing)."),
    ],
)
def test_what_goes_wrong_costs_that_call_only(
    function: Any, data: Any, cause: str, message: str
) -> None:
    with pytest.raises(BoundedError) as caught:
        call(function, data, seconds=1)
    assert caught.value.cause == cause
    assert str(caught.value).startswith(message)
    assert call(echo, "next") == '"next"'


def test_limit_on_time_is_for_each_step() -> None:
    assert call(two_steps, seconds=1) == "both"


def test_a_crash_that_does_not_happen_again_costs_nothing(tmp_path: Path) -> None:
    assert call(die_once, str(tmp_path / "mark")) == "second time"


def test_worker_that_has_grown_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    before = call(pid)
    monkeypatch.setattr(bounded_worker, "MAX_KEPT_GROWTH_BYTES", -1)
    call(pid)
    assert call(pid) != before


def test_calls_from_threads_run_at_the_same_time() -> None:
    pids: list[str] = []
    barrier = threading.Barrier(3)

    def one_call() -> None:
        barrier.wait()
        call(two_steps)
        pids.append(call(pid))

    threads = [threading.Thread(target=one_call) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pids) == 3


def test_cold_worker_has_the_same_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    bounded_worker.end_workers()
    monkeypatch.setattr(bounded_worker, "_fork_server", lambda _: None)
    assert call(echo, "cold") == '"cold"'
    with pytest.raises(BoundedError, match="needed more than 300 MB"):
        call(fill, 500 * MB)


def test_nothing_is_left_when_the_caller_is_killed() -> None:
    code = f"""
import json, sys
from autograder.sandbox import bounded_worker
from {__name__} import busy_in_python, pid
print(bounded_worker.run_bounded(pid, None, seconds=9, megabytes=300), flush=True)
bounded_worker.run_bounded(busy_in_python, None, seconds=600, megabytes=300)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as caller:
        assert caller.stdout is not None
        worker = psutil.Process(int(caller.stdout.readline()))
        caller.kill()
    gone, _ = psutil.wait_procs([worker], timeout=120)
    assert gone == [worker]


def busy_in_python(_: Any) -> str:
    while True:
        gc.collect()
