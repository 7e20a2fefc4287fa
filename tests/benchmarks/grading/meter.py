"""What a command costs, with all that it starts: seconds, seconds of computing, memory."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.kernels.watch import descendants

EVERY: Final = 2.0  # seconds between two looks at the memory; each takes a while itself
_numbers = itertools.count(1)
_CPU: Final = {"cpuacct": ("cpuacct.usage", 1e9), "": ("cpu.stat", 1e6)}


@dataclass(frozen=True)
class Cost:
    """What a command cost.

    Attributes:
        seconds: How long it took.
        cpu: Seconds of computing, on all cores together; None if the system does not say.
        memory: Bytes of memory at the fullest moment seen, what processes share counted once.
        said: The end of what it said, or its report.
        code: Its exit code.
    """

    seconds: float
    cpu: float | None
    memory: int
    said: str
    code: int


def measure(command: list[str], place: Path, environment: dict[str, str]) -> Cost:
    """Run a command in a folder and return what it cost."""
    with tempfile.TemporaryFile() as said, _account() as account:
        began = time.monotonic()
        join = f'echo $$ >"{account}/cgroup.procs"; ' if account else ""
        with subprocess.Popen(
            ["sh", "-c", f'{join}exec "$@"', "sh", *command],
            cwd=place,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        ) as process:
            ended, fullest = threading.Event(), [0]
            look = threading.Thread(target=_look, args=(process.pid, ended, fullest))
            look.start()
            code = process.wait()
            seconds = time.monotonic() - began
            ended.set()
            look.join()
        cpu = _used(account) if account else None
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4000))
        return Cost(seconds, cpu, fullest[0], said.read().decode(errors="replace"), code)


def _look(pid: int, ended: threading.Event, fullest: list[int]) -> None:
    while not ended.wait(EVERY):
        fullest[0] = max(fullest[0], sum(map(_share, descendants(pid))))


def _share(pid: int) -> int:
    """A process's bytes of memory, each divided by how many share it."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


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
