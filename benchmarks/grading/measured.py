"""What was measured, kept in a file: a part can be measured anew, and the page made of it all."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.grading.contenders import CONTENDERS
from benchmarks.grading.meter import Cost
from benchmarks.peers import ROOT

KEPT: Final = ROOT / ".tools" / "grading.json"
STOCK, OTTER, ONE, TWO = (one.name for one in CONTENDERS)


def machine() -> str:
    """Say where this is measured."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, shared with others"


@dataclass
class Measured:
    """All figures of the page.

    Attributes:
        machine: Where they were measured.
        runs: By class, grader and number of submissions.
        steps: Seconds of each step of a submission, by class.
        start: Seconds that the command takes to begin; 0 if not measured.
    """

    machine: str = field(default_factory=machine)
    runs: dict[str, Cost] = field(default_factory=dict)
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    start: float = 0.0

    @classmethod
    def read(cls, path: Path = KEPT) -> Measured:
        """Return what is kept; nothing of another machine, for seconds are not the same there."""
        try:
            data: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls()
        runs = {key: Cost(**cost) for key, cost in data.pop("runs").items()}
        found = cls(runs=runs, **data)
        return found if found.machine == machine() else cls()

    def write(self, path: Path = KEPT) -> None:
        """Keep it."""
        data = {**vars(self), "runs": {key: vars(cost) for key, cost in self.runs.items()}}
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def sizes(self, kind: str, grader: str) -> list[int]:
        """Return the numbers of submissions that a grader was given."""
        start = f"{kind}|{grader}|"
        found = (key.removeprefix(start) for key in self.runs if key.startswith(start))
        return sorted(int(size) for size in found)

    def cost(self, kind: str, grader: str, size: int) -> Cost:
        """Return what a run cost."""
        return self.runs[f"{kind}|{grader}|{size}"]

    def further(self, kind: str, grader: str, size: int | None = None) -> float | None:
        """Return the seconds of each submission after the first; None if they were not measured.

        Args:
            kind: The class.
            grader: The grader.
            size: Of which run; the largest if None.
        """
        sizes = self.sizes(kind, grader)
        size = size or max(sizes, default=1)
        if size == 1 or 1 not in sizes:
            return None
        first, all_ = self.cost(kind, grader, 1), self.cost(kind, grader, size)
        return (all_.seconds - first.seconds) / (size - 1)


def key(kind: str, grader: str, size: int) -> str:
    """Return by what a run is kept."""
    return f"{kind}|{grader}|{size}"
