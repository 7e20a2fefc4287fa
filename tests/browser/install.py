"""Find a Chromium for the browser tests, and install one where that is possible.

Run as ``python -m tests.browser.install``. If it can't install one, it prints the reason and
succeeds: the browser tests are then skipped with the same reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from book.pdf import PROGRAMS, find_chromium

chromium = find_chromium
NO_CHROMIUM = f"no Chromium on the PATH ({', '.join(PROGRAMS)})"


def main() -> None:
    if chromium():
        return
    if not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        advice = "install one, or run this as root"
        print(f"Browser tests will be skipped: {NO_CHROMIUM}; {advice}.")
        return
    print("Installing Chromium for the browser tests ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update", "-qq"], install):
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode:
            reason = (result.stderr or result.stdout).strip().splitlines()[-1:] or ["no output"]
            error = f"{' '.join(command[:2])} failed: {reason[0]}"
            print(f"Browser tests will be skipped: {error}")
            return


if __name__ == "__main__":
    main()
