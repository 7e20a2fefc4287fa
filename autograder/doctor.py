"""What keeps students' code in its place on this machine: each measure, tried.

``python -m autograder doctor`` starts a kernel as grading would, plants a secret, a server and
a process beside it, and lets code in the kernel go for them. Nothing is believed that
was not tried.

Example:
    >>> print(table([Finding("no network", in_force=True, advice="")]))
    measure     state     what to do
    no network  in force
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nbformat.v4 import new_code_cell

from autograder.kernels import imports
from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.sandbox import environment, forkserver_client, launch
from autograder.sandbox.inside import probe
from autograder.sandbox.launch import Protection, UnprotectedError
from autograder.sandbox.limits import MB, Limits

SMALL: Final = Limits(
    memory=512 * MB, processes=64, disk=16 * MB, files=400, file_size=8 * MB, open_files=256
)
_NEWER: Final = "Say so where you found this course: the sandbox has a hole on this machine."


@dataclass(frozen=True)
class Finding:
    """One measure.

    Attributes:
        measure: What it is for.
        in_force: Whether it held when it was tried.
        advice: What to do if it did not.
        essential: Whether grading is unsafe without it.
    """

    measure: str
    in_force: bool
    advice: str
    essential: bool = True


@dataclass(frozen=True)
class _Measure:
    trial: str
    words: str
    advice: str = _NEWER
    essential: bool = True


_GROUPS: Final = (
    "Let the grader make control groups: run it as root, or with systemd as a service with"
    " Delegate=yes. Without them each process has its own limit, and all of them are counted"
    " four times a second."
)
_COUNTED: Final = "Landlock only counts, four times a second; install Bubblewrap for a cap."
_WEAKER: Final = {  # what Landlock does less well than a sandbox, and what to do
    "disk": _COUNTED,
    "files": _COUNTED,
    "root": "Put Python and the course where every user can reach them, or don't grade as root.",
}
MEASURES: Final = (
    _Measure("connect", "no network, not even to this machine"),
    _Measure("unix", "no way to this machine's services through files"),
    _Measure("read", "no sight of other files"),
    _Measure("source", "no sight of solutions and gradebook"),
    _Measure("write", "the system can only be read"),
    _Measure("course", "the course can only be read"),
    _Measure("processes", "no sight of other processes"),
    _Measure("environment", "no sight of the grader's variables"),
    _Measure("root", "the code is not root"),
    _Measure("rights", "no special rights, and no way to them"),
    _Measure("namespaces", "no new namespaces"),
    _Measure("trace", "no tracing of processes"),
    _Measure("terminal", "no way to the terminal"),
    _Measure("disk", "a cap on the disk"),
    _Measure("files", "a cap on the number of files"),
    _Measure("file_size", "a cap on the size of a file"),
    _Measure("multiply", "a cap on the number of processes"),
    _Measure("outlives", "nothing outlives its kernel"),
    _Measure("hoards", "one cap on the memory of all processes", _GROUPS, essential=False),
)


def examine(protection: Protection | None = None, *, warmed: bool = True) -> list[Finding]:
    """Try every measure; return what was found.

    Args:
        protection: What to try; None is what grading would take.
        warmed: Whether the kernel is forked from a warm process, as in grading, where it can be.
    """
    try:
        protection = protection or launch.choose_protection()
        done = _attack(protection, warmed=warmed)
    except UnprotectedError as reasons:
        missing = dict.fromkeys((measure.trial for measure in MEASURES), True)
        return _findings(missing, " ".join(reasons.missing))
    except KernelStartError as fault:
        return [Finding("a kernel starts", in_force=False, advice=str(fault))]
    return _findings(done, weaker=protection is Protection.FENCE)


def _findings(done: dict[str, bool], advice: str = "", *, weaker: bool = False) -> list[Finding]:
    found = []
    for measure in MEASURES:
        words, essential = advice or measure.advice, measure.essential
        if weaker and measure.trial in _WEAKER:
            words, essential = _WEAKER[measure.trial], False
        found.append(Finding(measure.words, not done[measure.trial], words, essential))
    return found


def _attack(protection: Protection, *, warmed: bool) -> dict[str, bool]:
    """Let code in a kernel try everything; by name, whether it could be done."""
    text = Path(probe.__file__).read_text(encoding="utf-8")
    word = f"planted-{secrets.token_hex(8)}"
    with _planted(word) as told, tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        fork_server = forkserver_client.known("kernel", imports.KERNEL, {}) if warmed else None
        place = Path(folder)
        with Kernel(place, limits=SMALL, protection=protection, fork_server=fork_server) as session:
            done: dict[str, bool] = _hear(session, f"{text}\nsay(probe({told!r}))")
            leave = f"outlives({'left-' + word!r})\nsay(sees({'left-' + word!r}))"
            began = _hear(session, f"import time\n{leave}")
            done["hoards"] = any(_hoards(session, text, kind) for kind in probe.HOARDS)
        done["outlives"] = began is None or _outside(f"left-{word}")
    return done


def _hoards(session: Kernel, text: str, kind: str) -> bool:
    """Whether too much memory of a kind can be held, by a kernel that has no other."""
    session.restart()
    try:
        return bool(_hear(session, f"{text}\nsay(hoards({SMALL.memory}, {kind!r}))"))
    except KernelStartError:  # it was ended for its memory
        return False


def _hear(session: Kernel, code: str) -> Any:
    cell = new_code_cell(code)
    outcome = session.run(cell, seconds=60)
    text = "".join(output.get("text", "") for output in cell["outputs"])
    try:
        return json.loads(text)
    except ValueError:
        raise KernelStartError(f"The kernel {outcome.status}: {outcome.message or text}") from None


def _outside(word: str) -> bool:
    """Whether a process with this word is left, some time after its kernel ended."""
    for _ in range(20):
        if not probe.sees(word):
            return False
        time.sleep(0.1)
    return True


@contextlib.contextmanager
def _planted(word: str) -> Iterator[dict[str, Any]]:
    """Plant what no student may reach; yield where it is."""
    course = environment.course_folder()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="planted-")))
        (folder / "secret").write_text(word, encoding="ascii")
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(str(folder / "socket"))
        local.listen()
        os.environ["PLANTED"] = word
        stack.callback(os.environ.pop, "PLANTED")
        command = [sys.executable, "-S", "-c", f"'{word}'; import sys; sys.stdin.read()"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  (our own command)
        stack.callback(process.communicate)
        yield {
            "word": word,
            "port": listening.getsockname()[1],
            "socket": str(folder / "socket"),
            "secret": str(folder / "secret"),
            "source": str(Path(__file__).resolve().parents[1] / "source"),
            "course": str(course) if course else "",
            "disk": SMALL.disk,
            "files": SMALL.files,
            "file_size": SMALL.file_size,
            "processes": SMALL.processes,
        }


def table(findings: list[Finding]) -> str:
    """Return the findings as a table."""
    rows = [("measure", "state", "what to do")]
    for finding in findings:
        missing = "MISSING" if finding.essential else "missing"
        advice = "" if finding.in_force else finding.advice
        rows.append((finding.measure, "in force" if finding.in_force else missing, advice))
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = (f"{a:{widths[0]}}  {b:{widths[1]}}  {c}".rstrip() for a, b, c in rows)
    return "\n".join(lines)


def safe(findings: list[Finding]) -> bool:
    """Whether all that is essential is in force."""
    return all(finding.in_force for finding in findings if finding.essential)
