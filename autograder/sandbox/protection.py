"""The kinds of isolation, and what each leaves open."""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class Weakness(StrEnum):
    """What is not enforced for a kernel; `WEAKNESSES` explains it."""

    LANDLOCK = "Landlock"
    UNPROTECTED = "unprotected"
    NO_CONTROL_GROUP = "no control group"
    NO_CPU_WEIGHT = "no CPU weight"
    SHARED_TESTS = "shared tests"


DELEGATE: Final = (
    "Grade as root, or start the command with: systemd-run --user --scope -p Delegate=yes"
)
WEAKNESSES: Final = {
    Weakness.LANDLOCK: (
        "Kernels are isolated by Landlock, because Bubblewrap can't be used: they see the names of"
        " the machine's folders, and their files are only counted 4 times per second."
        " 'python -m autograder doctor' says what Bubblewrap needs."
    ),
    Weakness.UNPROTECTED: (
        "Kernels are not isolated: students' code can read and change whatever you can."
    ),
    Weakness.NO_CONTROL_GROUP: (
        "Kernels have no control group: their memory and processes are only counted 4 times per"
        " second, most of what Linux itself keeps for them is not, and a kernel with many processes"
        f" slows others down. {DELEGATE}"
    ),
    Weakness.NO_CPU_WEIGHT: (
        "The control groups of kernels have no CPU weight: a kernel with many processes slows"
        " others down."
    ),
    Weakness.SHARED_TESTS: (
        "Some tests ran in the student's kernel, where a student can tamper with them: they use"
        " commands of IPython, read files, delete or change names that students define, or aren't"
        " written in Python."
    ),
}


class Protection(Enum):
    """How a student's kernel is isolated."""

    BUBBLEWRAP = "Bubblewrap"
    LANDLOCK = "Landlock"
    NONE = "resource limits only"


class UnprotectedError(RuntimeError):
    """The host supports no isolation.

    Attributes:
        missing: What it lacks and how to fix that, in sentences.
    """

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(
            "Students' code can't be isolated from this machine, so nothing was run. "
            + " ".join(missing)
            + " To grade without isolation, where students' code can read and change whatever you"
            " can, set c.Grade.allow_unprotected = True in nbgrader_config.py."
        )
