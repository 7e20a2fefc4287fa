"""How long a student's code may run: for each cell, for the imports, and for the notebook."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class TimeBudget:
    """Seconds left for a notebook; its clock starts when the first cell asks.

    Example:
        >>> budget = Budget(cell=30, notebook=300, start=60)
        >>> round(budget.next())
        90
        >>> budget.charge(80, finished=True)  # the import of TensorFlow took 50 more than 30
        >>> round(budget.next())
        40

    In a new kernel the course's libraries are loaded anew, which can take longer than any cell
    may run. The ``start`` seconds are for that: once in a kernel, on top of the cell's and of the
    notebook's. Later kernels get only what lets a cell run twice as long as any that came to its
    end, so a loop that never ends can't use them up again and again.

    Attributes:
        cell: Seconds that one cell may run.
        notebook: Seconds that all cells of a notebook may run, those run again included.
        start: Seconds on top of that for the imports in a new kernel.
    """

    cell: float
    notebook: float
    start: float = 0.0
    _began: float | None = None
    _allowance: float = field(init=False)
    _longest: float = 0.0
    _granted: float = 0.0

    def __post_init__(self) -> None:
        """Start with the whole allowance."""
        self._allowance = self.start

    @property
    def left(self) -> float:
        """Seconds left for the notebook, imports aside; 0 when they are used up."""
        if self._began is None:
            return self.notebook
        used = time.monotonic() - self._began - self._granted
        return max(0.0, self.notebook - used)

    def next(self, cell: float | None = None) -> float:
        """Seconds that the next cell may run; 0 when the notebook's are used up.

        Args:
            cell: The seconds of this cell, if its author gave it other ones than the rest.
        """
        if self._began is None:
            self._began = time.monotonic()
        left = self.left
        own = self.cell if cell is None else cell
        return min(own, left) + self._allowance if left > 0 else 0.0

    def charge(self, seconds: float, *, finished: bool, cell: float | None = None) -> None:
        """Take what a cell ran beyond its own seconds from those for the imports.

        Args:
            seconds: How long it ran.
            finished: Whether it came to its end; what did not says nothing about the imports.
            cell: As for `next`.
        """
        own = self.cell if cell is None else cell
        drawn = min(max(0.0, seconds - own), self._allowance)
        self._allowance -= drawn
        self._granted += drawn
        if finished:
            self._longest = max(self._longest, seconds)

    def fresh(self) -> None:
        """Begin with a new kernel, in which the libraries must be loaded again."""
        self._allowance = min(self.start, max(0.0, 2 * self._longest - self.cell))
