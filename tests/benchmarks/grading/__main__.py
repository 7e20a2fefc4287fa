"""``python -m tests.benchmarks.grading``: how fast graders are, on the same notebooks and answers.

Each grader grades the same classes by turns: a lesson, the lab, and questions alone. One
submission first, then more, so that what a further one costs is seen. The table goes to
``grading.md`` beside this folder. The peers are slow, so by default they get fewer submissions:
``--peers 20`` and ``--peers 200`` give them as many; that takes hours. What was measured is kept in
``.tools/grading.json``, and a run that was interrupted goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from pathlib import Path
from typing import Final

from tqdm import tqdm

from autograder.run.plan import Costs, minutes
from autograder.run.plan import table as plan_table
from tests.benchmarks.grading import classes, steps
from tests.benchmarks.grading.contenders import CONTENDERS, Contender
from tests.benchmarks.grading.meter import Cost
from tests.benchmarks.peers import ROOT, program

KEPT: Final = ROOT / ".tools" / "grading.json"
TABLE: Final = Path(__file__).parent.with_suffix(".md")
OURS: Final = {
    "lesson": (1, 20, 200),
    "lab": (1, 20),
    **dict.fromkeys(classes.ASKED, (1, 20, 200)),
    "lesson, one answer wrong": (1, 6),
}
THOUSAND: Final = ("lesson", "this course, 2 jobs", 1000)
_HEAD: Final = """# How fast graders are

Measured by `python -m tests.benchmarks.grading`; do not edit. {machine}.

The same notebooks with the same answers, graded by turns in one run: a lesson
(`02-curse-of-dimensionality`), the lab (`05-autoencoder-lab`), questions alone, and the lesson once
more with nothing but its questions graded, on the data that the course brings along. Three students
in four have solved all; the fourth has left one exercise as it was handed out, or a question
without a tick. In the last class each has one answer wrong: then this course, too, runs the
notebook from its first cell to its last before it takes a point away, as the peers do with every
class. Stock nbgrader runs every cell even if questions alone are graded, and leaves those to a
person; otter-grader has none. "A further one" is what each submission after the first costs. Memory
is the most that all processes held together, what they share counted once. Seconds depend on the
machine; the ratios do so less.
"""

_STEPS: Final = """

## Where the rest of the time goes

One lesson after another in one process, on the short way, the writer left out. All but the last
line is work of several processes that wait for each other: the grader, Bubblewrap, the kernel, the
judge. So one job keeps a little more than one core busy, with the writer beside it, and a second
job on two cores makes the whole less than twice as fast.

"""

_FACULTY: Final = """

## What a faculty needs

Made of the figures above by the planner (`python -m autograder plan FILE`). All cores beyond these
two are reckoned, not measured: a cluster of that size was not at hand. One process writes the
gradebook, so no number of cores makes a class faster than that.
"""
Found = dict[str, Cost]  # by kind, grader and number


def plan(peers: dict[str, int]) -> list[tuple[str, int, Contender]]:
    """Return what is to be measured, in order: by turns, the small classes first."""
    found = []
    for kind in classes.KINDS:
        for step in range(3):
            for one in CONTENDERS:
                ours = one.name.startswith("this course")
                sizes = OURS[kind] if ours else (1, peers[kind])
                able = ours or kind in classes.LEFT or (kind in classes.ASKED and one.asks)
                if step < len(sizes) and able:
                    found.append((kind, sizes[step], one))
    kind, name, number = THOUSAND
    return [*found, (kind, number, next(one for one in CONTENDERS if one.name == name))]


def measure(kind: str, number: int, one: Contender) -> Cost:
    """Let a grader grade a class of this size."""
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        made = classes.load(kind, Path(name, "built"))
        place = Path(name, "course")
        one.prepare(place, made)
        made.hand_in(place / "submitted", number)
        return one.grade(place, made)


def table(found: Found) -> str:
    """Return the table, in Markdown."""
    lines = []
    for kind in classes.KINDS:
        lines += [f"\n## {kind.capitalize()}\n"]
        lines += ["| grader | submissions | seconds | a further one, s | of stock | a minute"]
        lines[-1] += " | CPU seconds, each | memory, MB |"
        lines += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
        further: dict[str, float] = {}
        for one in CONTENDERS:
            start = f"{kind}|{one.name}|"
            sizes = sorted(int(key.removeprefix(start)) for key in found if key.startswith(start))
            for size in sizes:
                cost = found[f"{kind}|{one.name}|{size}"]
                first = found.get(f"{kind}|{one.name}|1", cost)
                each = (cost.seconds - first.seconds) / (size - 1) if size > 1 else None
                if each is not None:
                    further.setdefault(one.name, each)
                stock = further.get(CONTENDERS[0].name)
                words = [one.name, str(size), f"{cost.seconds:.1f}"]
                words += ["" if each is None else f"{each:.2f}" if each >= 0.1 else f"{each:.3f}"]
                faster = "" if each is None or not stock else f"1/{stock / each:.0f}"
                words += [faster if one is not CONTENDERS[0] else ""]
                words += [f"{60 * size / cost.seconds:.0f}"]
                words += ["" if cost.cpu is None else f"{cost.cpu / size:.2f}"]
                words += [f"{cost.memory / 2**20:.0f}"]
                lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def faculty(found: Found) -> str:
    """Return what the planner makes of the largest runs, and whether it was right about them."""
    parts = [_FACULTY]
    for kind in ("lesson", "lab"):
        size = OURS[kind][-1]
        keys = [f"{kind}|this course, {jobs}|{size}" for jobs in ("1 job", "2 jobs")]
        if not found.keys() >= set(keys):
            continue  # not measured yet
        one, two = (found[key] for key in keys)
        with tempfile.TemporaryDirectory() as name:
            path = Path(name, "report.json")
            path.write_text(one.said, encoding="utf-8")
            costs = Costs.read(path)
        said = 60 * minutes(costs, size, 2)
        parts += [
            f"\n{kind.capitalize()}: {costs.each:.2f} s of a core each, {costs.write:.3f} s to"
        ]
        parts[-1] += (
            f" write. From the run with 1 job the planner says {said:.0f} s for {size} with"
        )
        parts[-1] += f" 2 jobs; the command took {two.seconds:.0f} s.\n"
        parts.append(plan_table(costs, (300, 5_000, 50_000)))
    return "\n".join(parts)


def main() -> None:
    """Measure what is not yet measured, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=int, default=6, help="submissions that the peers get")
    parser.add_argument("--peers-lab", type=int, default=3, help="labs that the peers get")
    told = parser.parse_args()
    program("otter")  # installed before the clock runs
    kept = json.loads(KEPT.read_bytes()) if KEPT.exists() else {}
    found = {key: Cost(**cost) for key, cost in kept.items()}
    peers = {kind: told.peers_lab if kind == "lab" else told.peers for kind in classes.KINDS}
    left = tqdm(plan(peers))
    for kind, number, one in left:
        key = f"{kind}|{one.name}|{number}"
        left.set_description(f"{kind}, {number}, {one.name}")
        if key not in found:
            found[key] = measure(kind, number, one)
            KEPT.write_text(json.dumps({name: vars(cost) for name, cost in found.items()}))
        write(found)
    write(found, _STEPS + steps.table("lesson"))
    print(TABLE.read_text(encoding="utf-8"))
    KEPT.unlink()


def write(found: Found, more: str = "") -> None:
    """Write the table, of what has been measured so far.

    Args:
        found: That.
        more: A section to come before the planner's.
    """
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, shared with others"
    text = _HEAD.format(machine=machine) + table(found) + more + faculty(found) + "\n"
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
