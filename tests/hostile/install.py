"""Install Bubblewrap, if it is missing and we may: ``python -m tests.hostile.install``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

COMMAND = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "bubblewrap"]


def main() -> int:
    """Install it, or say in a line why not; either way the other tests can run."""
    if shutil.which("bwrap"):
        return 0
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or not shutil.which("apt-get"):
        print("Bubblewrap is missing: the tests that attack a sandbox are skipped.")
        return 0
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        print(f"Bubblewrap could not be installed ({last[-1]}): its tests are skipped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
