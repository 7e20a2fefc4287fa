"""How long a student's code may run: per cell, per notebook, and for imports.

Time for which other programs kept the code from running doesn't count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class TimeBudget:
    """The time left for a notebook. The clock starts at the first `next_limit`.

    Example:
        >>> budget = TimeBudget(cell_seconds=30, notebook_seconds=300, start_seconds=60)
        >>> round(budget.next_limit())
        90
        >>> budget.charge(80, finished=True)  # 50 more than a cell may run: TensorFlow's import
        >>> round(budget.next_limit())
        40

    A new kernel has to import the course's libraries again, which can take longer than a cell may
    run. ``start_seconds`` are for that: once per kernel, on top of the cell's and the notebook's
    time. Later kernels get only enough for a cell to run twice as long as any that has finished, so
    that an endless loop can't use up the allowance again and again.
    """

    cell_seconds: float
    notebook_seconds: float  # for all cells, including repeated runs
    start_seconds: float = 0.0
    _start: float | None = None
    _allowance: float = field(init=False)
    _longest_finished: float = 0.0
    _excluded_seconds: float = 0.0  # for imports, and lost to other programs

    def __post_init__(self) -> None:
        """Grant the first kernel its allowance."""
        self._allowance = self.start_seconds

    @property
    def left(self) -> float:
        """Seconds left for the notebook, without imports and `exclude`; at least 0."""
        if self._start is None:
            return self.notebook_seconds
        used = time.monotonic() - self._start - self._excluded_seconds
        return max(0.0, self.notebook_seconds - used)

    def next_limit(self, cell_seconds: float | None = None) -> float:
        """Return how many seconds the next cell may run; 0 if the notebook's are used up.

        ``cell_seconds`` is the limit of this cell, if its author gave it one.
        """
        if self._start is None:
            self._start = time.monotonic()
        left = self.left
        limit = self.cell_seconds if cell_seconds is None else cell_seconds
        return min(limit, left) + self._allowance if left > 0 else 0.0

    def charge(self, seconds: float, *, finished: bool, cell_seconds: float | None = None) -> None:
        """Take what a cell ran beyond its limit from the allowance for imports.

        If it has not finished, its time says nothing about how long imports take. ``seconds`` are
        those that count: without what was passed to `exclude`.
        """
        limit = self.cell_seconds if cell_seconds is None else cell_seconds
        import_seconds = min(max(0.0, seconds - limit), self._allowance)
        self._allowance -= import_seconds
        self._excluded_seconds += import_seconds
        if finished:
            self._longest_finished = max(self._longest_finished, seconds)

    def exclude(self, seconds: float) -> None:
        """Don't count time for which other programs kept the kernel from running."""
        self._excluded_seconds += seconds

    def restart_kernel(self) -> None:
        """Grant a new kernel its allowance for imports."""
        twice_longest = 2 * self._longest_finished - self.cell_seconds
        self._allowance = min(self.start_seconds, max(0.0, twice_longest))
