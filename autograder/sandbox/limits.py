"""What a student's kernel may use, besides time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MB: Final = 1 << 20
GB: Final = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Limits for a kernel and everything it starts.

    Example:
        >>> Limits(memory=1 << 30).rlimits()["RLIMIT_NOFILE"]
        1024
    """

    memory: int = 4 * GB  # files at home count; the lab needs 1.5 GB, TensorFlow's import 0.5 GB
    processes: int = 512  # and threads; TensorFlow starts a few per core
    cpu_seconds: int = 1800  # of each process
    disk: int = 256 * MB  # all files together
    files: int = 20_000  # and folders
    file_size: int = 128 * MB  # one file
    open_files: int = 1024  # of each process

    def rlimits(self) -> dict[str, int]:
        """Return the limits that Unix enforces per process, by their names in `resource`.

        A control group caps the memory of all processes where there is one. ``RLIMIT_DATA`` also
        caps it per process; ``RLIMIT_AS`` would count what TensorFlow reserves and never uses.
        """
        return {
            "RLIMIT_DATA": self.memory,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_MEMLOCK": 64 * 1024,
        }
