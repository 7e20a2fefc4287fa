"""The result of a job as JSON, validated: workers run students' code and may send anything.

An impossible number in the gradebook would spoil the grades of the whole class.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import nbformat
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, ValidationError

from autograder import cells
from autograder.grading.grade_notebook import GradedNotebook
from autograder.sandbox.protection import Weakness

MAX_CHARS: Final = 256 << 20  # a lesson's notebook with all its figures has some 2 million

MaxPoints = Mapping[str, Mapping[str, float]]  # by notebook and graded cell


class JobResult(BaseModel):
    """The result of a job, with the peak memory of the processes in bytes."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)

    notebooks: dict[str, GradedNotebook]
    seconds: NonNegativeFloat
    kernel: NonNegativeInt  # 0 without one
    worker: NonNegativeInt
    warm: NonNegativeInt  # the fork servers that the worker has started
    disturbed: bool = False  # whether other programs may have cost points

    @property
    def is_complete(self) -> bool:
        """True if every cell has points."""
        scores = (score for notebook in self.notebooks.values() for score in notebook.scores)
        return all(score.points is not None for score in scores)

    @classmethod
    def read(cls, text: object, max_points: MaxPoints) -> JobResult:
        """Validate what a worker sent.

        Example:
            >>> JobResult.read("{}", {})
            Traceback (most recent call last):
            ...
            ValueError: A worker sent an invalid result: notebooks: Field required, got {}

        Raises:
            ValueError: The result is malformed, oversized, or that of another assignment.
        """
        if not isinstance(text, str):
            raise _invalid(f"expected text, got {type(text).__name__}")
        if len(text) > MAX_CHARS:
            raise _invalid(f"{len(text):,} characters, more than {MAX_CHARS:,}")
        try:
            result = cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            field = ".".join(map(str, first["loc"])) or "JSON"
            raise _invalid(f"{field}: {first['msg']}, got {first['input']!r:.80}") from None
        if mismatch := result.mismatch(max_points):
            raise _invalid(mismatch)
        return result

    @property
    def weaknesses(self) -> list[Weakness]:
        """What was not enforced for the student's code."""
        found = (weak for notebook in self.notebooks.values() for weak in notebook.weaknesses)
        return list(dict.fromkeys(found))

    def mismatch(self, max_points: MaxPoints) -> str:
        """Return how the result differs from these cells and maxima; empty if it fits them."""
        if self.notebooks.keys() != max_points.keys():
            differing = ", ".join(sorted(self.notebooks.keys() ^ max_points.keys()))
            return f"it and source/ have different notebooks: {differing}"
        for name, notebook in self.notebooks.items():
            maxima = sorted((score.name, score.maximum) for score in notebook.scores)
            expected = sorted(max_points[name].items())
            if maxima != expected:
                return f"{name}: it has the cells {maxima}, source/ has {expected}"
        return ""


def read_max_points(source: Path) -> MaxPoints:
    """Return the maximum points of each graded cell in the instructor's folder."""
    paths = source.glob("*.ipynb")
    return {path.stem: _read_max_points(path, path.stat().st_mtime_ns) for path in paths}


@functools.lru_cache(maxsize=64)
def _read_max_points(path: Path, _mtime_ns: int) -> dict[str, float]:
    nb = nbformat.read(path, as_version=4)
    return {name: float(cells.max_points(cell)) for name, cell in cells.graded_cells(nb).items()}


def _invalid(reason: str) -> ValueError:
    return ValueError(f"A worker sent an invalid result: {reason}")
