"""How long a student's code may run: for each cell, and for the whole notebook."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass
class Budget:
    """Seconds left for a notebook.

    Example:
        >>> budget = Budget(cell=30, notebook=300)
        >>> budget.next() <= 30
        True

    Attributes:
        cell: Seconds that one cell may run.
        notebook: Seconds that all cells of a notebook may run, those run again included.
    """

    cell: float
    notebook: float
    _began: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        """Seconds left for the notebook; 0 when they are used up."""
        return max(0.0, self.notebook - (time.monotonic() - self._began))

    def next(self) -> float:
        """Seconds that the next cell may run; 0 when the notebook's are used up."""
        return min(self.cell, self.left)
