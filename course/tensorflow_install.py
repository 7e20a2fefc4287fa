"""Install TensorFlow while the learner has already begun.

Example:
    >>> is_importable()
    True

TensorFlow is most of the course's download, and the first pages of the lessons don't need it. So
learners' environments start without it. ``autoencoders lab`` installs it while JupyterLab is open,
``autoencoders tensorflow`` in a terminal, both from the versions and hashes in ``tensorflow.txt``.
The packages go to a folder beside the environment's own, which gets its name only when it is
complete and TensorFlow has been imported from it once: half an installation is never used. What was
downloaded before an interruption is in the cache of uv or pip.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from course import atomic_write

LOCK: Final = Path(__file__).with_name("tensorflow.txt")
FOLDER: Final = Path(sys.prefix) / "share" / "jupyter" / "autoencoder-course" / "tensorflow"
COMMAND: Final = "autoencoders tensorflow"
NEWEST_PYTHON: Final = (3, 13)  # with packages of TensorFlow; the extra in pyproject.toml says so
UNAVAILABLE: Final = (
    f"TensorFlow has no release for Python {sys.version_info[0]}.{sys.version_info[1]} yet. "
    f"To train networks, use Python {NEWEST_PYTHON[0]}.{NEWEST_PYTHON[1]}."
)
_PATH_FILE: Final = Path(sysconfig.get_path("purelib")) / "autoencoder_course_tensorflow.pth"
_INSTALLED: Final = "Installed"
_POLL_S: Final = 0.5
_MAX_CHARS: Final = 300
_STEP: Final = re.compile(r"^\s*Downloading (\S+?)(?:-\d\S*)? \(([\d.]+) ?([kKMG]i?B)\)")
_OFFLINE: Final = re.compile(
    r"(?i)dns error|error sending request|connect error|connection ?error|NewConnectionError"
    r"|timed? ?out|network is (?:down|unreachable|disabled)|name resolution"
)
_CHECK: Final = "import sys; sys.path.insert(0, sys.argv[1]); import keras, tensorflow"


class InstallError(Exception):
    """TensorFlow can't be installed; the message says why."""


@dataclass(frozen=True)
class InstallState:
    """How far an installation is; the process that installs writes it beside the folder.

    Attributes:
        step: What is being done, or was done last.
        error: Why it failed, or an empty string.
        pid: The process that installs; 0 when it has finished.
        started: When it started, in seconds since 1970.
    """

    step: str
    error: str
    pid: int
    started: float

    @property
    def running(self) -> bool:
        """Whether the process is still at work."""
        return _is_alive(self.pid, self.started)


def is_importable() -> bool:
    """Return whether a new Python process finds TensorFlow, and not an outdated one of ours."""
    if FOLDER.is_dir():
        return _is_current(FOLDER, LOCK)
    try:
        return importlib.util.find_spec("tensorflow") is not None
    except ValueError:  # a module without a specification stands for it
        return True


def is_available() -> bool:
    """Return whether there is a TensorFlow to install for this Python."""
    return sys.version_info[:2] <= NEWEST_PYTHON


