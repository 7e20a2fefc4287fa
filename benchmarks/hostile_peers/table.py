"""What three graders made of the same submissions, as tables."""

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

The {count} submissions of [tests/hostile/corpus](../hostile/corpus) go for the two tests of a small
lesson, worth 2 and 3 points. Only these tests are counted here, because the peers do not grade
the lesson's questions by themselves; `tests/hostile` shows that here those come out right too.
Stock nbgrader {nbgrader} and otter-grader (`otter run`) have the settings that they come with.

- **Unearned**: points above what is fair.
- **Lost**: points below what is fair.
- **Undecided**: points that are left to a person. Stock nbgrader exports them as 0; here the export
  has no number for them, but the reason.
- **Batches harmed**: runs that did not end in {seconds:g} seconds, or after which the next student,
  an honest one, has not all points or can't be graded.
"""
_SUMS: Final = {
    "unearned": "unearned points",
    "paid": "submissions that gained",
    "lost": "lost points",
    "person": "undecided",
    "harmed": "batches harmed",
}


@dataclass(frozen=True)
class Run:
    """What one submission got.

    Attributes:
        points: By test; None if it is left to a person.
        harmed: Whether the run did not end, or the neighbor has not all points.
    """

    points: Fair
    harmed: bool


def totals(entries: Iterable[Entry], runs: dict[str, Run]) -> dict[str, float]:
    """Add up what a grader made of all submissions.

    A test that should go to a person counts as unearned if it has points without one.
    """
    found = dict.fromkeys(_SUMS, 0.0)
    for entry in entries:
        run = runs[entry.name]
        unearned = 0.0
        for test in TESTS:
            fair, got = entry.fair[test], run.points[test]
            if got is None:
                found["person"] += {"double-test": 2, "half-test": 3}[test]
            else:
                unearned += max(0.0, got - (fair or 0))
                found["lost"] += max(0.0, (fair or 0) - got)
        found["unearned"] += unearned
        found["paid"] += unearned > 0
        found["harmed"] += run.harmed
    return found


def write(entries: list[Entry], runs: dict[str, dict[str, Run]]) -> None:
    """Write both tables, the sums and each submission."""
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
        got = [_points(by_name[entry.name].points) for by_name in runs.values()]
        marks = [" **!**" if by_name[entry.name].harmed else "" for by_name in runs.values()]
        cells = [each + mark for each, mark in zip(got, marks, strict=True)]
        tries = entry.tries.replace("|", "\\|")
        fair = _points(entry.fair)
        lines.append(f"| {entry.name} | {tries} | {fair} | {' | '.join(cells)} |")
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def _points(points: Fair) -> str:
    return " + ".join("?" if points[test] is None else f"{points[test]:g}" for test in TESTS)
