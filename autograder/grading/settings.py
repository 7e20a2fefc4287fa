"""The instructor's settings for grading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Self

THREAD_VARIABLES: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


@dataclass(frozen=True)
class GradingSettings:
    """The instructor's settings for grading; see ``c.Grade`` in ``nbgrader_config.py``."""

    cell_seconds: float = 30.0
    notebook_seconds: float = 300.0
    start_seconds: float = 60.0  # in addition, for imports in a new kernel
    allow_unprotected: bool = False  # grade without isolation where the host supports none
    limits: dict[str, int] = field(default_factory=dict)  # other than the defaults of `Limits`
    visible: tuple[str, ...] = ()  # further paths that students' code may read
    threads: int = 0  # of a kernel's libraries; 0 for the libraries' own choice
    shortcut: bool = True  # skip cells that no graded test depends on
    execute: bool = True  # run notebooks; without it, tests are left to a person
    any_variant: bool = False  # of a pool: the variant that was answered, any student's
    warm: bool = True  # fork kernels from a process that has loaded their libraries
    stubs: tuple[str, ...] = ()  # the instructor's own, released in place of solutions

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Return the settings that `dataclasses.asdict` has written as JSON."""
        tuples = {name: tuple(values[name]) for name in ("visible", "stubs")}
        return cls(**{**values, **tuples})
