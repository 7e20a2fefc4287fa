"""Install Bubblewrap if it is missing and the user may: ``python -m tests.hostile.install``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

COMMAND = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "bubblewrap"]


def main() -> int:
    """Install it, or print why not; the other tests run in either case."""
    if shutil.which("bwrap"):
        return 0
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("apt-get"):
        print("Bubblewrap is missing, so the tests that attack a sandbox are skipped.")
        return 0
    run = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        reason = (run.stderr or run.stdout).strip().splitlines() or ["no reason given"]
        print(f"Bubblewrap can't be installed ({reason[-1]}), so its tests are skipped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
