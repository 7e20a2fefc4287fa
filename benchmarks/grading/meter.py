"""Measure a command and its child processes: duration, CPU time, memory."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from autograder.sandbox.memory_guard import PeakMemory

MEMORY_INTERVAL_S: Final = 0.1  # at least, between two memory measurements
MAX_OUTPUT_BYTES: Final = 4000
_numbers = itertools.count(1)
_CPU_FILES: Final = {"cpuacct": ("cpuacct.usage", 1e9), "": ("cpu.stat", 1e6)}  # cgroup v1, v2


@dataclass(frozen=True)
class Cost:
    """The cost of a command.

    Attributes:
        seconds: How long it took.
        cpu: CPU seconds on all cores together; None if the system doesn't report them.
        memory: Peak memory in bytes of all its processes, shared memory counted once.
        output: The end of its output.
        code: Its exit code.
        totals: For our grader, the totals of the run; see `autograder.batch.report.summarize`.
    """

    seconds: float
    cpu: float | None
    memory: int
    output: str
    code: int
    totals: dict[str, Any] = field(default_factory=dict)


def measure(command: list[str], folder: Path, environment: dict[str, str]) -> Cost:
    """Run a command in a folder; return its cost."""
    with tempfile.TemporaryFile() as output, _cpu_cgroup() as cgroup:
        start = time.monotonic()
        join = f'echo $$ >"{cgroup}/cgroup.procs"; ' if cgroup else ""
        with (
            subprocess.Popen(
                ["sh", "-c", f'{join}exec "$@"', "sh", *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
            PeakMemory(process.pid, MEMORY_INTERVAL_S) as peak,
        ):
            code = process.wait()
            seconds = time.monotonic() - start
        cpu = _cpu_seconds(cgroup) if cgroup else None
        output.seek(max(0, output.seek(0, os.SEEK_END) - MAX_OUTPUT_BYTES))
        return Cost(seconds, cpu, peak.bytes, output.read().decode(errors="replace"), code)


@contextlib.contextmanager
def _cpu_cgroup() -> Iterator[Path | None]:
    """Yield a control group that counts CPU time; None where none can be created."""
    name = f"grading-{os.getpid()}-{next(_numbers)}"
    for controller in _CPU_FILES:
        folder = Path("/sys/fs/cgroup", controller, name)
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            yield folder
        finally:
            for _ in range(100):  # a fork server may still be exiting
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.1)
                else:
                    break
        return
    yield None


def _cpu_seconds(cgroup: Path) -> float | None:
    for file, per_second in _CPU_FILES.values():
        with contextlib.suppress(OSError, ValueError):
            fields = (cgroup / file).read_text("ascii").split()
            usage = fields[fields.index("usage_usec") + 1] if "usage_usec" in fields else fields[0]
            return int(usage) / per_second
    return None
