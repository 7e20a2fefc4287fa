"""What a command costs, with all that it starts: seconds, seconds of computing, memory."""

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

EVERY: Final = 0.1  # seconds between two looks at the memory; less often where they take long
_numbers = itertools.count(1)
_CPU: Final = {"cpuacct": ("cpuacct.usage", 1e9), "": ("cpu.stat", 1e6)}


@dataclass(frozen=True)
class Cost:
    """What a command cost.

    Attributes:
        seconds: How long it took.
        cpu: Seconds of computing, on all cores together; None if the system does not say.
        memory: Bytes of memory at the fullest moment seen, what processes share counted once.
        said: The end of what it said.
        code: Its exit code.
        total: What a run of this course's told of itself; see `autograder.batch.report.summarize`.
    """

    seconds: float
    cpu: float | None
    memory: int
    said: str
    code: int
    total: dict[str, Any] = field(default_factory=dict)


def measure(command: list[str], place: Path, environment: dict[str, str]) -> Cost:
    """Run a command in a folder and return what it cost."""
    with tempfile.TemporaryFile() as said, _account() as account:
        began = time.monotonic()
        join = f'echo $$ >"{account}/cgroup.procs"; ' if account else ""
        with (
            subprocess.Popen(
                ["sh", "-c", f'{join}exec "$@"', "sh", *command],
                cwd=place,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
            ) as process,
            PeakMemory(process.pid, EVERY) as fullest,
        ):
            code = process.wait()
            seconds = time.monotonic() - began
        cpu = _used(account) if account else None
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4000))
        return Cost(seconds, cpu, fullest.bytes, said.read().decode(errors="replace"), code)


@contextlib.contextmanager
def _account() -> Iterator[Path | None]:
    """A control group that counts computing; None where none can be made."""
    name = f"grading-{os.getpid()}-{next(_numbers)}"
    for controller in _CPU:
        folder = Path("/sys/fs/cgroup", controller, name)
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            yield folder
        finally:
            for _ in range(100):  # a warm process may still be ending
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.1)
                else:
                    break
        return
    yield None


def _used(account: Path) -> float | None:
    for file, unit in _CPU.values():
        with contextlib.suppress(OSError, ValueError):
            text = (account / file).read_text("ascii").split()
            return (
                int(text[text.index("usage_usec") + 1] if "usage_usec" in text else text[0]) / unit
            )
    return None
