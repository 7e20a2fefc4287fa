"""Measurements stored in a file, so that they can be made in parts."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.grading.graders import GRADERS
from benchmarks.grading.meter import Cost
from benchmarks.peers import ROOT

FILE: Final = ROOT / ".tools" / "grading.json"
STOCK, OTTER, ONE_JOB, TWO_JOBS = (grader.name for grader in GRADERS)


def machine() -> str:
    """Return a description of this machine."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, shared with others"


@dataclass
class Measurements:
    """Everything that the page shows.

    Attributes:
        machine: Where it was measured.
        runs: Costs by `run_key`.
        steps: Seconds of each step of grading a submission, by class.
        start: Seconds that the command takes to load; 0 if not measured.
    """

    machine: str = field(default_factory=machine)
    runs: dict[str, Cost] = field(default_factory=dict)
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    start: float = 0.0

    @classmethod
    def read(cls, path: Path = FILE) -> Measurements:
        """Read the file; ignore it if it comes from another machine."""
        try:
            data: dict[str, Any] = json.loads(path.read_bytes())
        except FileNotFoundError:
            return cls()
        runs = {key: Cost(**cost) for key, cost in data.pop("runs").items()}
        measurements = cls(runs=runs, **data)
        return measurements if measurements.machine == machine() else cls()

    def write(self, path: Path = FILE) -> None:
        """Write the file."""
        data = {**vars(self), "runs": {key: vars(cost) for key, cost in self.runs.items()}}
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n", encoding="utf-8")

    def sizes(self, kind: str, grader: str) -> list[int]:
        """Return the class sizes measured with a grader."""
        prefix = f"{kind}|{grader}|"
        sizes = (key.removeprefix(prefix) for key in self.runs if key.startswith(prefix))
        return sorted(int(size) for size in sizes)

    def cost(self, kind: str, grader: str, size: int) -> Cost:
        """Return the cost of a run."""
        return self.runs[run_key(kind, grader, size)]

    def additional_seconds(self, kind: str, grader: str, size: int | None = None) -> float | None:
        """Return the seconds per submission after the first; None if not measured.

        Args:
            kind: The class.
            grader: The grader.
            size: The class size; the largest if None.
        """
        sizes = self.sizes(kind, grader)
        size = size or max(sizes, default=1)
        if size == 1 or 1 not in sizes:
            return None
        first, total = self.cost(kind, grader, 1), self.cost(kind, grader, size)
        return (total.seconds - first.seconds) / (size - 1)


def run_key(kind: str, grader: str, size: int) -> str:
    """Return the key under which a run is stored."""
    return f"{kind}|{grader}|{size}"
