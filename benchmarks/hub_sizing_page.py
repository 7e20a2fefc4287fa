"""The page with the measured costs of a hub, and what a class needs by them."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("hub_sizing.md")
LAB: Final = "05-autoencoder-lab"
CLASSES: Final = (300, 5000)
START_MINUTES: Final = 5  # within which a class starts its servers
MB: Final = 10**6
GB: Final = 10**9
INTRO: Final = """# What a student costs a hub

Measured by `python -m benchmarks.hub_sizing`; do not edit. {machine}.
Memory counts shared pages once. Each lesson runs from its first cell to its last in a kernel of a
student's server, with the data that comes with the course.
"""
CONCLUSIONS: Final = """
## What a class needs

Calculated, not measured. "All in the lab": everyone has a server, and a kernel at the lab's peak.
"Usual": half are logged in, and a third of those are in the lab. "Starts": everyone starts a server
within {minutes} minutes; the work that follows is not included.

| class | all in the lab | usual | cores for the starts |
|---:|---:|---:|---:|
"""


@dataclass(frozen=True)
class HubSizes:
    """The measurements: times in seconds, memory in bytes."""

    start: float  # of a server on an idle machine
    start_cpu: float  # processor time of a start, including the hub's
    concurrent_starts: float  # elapsed time of several starts at once
    concurrent_count: int
    server: float  # an idle server
    lessons: dict[str, int]  # a kernel's peak, by lesson; ``none`` ran nothing
    services: dict[str, int]  # what runs once per hub

    def all_in_lab(self, students: float) -> float:
        """Return the bytes that a class needs if everyone is in the lab.

        Example:
            >>> HubSizes(1, 1, 1, 3, 2e8, {LAB: 8 * 10**8}, {}).all_in_lab(300) / GB
            300.0
        """
        return students * (self.server + self.lessons[LAB])

    def usual(self, students: float) -> float:
        """Return the bytes if half of a class is logged in and a sixth is in the lab."""
        return students / 2 * self.server + students / 6 * self.lessons[LAB]

    def cores(self, students: float) -> float:
        """Return the cores kept busy if everyone starts a server within `START_MINUTES`."""
        return students * self.start_cpu / (60 * START_MINUTES)


def page(sizes: HubSizes) -> str:
    """Return the page in Markdown."""
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, shared with others"
    lines = [INTRO.format(machine=machine), "| | |", "|---|---:|"]
    lines.append(f"| an idle server of a student | {sizes.server / MB:.0f} MB |")
    for name, peak in sizes.lessons.items():
        kernel = "that has run nothing" if name == "none" else f"in `{name}`, peak"
        lines.append(f"| a kernel {kernel} | {peak / MB:.0f} MB |")
    lines += [f"| {name} | {memory / MB:.0f} MB |" for name, memory in sizes.services.items()]
    count = sizes.concurrent_count
    lines.append(f"| starting a server on an idle machine | {sizes.start:.1f} s |")
    lines.append(f"| processor time of a start, including the hub's | {sizes.start_cpu:.1f} s |")
    lines.append(f"| starting {count} servers at once | {sizes.concurrent_starts:.1f} s |")
    rows = []
    for number in CLASSES:
        everyone, usual = sizes.all_in_lab(number) / GB, sizes.usual(number) / GB
        cores = sizes.cores(number)
        rows.append(f"| {number:,} | {everyone:,.0f} GB | {usual:,.0f} GB | {cores:.0f} |")
    conclusions = CONCLUSIONS.format(minutes=START_MINUTES)
    return "\n".join(lines) + "\n" + conclusions + "\n".join(rows) + "\n"


def read() -> HubSizes:
    """Return the measurements of the present page."""
    rows = re.findall(r"^\| (.+) \| ([\d.]+) (MB|s) \|$", TABLE.read_text("utf-8"), re.MULTILINE)
    values = {name: float(value) * (MB if unit == "MB" else 1) for name, value, unit in rows}
    lessons, services = {"none": round(values.pop("a kernel that has run nothing"))}, {}
    server = values.pop("an idle server of a student")
    start = values.pop("starting a server on an idle machine")
    start_cpu = values.pop("processor time of a start, including the hub's")
    concurrent, count = 0.0, 0
    for name, value in values.items():
        if lesson := re.fullmatch(r"a kernel in `(.+)`, peak", name):
            lessons[lesson[1]] = round(value)
        elif several := re.fullmatch(r"starting (\d+) servers at once", name):
            concurrent, count = value, int(several[1])
        else:
            services[name] = round(value)
    return HubSizes(start, start_cpu, concurrent, count, server, lessons, services)


def write(sizes: HubSizes) -> None:
    """Write the page and print it."""
    TABLE.write_text(page(sizes), encoding="utf-8")
    print(page(sizes))
