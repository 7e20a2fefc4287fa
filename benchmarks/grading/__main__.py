"""``python -m benchmarks.grading``: compare graders on the same notebooks and answers.

The graders take turns on the same classes: a lesson, the lab, and questions alone. Each grades one
submission first and then more, which shows the cost of each additional one. Every measurement is
stored in ``.tools/grading.json``; the page ``benchmarks/grading.md`` is generated from it. All of
them take some 40 minutes, but can be made in parts: name the classes, or ``steps`` or ``start``;
``--again`` repeats what is stored. The other graders are slow and get fewer submissions:
``--peers 20`` and ``--peers 200`` give them as many as ours, which takes hours.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tqdm import tqdm

from benchmarks.grading import classes, page, steps
from benchmarks.grading.graders import GRADERS, Grader, environment
from benchmarks.grading.measurements import OTTER, STOCK, TWO_JOBS, Measurements, run_key
from benchmarks.grading.meter import Cost
from benchmarks.peers import ROOT, program

OUR_SIZES: Final = {
    "lesson": (1, 20, 200),
    "lab": (1, 20),
    **dict.fromkeys(classes.QUIZ_KINDS, (1, 20, 200)),
    "lesson, one answer wrong": (1, 20),
}
PEER_SIZES: Final = {  # by grader and class; the slower, the fewer
    STOCK: {"lesson": 20, "questions": 20, "questions in a lesson": 6},
    OTTER: {"lesson": 6},
}
MIN_PEER_SIZE: Final = 3
LARGEST_RUN: Final = ("lesson", TWO_JOBS, 1000)
START_REPETITIONS: Final = 5
Run = tuple[str, int, Grader]


def plan(kinds: list[str], peer_size: int | None) -> list[Run]:
    """Return the runs in order: graders take turns, small classes come first.

    Args:
        kinds: The classes.
        peer_size: Submissions for the other graders; as in `PEER_SIZES` if None.
    """
    runs = []
    for kind in (kind for kind in classes.KINDS if kind in kinds):
        for step in range(3):
            for grader in GRADERS:
                is_peer = grader.name in PEER_SIZES
                largest = peer_size or PEER_SIZES.get(grader.name, {}).get(kind, MIN_PEER_SIZE)
                sizes = (1, largest) if is_peer else OUR_SIZES[kind]
                can_grade = kind not in classes.QUIZ_KINDS or grader.grades_quizzes
                if step < len(sizes) and can_grade:
                    runs.append((kind, sizes[step], grader))
    kind, name, size = LARGEST_RUN
    if kind in kinds:
        runs.append((kind, size, next(grader for grader in GRADERS if grader.name == name)))
    return runs


def measure(kind: str, size: int, grader: Grader) -> Cost:
    """Grade a class of this size with a grader."""
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        assignment = classes.load(kind, Path(name, "built"))
        folder = Path(name, "course")
        grader.prepare(folder, assignment)
        assignment.submit(folder / "submitted", size)
        return grader.grade(folder, assignment)


def start_seconds() -> float:
    """Return the median time to load the ``grade`` command."""
    durations = []
    for _ in range(START_REPETITIONS):
        start = time.monotonic()
        command = [sys.executable, "-c", "import autograder.__main__, autograder.batch.cli"]
        subprocess.run(command, cwd=ROOT, env=environment(), check=True)
        durations.append(time.monotonic() - start)
    return statistics.median(durations)


def main() -> None:
    """Measure what is requested and not yet stored, and write the page."""
    parts = [*classes.KINDS, "steps", "start"]
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"one of {', '.join(parts)} (default: all)"
    )
    parser.add_argument("--again", action="store_true", help="repeat stored measurements")
    parser.add_argument("--peers", type=int, metavar="N", help="submissions for the other graders")
    parser.add_argument(
        "--page", action="store_true", help="only generate the page from stored measurements"
    )
    options = parser.parse_args()
    if unknown := [part for part in options.parts if part not in parts]:
        parser.error(f"unknown part {unknown[0]!r}; choose from {', '.join(parts)}")
    selected = [] if options.page else options.parts or parts
    stored = Measurements.read()
    if "start" in selected and (options.again or not stored.start):
        stored.start = start_seconds()
    for kind in ("lesson", "lab") if "steps" in selected else ():
        if options.again or kind not in stored.steps:
            rounds = steps.ROUNDS if kind == "lesson" else 5
            stored.steps[kind] = steps.measure_steps(kind, rounds)
    stored.write()
    runs = plan(selected, options.peers)
    if runs:
        program("otter")  # installs the other graders before anything is timed
    progress = tqdm(runs)
    for kind, size, grader in progress:
        progress.set_description(f"{kind}, {size}, {grader.name}")
        key = run_key(kind, grader.name, size)
        if options.again or key not in stored.runs:
            stored.runs[key] = measure(kind, size, grader)
            stored.write()
    page.write(stored)
    print(page.PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
