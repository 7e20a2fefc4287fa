"""Time that other programs take doesn't count, and time that the kernel takes itself does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from autograder.sandbox import cpu_wait
from autograder.sandbox.cpu_wait import MAX_STRETCH, CpuWait, Deadline, lost_seconds

BURN = "while True: pass"


@pytest.mark.parametrize(
    ("ran", "waited", "cores", "lost"),
    [
        ([1.0], [9.0], 1, 9.0),  # starved
        ([10.0], [0.0], 1, 0.0),  # an endless loop
        ([0.0], [0.0], 1, 0.0),  # asleep
        ([0.25] * 40, [9.75] * 40, 1, 0.0),  # its own processes fight for its core
        ([0.25] * 40, [9.75] * 40, 2, 5.0),  # ... and get half of what it may use
        ([5.0, 5.0], [5.0, 5.0], 2, 5.0),
        ([2.0, 0.0], [3.0, 0.0], 1, 3.0),  # it also slept
    ],
)
def test_only_waiting_that_others_cause_is_lost(
    ran: list[float], waited: list[float], cores: int, lost: float
) -> None:
    times = dict(enumerate(zip(ran, waited, strict=True)))
    assert lost_seconds(10, {}, [times], cores) == pytest.approx(lost)


def test_waits_of_processes_that_wait_for_each_other_add_up() -> None:
    before = {1: (5.0, 5.0), 2: (7.0, 7.0)}
    groups = [{1: (6.0, 7.0), 3: (0.0, 1.0)}, {2: (7.0, 10.0)}]
    assert lost_seconds(10, before, groups, cores=1) == 2 + 3


class FakeWait(CpuWait):
    """A kernel that gets this share of the processor's time."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share, self.start = share, time.monotonic()

    def sample(self, *, now: bool = False) -> None:  # noqa: ARG002  (as in the base class)
        self.seconds = (1 - self.share) * (time.monotonic() - self.start)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize(
    ("share", "elapsed", "disturbed"), [(1.0, 10, False), (0.8, 12.5, False), (0.25, 40, True)]
)
def test_a_deadline_grants_the_same_processor_time_at_any_load(
    clock: list[float], share: float, elapsed: float, disturbed: bool
) -> None:
    deadline = Deadline(10, FakeWait(share))
    clock[0] += elapsed - 0.01
    assert deadline.remaining() > 0
    clock[0] += 0.02
    assert deadline.remaining() < 0
    assert (deadline.disturbed, deadline.starved) == (disturbed, False)


def test_a_kernel_that_gets_next_to_nothing_starves(clock: list[float]) -> None:
    deadline = Deadline(10, FakeWait(0.01))
    clock[0] += 10 * MAX_STRETCH - 1
    assert deadline.remaining() > 0
    clock[0] += 2
    assert deadline.remaining() < 0
    assert deadline.starved


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="only Linux counts it")
def test_linux_tells_who_waits_for_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that share one core lose time, but not to those of the same kernel."""
    monkeypatch.setattr(cpu_wait, "SAMPLE_INTERVAL_S", 0.0)
    core = {min(os.sched_getaffinity(0))}
    with ExitStack() as stack:
        burners = [
            stack.enter_context(
                subprocess.Popen([sys.executable, "-S", "-c", BURN], start_new_session=True)
            )
            for _ in range(4)
        ]
        for burner in burners:
            stack.callback(burner.kill)
            os.sched_setaffinity(burner.pid, core)
        one, all_of_them = CpuWait(cores=1), CpuWait(cores=1)
        sleeper = stack.enter_context(subprocess.Popen(["sleep", "600"]))
        stack.callback(sleeper.kill)
        asleep = CpuWait(cores=1)
        waits = {one: burners[:1], all_of_them: burners, asleep: [sleeper]}
        for wait, processes in waits.items():
            wait.trees, wait.partners = tuple(process.pid for process in processes), set()
            wait.sample()
        for _ in range(200):  # at any load of the machine, three of four wait
            time.sleep(0.05)
            for wait in waits:
                wait.sample()
            if one.seconds > 1.0:
                break
        assert one.seconds > 1.0
        assert all_of_them.seconds < one.seconds
        assert asleep.seconds < 0.5
