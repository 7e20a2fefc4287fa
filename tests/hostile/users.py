"""Run a Python program as root or as an ordinary user, with a Python that each user can start.

As root, Bubblewrap shows a Python below a closed folder such as ``/root`` to the other users too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox import environment, landlock
from tests.hostile.machine import ROOT

ORDINARY_UID = os.geteuid() or 64_123
UIDS = {"ordinary": ORDINARY_UID, "root": 0}


def unavailable_reason(uid: int) -> str:
    """Return why this process can't run a program as the user; empty if it can."""
    if uid == os.geteuid() != 0 or (os.geteuid() == 0 and shutil.which("bwrap")):
        return ""
    return "it needs root and Bubblewrap"


def command_prefix(uid: int) -> list[str]:
    """Words to put before a command to run it as this user."""
    if uid == os.geteuid() != 0:
        return []
    prefix = ["bwrap", "--dev-bind", "/", "/", "--cap-add", "ALL"]
    closed = landlock.closed_folder()
    if closed is not None:
        prefix += ["--perms", "0755", "--tmpfs", str(closed)]
        for folder in environment.python_folders():
            if folder.is_relative_to(closed):
                for parent in reversed(folder.parents):
                    if parent.is_relative_to(closed) and parent != closed:
                        prefix += ["--perms", "0755", "--dir", str(parent)]
                prefix += ["--ro-bind", str(folder), str(folder)]
    if uid != 0:
        prefix += ["--", "setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        prefix += ["--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all"]
    return [*prefix, "--"]


def run_python(
    arguments: Sequence[str], uid: int, home: Path, seconds: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run Python in the course's folder; ``home`` becomes the user's, with its temporary files."""
    os.chown(home, uid, uid)
    home.chmod(0o711)  # kernels of root run as other users
    env = {**os.environ, "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    for name in ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "PYTEST_XDIST_WORKER"):
        env.pop(name, None)
    return subprocess.run(
        [*command_prefix(uid), sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
