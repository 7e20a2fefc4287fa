"""What a student's kernel may use, besides time.

Example:
    >>> Limits(memory=1 << 30).rlimits()["RLIMIT_NOFILE"]
    1024
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MB: Final = 1 << 20
GB: Final = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Limits for a kernel and everything it starts.

    Example:
        >>> Limits().disk // MB
        256

    Attributes:
        memory: Bytes of memory, including files in the kernel's home. The lab needs about 1.5 GB,
            of which TensorFlow's import takes 0.5 GB.
        processes: Processes and threads; TensorFlow starts a few per core.
        cpu_seconds: CPU time of each process.
        disk: Bytes of all files together.
        files: Files and folders.
        file_size: Bytes of one file.
        open_files: Files that one process may have open.
    """

    memory: int = 4 * GB
    processes: int = 512
    cpu_seconds: int = 1800
    disk: int = 256 * MB
    files: int = 20_000
    file_size: int = 128 * MB
    open_files: int = 1024

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
