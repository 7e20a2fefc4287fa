"""`make hub` in a terminal: the hub writes to a log file, and the terminal stays readable."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

CHECK_INTERVAL_S: Final = 0.3
TAIL_LINES: Final = 20


def run(
    command: Sequence[str],
    log: Path,
    *,
    is_ready: Callable[[], bool],
    when_ready: Callable[[], None],
    **options: Any,
) -> int:
    """Run a program until it ends, with its output in a log; return its exit status.

    Ctrl+C reaches the program, too, which then ends by itself.

    Args:
        command: The program and its arguments.
        log: Only its owner can read it; appended to.
        is_ready: Returns whether the program is up.
        when_ready: Called once when it is.
        options: For `subprocess.Popen`.
    """
    log.touch(mode=0o600)
    log.chmod(0o600)
    with log.open("ab") as stream:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, **options
        )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while process.poll() is None and not is_ready():
        time.sleep(CHECK_INTERVAL_S)
    if process.poll() is None:
        when_ready()
    return process.wait()


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])
