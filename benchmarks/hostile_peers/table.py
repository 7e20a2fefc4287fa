"""Tables of how three graders scored the same submissions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.hostile_peers.cage import SECONDS
from benchmarks.hostile_peers.stock import TESTS
from tests.hostile.corpus import Entry, Fair

FILE: Final = Path(__file__).resolve().parents[1] / "hostile_peers.md"
_HEAD: Final = """# Hostile submissions, three graders

Made by `python -m benchmarks.hostile_peers`; do not edit.

{count} submissions of [tests/hostile/corpus](../tests/hostile/corpus), all that it had when this
table was made, attack the two tests of a small lesson, worth 2 and 3 points. Only these tests count
here, because the peers do not grade the lesson's questions automatically; `tests/hostile` checks
that this course grades those fairly too.
Stock nbgrader {nbgrader} and otter-grader (`otter run`) run with their default settings.

- **Unearned**: points above what is fair.
- **Lost**: points below what is fair.
- **Undecided**: points left to a person. Stock nbgrader exports them as 0; this course exports no
  number, but the reason.
- **Batches harmed**: runs that did not end within {seconds:g} seconds, or after which the next,
  honest student lost points or could not be graded.
"""
_SUMS: Final = {
    "unearned": "unearned points",
    "gained": "submissions that gained",
    "lost": "lost points",
    "undecided": "undecided",
    "harmed": "batches harmed",
}


@dataclass(frozen=True)
class Run:
    """How a grader scored one submission.

    Attributes:
        points: By test; None if it is left to a person.
        harmed: Whether the run did not end, or the neighbor lost points.
    """

    points: Fair
    harmed: bool


def totals(entries: Iterable[Entry], runs: dict[str, Run]) -> dict[str, float]:
    """Add up a grader's scores of all submissions.

    Points for a test that a person should decide count as unearned.
    """
    sums = dict.fromkeys(_SUMS, 0.0)
    for entry in entries:
        run = runs[entry.name]
        unearned = 0.0
        for test in TESTS:
            fair, points = entry.fair[test], run.points[test]
            if points is None:
                sums["undecided"] += {"double-test": 2, "half-test": 3}[test]
            else:
                unearned += max(0.0, points - (fair or 0))
                sums["lost"] += max(0.0, (fair or 0) - points)
        sums["unearned"] += unearned
        sums["gained"] += unearned > 0
        sums["harmed"] += run.harmed
    return sums


def write(entries: list[Entry], runs: dict[str, dict[str, Run]]) -> None:
    """Write both tables: the sums, and each submission."""
    lines = [_HEAD.format(count=len(entries), nbgrader=version("nbgrader"), seconds=SECONDS)]
    lines += [
        f"| grader | {' | '.join(_SUMS.values())} |",
        "|---|" + "---|" * len(_SUMS),
    ]
    for grader, by_name in runs.items():
        sums = [f"{value:g}" for value in totals(entries, by_name).values()]
        lines.append(f"| {grader} | {' | '.join(sums)} |")
    lines += [
        "",
        "## Each submission",
        "",
        "Points of the two tests; **!** marks a harmed batch.",
        "",
    ]
    lines += [
        f"| submission | what it tries | fair | {' | '.join(runs)} |",
        "|---|---|---|" + "---|" * len(runs),
    ]
    for entry in entries:
        scores = [_points(by_name[entry.name].points) for by_name in runs.values()]
        marks = [" **!**" if by_name[entry.name].harmed else "" for by_name in runs.values()]
        cells = [score + mark for score, mark in zip(scores, marks, strict=True)]
        tries = entry.tries.replace("|", "\\|")
        fair = _points(entry.fair)
        lines.append(f"| {entry.name} | {tries} | {fair} | {' | '.join(cells)} |")
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _points(points: Fair) -> str:
    return " + ".join("?" if points[test] is None else f"{points[test]:g}" for test in TESTS)
