"""Check how well students' code is isolated on this machine, by trying to break out.

``python -m autograder doctor`` starts a kernel as grading would, plants a secret, a server and a
process beside it, and runs code in the kernel that goes for them. It reports only what it tried.

Example:
    >>> print(format_table([Finding("no network", enforced=True, by="network namespace")]))
    check       state     enforced by        how to fix it
    no network  enforced  network namespace
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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from nbformat.v4 import new_code_cell

from autograder import cells
from autograder.grading.shared_tests import shared_tests
from autograder.kernels import imports
from autograder.kernels.kernel import Kernel, KernelStartError
from autograder.sandbox import environment, forkserver_client, host_support
from autograder.sandbox.inside import probe
from autograder.sandbox.limits import MB, Limits
from autograder.sandbox.protection import DELEGATE, Protection, UnprotectedError, Weakness

TRIAL_LIMITS: Final = Limits(
    memory=512 * MB, processes=64, disk=16 * MB, files=400, file_size=8 * MB, open_files=256
)
CELL_TIMEOUT_S: Final = 60
EXIT_TIMEOUT_S: Final = 2.0  # for a process whose kernel has ended


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    check: str  # what should hold
    enforced: bool
    by: str = ""  # what enforces it
    fix: str = ""  # what to do if it did not hold
    essential: bool = True  # whether grading is unsafe without it


@dataclass(frozen=True)
class _Check:
    trial: str  # its key in the results
    text: str
    bubblewrap: str  # what enforces it there
    landlock: str
    landlock_fix: str = ""  # if Landlock may be too weak; then it is not essential there
    fix: str = "This is a bug in the sandbox; please report it to the course's authors."
    essential: bool = True


_POLLED: Final = "checked 4 times per second"
_USE_BUBBLEWRAP: Final = (
    "Landlock only checks 4 times per second; install Bubblewrap for a hard limit."
)
_NO_GROUP: Final = f"There is no control group. {DELEGATE}. Until then:"
_CHECKS: Final = (
    _Check(
        *("bubblewrap", "the stronger of two kinds of isolation", "Bubblewrap", "Landlock"),
        essential=False,
    ),
    _Check("connect", "no network, not even localhost", "network namespace", "Landlock, seccomp"),
    _Check("unix", "no access to local services by sockets", "mount namespace", "seccomp"),
    _Check("read", "no access to other files", "mount namespace", "Landlock"),
    _Check("source", "no access to solutions and gradebook", "mount namespace", "Landlock"),
    _Check("write", "the system is read-only", "mount namespace", "Landlock"),
    _Check("course", "the course is read-only", "mount namespace", "Landlock"),
    _Check("processes", "other processes are invisible", "PID namespace", "Landlock"),
    _Check("environment", "the grader's variables are invisible", "clean environment", "same"),
    _Check("root", "the code does not run as root", "setpriv", "setresuid"),
    _Check("rights", "no privileges, and no way to gain any", "setpriv", "capset, no_new_privs"),
    _Check("namespaces", "no new namespaces", "seccomp", "seccomp"),
    _Check("trace", "no tracing of processes", "seccomp", "seccomp"),
    _Check("terminal", "no access to the terminal", "mount namespace", "Landlock"),
    _Check("disk", "a limit on disk space", "tmpfs size", _POLLED, _USE_BUBBLEWRAP),
    _Check("files", "a limit on the number of files", "tmpfs inodes", _POLLED, _USE_BUBBLEWRAP),
    _Check("file_size", "a limit on the size of a file", "rlimit", "rlimit"),
    _Check("fork", "a limit on the number of processes", "rlimit, control group", "same"),
    _Check("outlives", "no process outlives its kernel", "PID namespace", "child subreaper"),
    _Check(
        *("memory", "a limit on the memory of all processes", "control group", "same"),
        fix=f"{_NO_GROUP} memory is limited per process, and the sum is {_POLLED}.",
        essential=False,
    ),
    _Check(
        *("linux_memory", "the same for what Linux keeps for them", "control group", "same"),
        fix=f"{_NO_GROUP} page tables and sockets are counted, the rest is not.",
        essential=False,
    ),
    _Check(
        *("cpu", "the same share of the processor for each kernel", "control group", "same"),
        fix=f"{_NO_GROUP} a kernel with many processes slows others down. That costs no points.",
        essential=False,
    ),
)


class _KernelDiedError(KernelStartError):
    """The kernel was ended while it ran a trial."""


_DISK_TRIALS: Final = {
    "disk": f"can_fill_disk(home_folder(), {TRIAL_LIMITS.disk})",
    "files": f"can_create_files(home_folder(), {TRIAL_LIMITS.files})",
}


def run_checks(protection: Protection | None = None, *, forked: bool = True) -> list[Finding]:
    """Try every check on this isolation, by default the one that grading would use.

    A forked kernel has its libraries imported already, as in grading.
    """
    try:
        protection = protection or host_support.choose_protection()
        succeeded = _try_everything(protection, forked=forked)
    except UnprotectedError as error:
        fix = " ".join(error.missing)
        return [Finding(check.text, enforced=False, fix=fix) for check in _CHECKS]
    except KernelStartError as error:
        return [Finding("a kernel starts", enforced=False, fix=str(error))]
    return [_finding(check, protection, succeeded) for check in _CHECKS]


def _finding(check: _Check, protection: Protection, succeeded: dict[str, bool]) -> Finding:
    fix, essential, by = check.fix, check.essential, check.bubblewrap
    if check.trial == "bubblewrap":
        fix = " ".join(host_support.missing_features())
    if protection is Protection.NONE:
        by = "resource limits"
    elif protection is Protection.LANDLOCK:
        by = check.bubblewrap if check.landlock == "same" else check.landlock
        if check.landlock_fix:
            fix, essential = check.landlock_fix, False
    if by == "control group" and succeeded["ungrouped"]:
        by = _POLLED
    return Finding(check.text, not succeeded[check.trial], by, fix, essential)


def _try_everything(protection: Protection, *, forked: bool) -> dict[str, bool]:
    """Run the probe in a kernel; return for each trial whether it succeeded."""
    source = Path(probe.__file__).read_text(encoding="utf-8")
    word = f"planted-{secrets.token_hex(8)}"
    left_word, size = f"left-{word}", TRIAL_LIMITS.memory
    server = None
    if forked:
        server = forkserver_client.shared_fork_server("kernel", imports.KERNEL_MODULES, {})
    with (
        _planted_bait(word) as bait,
        tempfile.TemporaryDirectory(prefix="kernel-") as folder,
        Kernel(
            Path(folder), None, TRIAL_LIMITS, protection=protection, fork_server=server
        ) as kernel,
    ):
        succeeded: dict[str, bool] = _run(kernel, f"{source}\nprint_json(probe({bait!r}))")
        leave = f"leave_process({left_word!r})\nprint_json(sees_process({left_word!r}))"
        left = _run(kernel, leave)
        # Each in a kernel of its own: a limit that is polled ends the kernel.
        for trial, code in _DISK_TRIALS.items():
            succeeded[trial] = _can_hold(kernel, f"{source}\nprint_json({code})")
        succeeded["memory"] = any(
            _can_hold(kernel, f"{source}\nprint_json(can_hold_memory({size}, {kind!r}))")
            for kind in probe.ALLOCATIONS
        )
        fork = f"{source}\nprint_json(can_fork({TRIAL_LIMITS.processes}))"
        succeeded["fork"] = _can_hold(kernel, fork)
        ungrouped = Weakness.NO_CONTROL_GROUP in kernel.weaknesses
        # Without a group, only some of it is counted.
        succeeded["linux_memory"] = ungrouped or any(
            _can_hold(kernel, f"{source}\nprint_json(can_hold_kernel_memory({size}, {kind!r}))")
            for kind in probe.KERNEL_ALLOCATIONS
        )
        succeeded["cpu"] = ungrouped or Weakness.NO_CPU_WEIGHT in kernel.weaknesses
        succeeded["ungrouped"] = ungrouped
        succeeded["bubblewrap"] = protection is not Protection.BUBBLEWRAP
    succeeded["outlives"] = left is None or _still_running(left_word)
    return succeeded


def _can_hold(kernel: Kernel, code: str) -> bool:
    kernel.restart()
    try:
        return bool(_run(kernel, code))
    except _KernelDiedError:  # for what it holds
        return False


def _run(kernel: Kernel, code: str) -> Any:
    """Run code that prints JSON, and return its value."""
    cell = new_code_cell(code)
    outcome = kernel.run_cell(cell, CELL_TIMEOUT_S)
    text = "".join(output.get("text", "") for output in cell["outputs"])
    try:
        return json.loads(text)
    except ValueError:
        kind = _KernelDiedError if outcome.status == "died" else KernelStartError
        raise kind(f"The kernel {outcome.status}: {outcome.message or text}") from None


def _still_running(word: str) -> bool:
    deadline = time.monotonic() + EXIT_TIMEOUT_S
    while probe.sees_process(word):
        if time.monotonic() > deadline:
            return True
        time.sleep(0.1)
    return False


@contextlib.contextmanager
def _planted_bait(word: str) -> Iterator[dict[str, Any]]:
    """Plant what no student may reach; yield what `probe.probe` has to know."""
    course = environment.course_folder()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="planted-")))
        (folder / "secret").write_text(word, encoding="ascii")
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix_server = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix_server.bind(str(folder / "socket"))
        unix_server.listen()
        os.environ["PLANTED"] = word
        stack.callback(os.environ.pop, "PLANTED")
        command = [sys.executable, "-S", "-c", f"'{word}'; import sys; sys.stdin.read()"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603  (our own command)
        stack.callback(process.communicate)
        yield {
            "word": word,
            "port": server.getsockname()[1],
            "socket": str(folder / "socket"),
            "secret": str(folder / "secret"),
            "source": str(Path(__file__).resolve().parents[1] / "source"),
            "course_folder": str(course) if course else "",
            **asdict(TRIAL_LIMITS),
        }


def list_shared_tests(root: Path) -> list[str]:
    """Return the notebooks whose tests share the student's kernel, one per line, with the reason.

    Students could tamper with such tests; see `grading.shared_tests`.
    """
    lines = []
    for path in sorted((root / "source").glob("*/*.ipynb")):
        try:
            nb = cells.read_source(path)
        except (OSError, ValueError):  # generating it says what is wrong
            continue
        tests: dict[str, list[str]] = {}
        names = {cell["id"]: cells.grade_id(cell) for cell in nb.cells}
        for cell_id, reason in shared_tests(nb).items():
            tests.setdefault(reason, []).append(names[cell_id])
        lines += [
            f"{path.parent.name}/{path.stem}: {', '.join(found)} ({reason})"
            for reason, found in tests.items()
        ]
    return lines


def format_table(findings: list[Finding]) -> str:
    """Return the findings as a table; a missing protection that is essential is in capitals."""
    rows = [("check", "state", "enforced by", "how to fix it")]
    for finding in findings:
        state = "MISSING" if finding.essential else "missing"
        result = ("enforced", finding.by, "") if finding.enforced else (state, "", finding.fix)
        rows.append((finding.check, *result))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def is_safe(findings: list[Finding]) -> bool:
    """Return whether all essential protections are enforced."""
    return all(finding.enforced for finding in findings if finding.essential)
