"""The instructor's settings for grading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

THREAD_VARIABLES: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


@dataclass(frozen=True)
class GradingSettings:
    """The instructor's settings for grading; see ``c.Grade`` in ``nbgrader_config.py``.

    Attributes:
        cell_seconds: How long a cell may run.
        notebook_seconds: How long a notebook may run.
        start_seconds: Additional time for imports in a new kernel.
        allow_unprotected: Whether to grade without isolation where the host supports none.
        limits: What a kernel may use, where it differs from the defaults of `Limits`.
        visible: Further paths that students' code may read.
        threads: Threads for a kernel's libraries; 0 for the libraries' own choice.
        shortcut: Whether to skip cells that no graded test depends on.
        warm: Whether to fork kernels from a process that has loaded their libraries.
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
