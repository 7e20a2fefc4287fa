"""The guard ends process trees that exceed a limit, and peaks include all descendants."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.sandbox import memory_guard, process_tree
from autograder.sandbox.inside import probe
from autograder.sandbox.limits import MB
from autograder.sandbox.memory_guard import MemoryGuard, PeakMemory
from autograder.sandbox.process_tree import process_memory, tree_memory

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="only Linux tells how memory is shared"
)
WAIT_TIMEOUT_S = 300


@pytest.mark.parametrize("kind", ["private", "shared"])
def test_guard_ends_a_tree_that_uses_too_much_memory(kind: str) -> None:
    allocate = f"{probe.ALLOCATIONS[kind].format(size=60_000_000)}\nimport time; time.sleep(600)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', {allocate!r}])"
    code += "; import time; time.sleep(600)"  # or it might end by itself after its child
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        with MemoryGuard((process.pid,), max_bytes=10**12) as generous:
            assert not generous.exceeded
        with MemoryGuard((process.pid,), max_bytes=40_000_000) as strict:
            assert process.wait(WAIT_TIMEOUT_S) == -9
        assert strict.exceeded == "memory"


@pytest.mark.parametrize("kind", probe.KERNEL_ALLOCATIONS)
def test_guard_counts_the_memory_that_linux_keeps_for_a_process(kind: str) -> None:
    code = f"{probe.KERNEL_ALLOCATIONS[kind].format(size=60_000_000)}\nimport time; time.sleep(600)"
    with subprocess.Popen([sys.executable, "-S", "-c", code]) as process:
        with MemoryGuard((process.pid,), max_bytes=50_000_000) as guard:
            assert process.wait(WAIT_TIMEOUT_S) == -9
        assert guard.exceeded == "memory"


def test_guard_counts_the_tasks_of_its_own_tree_only() -> None:
    threads = "threading.Thread(target=time.sleep, args=(600,)).start()"
    code = f"import threading, time\nfor _ in range(10): {threads}\nprint(1, flush=True)"
    command = [sys.executable, "-S", "-c", code]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as neighbor,
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
    ):
        try:
            for each in (neighbor, process):
                assert each.stdout
                assert each.stdout.readline() == b"1\n"
            assert process_tree.count_tasks(process.pid, neighbor.pid) == 22
            with MemoryGuard((process.pid,), None, max_tasks=11) as generous:
                time.sleep(3 * memory_guard.CHECK_INTERVAL_S)
            assert not generous.exceeded
            with MemoryGuard((process.pid,), None, max_tasks=10) as strict:
                assert process.wait(WAIT_TIMEOUT_S) == -9
            assert strict.exceeded == "processes"
            assert neighbor.poll() is None
        finally:
            neighbor.kill()
            process.kill()


def test_guard_ends_the_kernel_if_receiving_makes_the_grader_grow() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        with MemoryGuard((process.pid,), max_bytes=None, max_growth_bytes=100 * MB) as guard:
            memory = [b"x" * (150 * MB)]  # not while receiving
            time.sleep(3 * memory_guard.CHECK_INTERVAL_S)
            assert process.poll() is None
            with guard.receiving():
                memory.append(b"x" * (150 * MB))
                assert process.wait(WAIT_TIMEOUT_S) == -9
        assert guard.exceeded == "messages"
    assert memory


def test_guard_survives_the_end_of_its_processes() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait(WAIT_TIMEOUT_S)
        assert process_tree.processes(process.pid) == []
        with MemoryGuard((process.pid,), max_bytes=1) as guard:
            time.sleep(2 * memory_guard.CHECK_INTERVAL_S)
        assert not guard.exceeded


def test_peak_memory_includes_descendants() -> None:
    """A small process starts one that allocates 200 MB."""
    allocate = "x = bytearray(b'x') * (200 << 20); print('full', flush=True); input()"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {allocate!r}])"
    command = [sys.executable, "-c", code]
    with (
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
        PeakMemory(process.pid, interval_s=0.05) as peak,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "full\n"
        assert process_memory(process.pid) < 50 * MB
        assert 200 * MB < tree_memory(process.pid) < 300 * MB
        for _ in range(1200):
            if peak.bytes > 200 * MB:
                break
            peak._done.wait(0.05)
        process.communicate("\n")
    assert 200 * MB < peak.bytes < 300 * MB
    assert process_memory(process.pid) == 0  # it has ended
