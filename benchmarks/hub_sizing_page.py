"""The page about what a hub needs: what was measured, and what follows from it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("hub_sizing.md")
LAB: Final = "05-autoencoder-lab"
CLASSES: Final = (300, 5000)
MINUTES: Final = 5  # in which a class comes to a lecture
MB: Final = 10**6
GB: Final = 10**9
INTRO: Final = """# What a student costs a hub

Measured by `python -m benchmarks.hub_sizing`; do not edit. {machine}.
Memory is what processes hold, what they share counted once. A lesson is run from its first cell to
its last in a kernel of a student's server, with the data that comes with the course.
"""
FOLLOWS: Final = """
## What follows

By arithmetic, not by trial. "All in the lab": each has a server and a kernel that holds what the
lab's does at its fullest. "Usual": half are logged in, and a third of them are in the lab.
"Starts": all start their servers within {minutes} minutes; the work that they then do comes on top.

| class | all in the lab | usual | cores for the starts |
|---:|---:|---:|---:|
"""


@dataclass(frozen=True)
class Sizes:
    """What was measured.

    Attributes:
        start: Seconds in which a server starts on an idle machine.
        cpu: Seconds of computing that a start takes, the hub's part included.
        together: Seconds in which several start at once.
        several: How many.
        server: Bytes of a student's server that does nothing.
        lessons: Bytes of a kernel at its fullest, by lesson; ``none`` for one that ran nothing.
        services: Bytes of what runs once.
    """

    start: float
    cpu: float
    together: float
    several: int
    server: float
    lessons: dict[str, int]
    services: dict[str, int]

    def lab(self, students: float) -> float:
        """Return the bytes of a class whose members are all in the lab.

        Example:
            >>> Sizes(1, 1, 1, 3, 2e8, {LAB: 8 * 10**8}, {}).lab(300) / GB
            300.0
        """
        return students * (self.server + self.lessons[LAB])

    def usual(self, students: float) -> float:
        """Return the bytes of a class of which half is logged in, and a sixth is in the lab."""
        return students / 2 * self.server + students / 6 * self.lessons[LAB]

    def cores(self, students: float) -> float:
        """Return how many cores are busy when all start their servers within some minutes."""
        return students * self.cpu / (60 * MINUTES)


def page(sizes: Sizes) -> str:
    """Return the page, in Markdown."""
    count = os.cpu_count()
    machine = f"Python {platform.python_version()}, {count} cores, shared with others"
    lines = [INTRO.format(machine=machine), "| | |", "|---|---:|"]
    lines.append(f"| a student's server, idle | {sizes.server / MB:.0f} MB |")
    for name, held in sizes.lessons.items():
        what = "that has run nothing" if name == "none" else f"in `{name}`, at its fullest"
        lines.append(f"| a kernel {what} | {held / MB:.0f} MB |")
    lines += [f"| {name} | {held / MB:.0f} MB |" for name, held in sizes.services.items()]
    lines.append(f"| a server's start, machine idle | {sizes.start:.1f} s |")
    lines.append(f"| computing that a start takes, the hub's included | {sizes.cpu:.1f} s |")
    lines.append(f"| {sizes.several} servers' starts at once | {sizes.together:.1f} s |")
    rows = [
        f"| {number:,} | {sizes.lab(number) / GB:,.0f} GB | {sizes.usual(number) / GB:,.0f} GB"
        f" | {sizes.cores(number):.0f} |"
        for number in CLASSES
    ]
    return "\n".join(lines) + "\n" + FOLLOWS.format(minutes=MINUTES) + "\n".join(rows) + "\n"


def write(sizes: Sizes) -> None:
    """Write the page, and show it."""
    TABLE.write_text(page(sizes), encoding="utf-8")
    print(page(sizes))
