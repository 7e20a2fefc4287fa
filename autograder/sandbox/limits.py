"""What a student's kernel may use, besides time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MB: Final = 1 << 20
GB: Final = 1 << 30
MAX_USER_PROCESSES: Final = 16_384  # that end a fork bomb which is faster than its guard


@dataclass(frozen=True)
class Limits:
    """Limits for a kernel and everything it starts.

    Example:
        >>> Limits(memory=1 << 30).rlimits()["RLIMIT_NOFILE"]
        1024
    """

    memory: int = 4 * GB  # files at home count; the lab needs 1.5 GB, TensorFlow's import 0.5 GB
    processes: int = 256  # and threads; the lab needs 30
    address_space: int = 64 * GB  # of each process; TensorFlow reserves 2.5 GB
    cpu_seconds: int = 1800  # of each process
    disk: int = 256 * MB  # all files together
    files: int = 20_000  # and folders
    file_size: int = 128 * MB  # one file
    open_files: int = 1024  # of each process

    def rlimits(self, *, shared_user: bool = False) -> dict[str, int]:
        """Return the limits that Unix enforces per process, by their names in `resource`.

        A control group caps the memory of all processes where there is one. ``RLIMIT_DATA`` also
        caps it per process. ``RLIMIT_AS`` counts what TensorFlow reserves and never uses, so it is
        high: it limits the size of page tables. ``RLIMIT_NPROC`` counts all processes of a user. If
        the kernel shares its user with others (``shared_user``), its own are counted by a control
        group or `memory_guard`, so that it can't keep the others from starting any.
        """
        return {
            "RLIMIT_DATA": self.memory,
            "RLIMIT_AS": self.address_space,
            "RLIMIT_NPROC": MAX_USER_PROCESSES if shared_user else self.processes,
            "RLIMIT_CPU": self.cpu_seconds,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_CORE": 0,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_MEMLOCK": 64 * 1024,
        }
