"""Find out which isolation the host supports, by trying it, and what it lacks for more."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from autograder.sandbox import bubblewrap, environment, landlock, seccomp
from autograder.sandbox.launch import LaunchRequest, launch_in_bubblewrap
from autograder.sandbox.limits import Limits
from autograder.sandbox.protection import Protection, UnprotectedError

MIN_BWRAP_VERSION: Final = (0, 8)  # the first whose --size for a tmpfs is reliable
TRIAL_TIMEOUT_S: Final = 60


def choose_protection(allow_unprotected: bool = False) -> Protection:
    """Return the strongest isolation that the host supports.

    Example:
        >>> choose_protection(allow_unprotected=True) in Protection
        True

    Raises:
        UnprotectedError: It supports none, and resource limits alone are not allowed.
    """
    if not (missing := missing_features()):
        return Protection.BUBBLEWRAP
    if not (no_landlock := landlock.unavailable_reason()):
        return Protection.LANDLOCK
    if allow_unprotected:
        return Protection.NONE
    raise UnprotectedError([*missing, no_landlock])


def missing_features() -> list[str]:
    """Return what the host lacks for Bubblewrap and how to fix it; empty if nothing."""
    return list(filter(None, [_missing_feature()]))


@functools.cache
def _missing_feature() -> str:
    if not sys.platform.startswith("linux"):
        return "Bubblewrap needs Linux; use a Linux machine, a virtual machine, or WSL 2."
    if bubblewrap.unused_uid() == 0:
        return (
            "The grader runs as root in a container that has no other users, and students' code"
            " never runs as root; grade as an ordinary user."
        )
    return _missing_program() or _try_sandbox()


def _missing_program() -> str:
    missing = bubblewrap.missing_programs()
    if "bwrap" in missing:
        return (
            "Bubblewrap is not installed; install it (apt-get install bubblewrap, dnf install"
            " bubblewrap, or conda install -c conda-forge bubblewrap)."
        )
    if missing:
        return f"Programs are missing: {', '.join(missing)}; install util-linux and tar."
    run = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)  # noqa: S607  (found on PATH, where the system keeps it)
    if tuple(map(int, re.findall(r"\d+", run.stdout)[:2])) < MIN_BWRAP_VERSION:
        return f"Bubblewrap must be 0.8 or newer, got {run.stdout.strip()!r}; upgrade it."
    if not seccomp.compile_filter():
        return "libseccomp is not installed; install it (apt-get install libseccomp2)."
    return ""


def _try_sandbox() -> str:
    """Make a sandbox, run nothing in it, and return why that failed."""
    with ExitStack() as stack:
        private_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kernel-")))
        (private_dir / "kernel.json").write_text("{}", encoding="ascii")
        request = LaunchRequest(private_dir, private_dir / "none", Limits())
        launch = launch_in_bubblewrap(stack, request)
        sandbox_command = launch.command[: launch.command.index(environment.python())]
        try:
            run = subprocess.run(  # noqa: S603  (our own command)
                [*sandbox_command, environment.python(), "-c", "pass"],
                env=launch.env,
                stdin=launch.stdin,
                pass_fds=launch.pass_fds,
                capture_output=True,
                text=True,
                timeout=TRIAL_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"Bubblewrap can't make a sandbox: {error}."
    if run.returncode == 0:
        return ""
    reason = (run.stderr.strip().splitlines() or [f"exit code {run.returncode}"])[-1]
    return (
        f"Bubblewrap can't make a sandbox: {reason}. In a container, allow it to create"
        " namespaces; on Ubuntu 24.04 or newer, let AppArmor allow bwrap."
    )
