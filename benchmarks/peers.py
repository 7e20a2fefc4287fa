"""The graders that benchmarks compare this course with, in an environment of their own.

The first benchmark installs them into ``.tools/peers``, as locked in ``peers.txt``.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
HOME: Final = ROOT / ".tools" / "peers"
LOCK: Final = Path(__file__).with_name("peers.txt")


@functools.cache
def program(name: str) -> str:
    """Return the path of a program of that environment, such as ``nbgrader`` or ``python``."""
    ready = HOME / "ready"
    if not ready.exists() or ready.stat().st_mtime < LOCK.stat().st_mtime:
        uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
        print("Installing the peers into .tools/peers ...", file=sys.stderr)
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, HOME], check=True)
        install = [uv, "pip", "install", "-q", "--compile-bytecode", "--require-hashes"]
        python = HOME / "bin" / "python"
        subprocess.run([*install, "--python", python, "-r", LOCK], check=True)
        ready.touch()
    return str(HOME / "bin" / name)
