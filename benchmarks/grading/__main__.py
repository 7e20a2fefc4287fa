"""``python -m benchmarks.grading``: how fast graders are, on the same notebooks and answers.

Each grader grades the same classes by turns: a lesson, the lab, and questions alone. One
submission first, then more, so that what a further one costs is seen. What was measured is kept
in ``.tools/grading.json``, after each run; the page ``grading.md`` beside this folder is made of
it. So the whole, some 40 minutes, can be measured in parts: name the classes, or ``steps`` or
``start``; ``--again`` measures anew what is there. The peers are slow, so they get fewer
submissions: ``--peers 20`` and ``--peers 200`` give them as many, which takes hours.
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
from benchmarks.grading.contenders import CONTENDERS, Contender, environment
from benchmarks.grading.measured import OTTER, STOCK, TWO, Measured, key
from benchmarks.grading.meter import Cost
from benchmarks.peers import ROOT, program

OURS: Final = {
    "lesson": (1, 20, 200),
    "lab": (1, 20),
    **dict.fromkeys(classes.ASKED, (1, 20, 200)),
    "lesson, one answer wrong": (1, 20),
}
PEERS: Final = {  # how many, for what one costs differs
    STOCK: {"lesson": 20, "questions": 20, "questions in a lesson": 6},
    OTTER: {"lesson": 6},
}
FEWEST: Final = 3
THOUSAND: Final = ("lesson", TWO, 1000)
STARTS: Final = 5
Run = tuple[str, int, Contender]


def plan(kinds: list[str], peers: int | None) -> list[Run]:
    """Return what is to be measured, in order: by turns, the small classes first.

    Args:
        kinds: The classes.
        peers: How many submissions the peers get; as in `PEERS` if None.
    """
    found = []
    for kind in (each for each in classes.KINDS if each in kinds):
        for step in range(3):
            for one in CONTENDERS:
                ours = one.name not in PEERS
                most = peers or PEERS.get(one.name, {}).get(kind, FEWEST)
                sizes = OURS[kind] if ours else (1, most)
                able = ours or kind not in classes.ASKED or one.asks
                if step < len(sizes) and able:
                    found.append((kind, sizes[step], one))
    kind, name, number = THOUSAND
    if kind in kinds:
        found.append((kind, number, next(one for one in CONTENDERS if one.name == name)))
    return found


def measure(kind: str, number: int, one: Contender) -> Cost:
    """Let a grader grade a class of this size."""
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        made = classes.load(kind, Path(name, "built"))
        place = Path(name, "course")
        one.prepare(place, made)
        made.hand_in(place / "submitted", number)
        return one.grade(place, made)


def start() -> float:
    """Return the seconds that the command takes to begin, the median of some."""
    found = []
    for _ in range(STARTS):
        began = time.monotonic()
        command = [sys.executable, "-m", "autograder", "grade", "--help"]
        subprocess.run(command, cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, check=True)
        found.append(time.monotonic() - began)
    return statistics.median(found)


def main() -> None:
    """Measure what is asked for and not yet measured, and write the page."""
    parts = [*classes.KINDS, "steps", "start"]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(parts)}; or all")
    parser.add_argument("--again", action="store_true", help="measure anew what is there")
    parser.add_argument("--peers", type=int, metavar="N", help="submissions that the peers get")
    parser.add_argument("--page", action="store_true", help="measure nothing, make the page anew")
    told = parser.parse_args()
    if unknown := [part for part in told.parts if part not in parts]:
        parser.error(f"no part {unknown[0]!r}; there are {', '.join(parts)}")
    asked = [] if told.page else told.parts or parts
    found = Measured.read()
    if "start" in asked and (told.again or not found.start):
        found.start = start()
    for kind in ("lesson", "lab") if "steps" in asked else ():
        if told.again or kind not in found.steps:
            found.steps[kind] = steps.steps(kind, steps.ROUNDS if kind == "lesson" else 5)
    found.write()
    runs = plan(asked, told.peers)
    if runs:
        program("otter")  # installed before the clock runs
    left = tqdm(runs)
    for kind, number, one in left:
        left.set_description(f"{kind}, {number}, {one.name}")
        place = key(kind, one.name, number)
        if told.again or place not in found.runs:
            found.runs[place] = measure(kind, number, one)
            found.write()
    page.write(found)
    print(page.TABLE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
