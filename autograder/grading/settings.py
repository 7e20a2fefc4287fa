"""What an instructor decides about grading, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

THREAD_VARIABLES: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


@dataclass(frozen=True)
class GradingSettings:
    """What an instructor decides about grading; see ``c.Grade`` in ``nbgrader_config.py``.

    Attributes:
        cell_seconds: Seconds that one cell may run.
        notebook_seconds: Seconds that a whole notebook may run.
        start_seconds: Seconds on top of that for imports in a new kernel.
        allow_unprotected: Whether to grade where students' code can't be kept in its place.
        limits: What a kernel may use, where not the usual.
        visible: Further folders that students' code may read.
        threads: Threads that a kernel's libraries start; 0 leaves it to the machine.
        shortcut: Whether to leave out cells that no point depends on, unless a missed point might.
        warm: Whether kernels are forked from a process that has loaded their libraries.
    """

    cell_seconds: float = 30.0
    notebook_seconds: float = 300.0
    start_seconds: float = 60.0
    allow_unprotected: bool = False
    limits: dict[str, int] = field(default_factory=dict)
    visible: tuple[str, ...] = ()
    threads: int = 0
    shortcut: bool = True
    warm: bool = True