def read_state(folder: Path = FOLDER) -> InstallState | None:
    """Return how far the last installation came, or None if there was none.

    Example:
        >>> read_state(Path("nowhere")) is None
        True
    """
    try:
        state = InstallState(**json.loads(_state_file(folder).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if not state.error and not state.running and not folder.is_dir():
        return InstallState(state.step, "The installation was interrupted.", 0, state.started)
    return state


def use(folder: Path = FOLDER) -> bool:
    """Let this process import from a finished installation; False if that changes nothing."""
    if not folder.is_dir() or str(folder) in sys.path:
        return False
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    return True


def wait(folder: Path = FOLDER) -> bool:
    """Wait for a running installation and say so; return whether to try the import again."""
    step = None
    while (state := read_state(folder)) and state.running:
        if step is None:
            print("TensorFlow is still being installed. This cell waits for it, then goes on.")
        if state.step != step:
            step = state.step
            print(f"{step} …", flush=True)
        time.sleep(_POLL_S)
    return use(folder)


def advice(folder: Path = FOLDER) -> str:
    """Return what a learner without TensorFlow can do."""
    if not is_available():
        return UNAVAILABLE
    state = read_state(folder)
    reason = f"The last attempt failed: {state.error} " if state and state.error else ""
    return f"{reason}To install it, run this in a terminal: {COMMAND}"


def install(
    report: Callable[[str], None] = print, *, folder: Path = FOLDER, lock: Path = LOCK
) -> None:
    """Install TensorFlow for this environment, or wait until another process has.

    Args:
        report: Gets each step as a line.
        folder: The folder that will hold it.
        lock: The requirements, with hashes.

    Raises:
        InstallError: It can't be installed.
    """
    if not is_available():
        raise InstallError(UNAVAILABLE)
    state = read_state(folder)
    if state and state.running:
        report("Another process is installing TensorFlow; waiting for it.")
        while (state := read_state(folder)) and state.running:
            time.sleep(_POLL_S)
        if not folder.is_dir():
            raise InstallError(state.error if state else "The installation was interrupted.")
        return
    started = _start_time(os.getpid())

    def write(step: str, error: str = "") -> None:
        pid = 0 if error or step == _INSTALLED else os.getpid()
        state = InstallState(step, error, pid, started)
        atomic_write.write_text(_state_file(folder), json.dumps(asdict(state)))

    step = "Preparing"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for step in _steps(folder, lock):
            write(step)
            report(f"{step} …")
    except (InstallError, OSError, KeyboardInterrupt) as error:
        reason = str(error) or "The installation was interrupted."
        with contextlib.suppress(OSError):
            write(step, reason)
        raise InstallError(reason) from error
    write(_INSTALLED)


def _steps(folder: Path, lock: Path) -> Iterator[str]:
    """Install in steps, and yield each before it begins."""
    yield "Preparing"
    _remove_leftovers(folder)
    partial = folder.with_name(f"{folder.name}.partial-{os.getpid()}")
    try:
        yield from _download(_command(partial, lock))
        yield "Importing it for the first time"
        _try_import(partial)
        shutil.copyfile(lock, partial / LOCK.name)
        outdated = partial.with_name(f"{folder.name}.partial-0")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(outdated)
        partial.rename(folder)
        shutil.rmtree(outdated, ignore_errors=True)
        if folder == FOLDER:
            atomic_write.write_text(_PATH_FILE, f"{folder}\n")
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _is_current(folder: Path, lock: Path) -> bool:
    """Return whether the folder holds what the requirements name now."""
    try:
        return (folder / LOCK.name).read_bytes() == lock.read_bytes()
    except OSError:
        return False


def _command(target: Path, lock: Path) -> list[str]:
    """Return the command of uv, which is faster, or of pip."""
    options = ["--target", str(target), "--no-deps", "--only-binary", ":all:"]
    options += ["--require-hashes", "-r", str(lock)]
    # `uvx` and the Makefile name their own; for a terminal, `make` has put one beside `.venv`.
    own = str(Path(sys.prefix).parent / ".tools" / "bin" / "uv")
    uv = os.environ.get("UV") or shutil.which("uv") or shutil.which(own)
    if uv:
        return [uv, "pip", "install", "--python", sys.executable, *options]
    if importlib.util.find_spec("pip") is None:
        raise InstallError(
            "Neither uv nor pip was found. Run this in a terminal, then try again: "
            f"{sys.executable} -m ensurepip"
        )
    return [sys.executable, "-m", "pip", "install", "--progress-bar", "off", *options]


def _download(command: list[str]) -> Iterator[str]:
    """Run the installer, and yield what it downloads."""
    yield "Downloading"
    last: deque[str] = deque(maxlen=100)
    process = subprocess.Popen(  # noqa: S603  (our command)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        for line in process.stdout or ():
            last.append(line.strip(" \n╰├─▶│×"))
            if found := _STEP.match(line):
                yield f"Downloading {found[1]} ({float(found[2]):.0f} {found[3]})"
    except BaseException:
        process.terminate()
        raise
    finally:
        process.wait()
    if process.returncode:
        raise InstallError(_reason(list(last)))


def _reason(lines: list[str]) -> str:
    if any(_OFFLINE.search(line) for line in lines):
        return "The package index can't be reached. Connect to the network, then try again."
    first = next((n for n, line in enumerate(lines) if line.lower().startswith("error")), -1)
    said = " ".join(lines[first:]) or "The installer failed without a message."
    return said[:_MAX_CHARS]


def _try_import(folder: Path) -> None:
    """Import TensorFlow from the folder, which also compiles it."""
    done = subprocess.run(  # noqa: S603  (our command)
        [sys.executable, "-c", _CHECK, str(folder)],
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise InstallError(f"TensorFlow doesn't start on this computer: {said[-1][:_MAX_CHARS]}")


def _remove_leftovers(folder: Path) -> None:
    """Remove what interrupted processes have left behind."""
    for leftover in folder.parent.glob(f"{folder.name}.partial-*"):
        pid = leftover.name.rpartition("-")[2]
        if not (pid.isdecimal() and int(pid) and _start_time(int(pid))):
            shutil.rmtree(leftover, ignore_errors=True)


def _state_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


def _is_alive(pid: int, started: float) -> bool:
    """Return whether a process still runs, and is not a later one with the same number."""
    return bool(pid) and abs(_start_time(pid) - started) < 1


def _start_time(pid: int) -> float:
    """Return when a process started, in seconds since 1970, or 0 if there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0
