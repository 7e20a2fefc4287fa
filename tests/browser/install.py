"""Find a Chromium for the browser tests; where it is missing and may be installed, install it.

Run as ``python -m tests.browser.install``. Where that is not possible it says so in one line
and leaves: the browser tests are then skipped, with the same reason.
"""

from __future__ import annotations

import os
import shutil
import subprocess

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
MISSING = f"no Chromium on the PATH ({', '.join(NAMES)})"


def chromium() -> str | None:
    """Return the path of a Chromium, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def main() -> None:
    if chromium():
        return
    if not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        advice = "install one, or run this as root"
        print(f"Browser tests will be skipped: {MISSING}; {advice}.")
        return
    print("Installing Chromium for the browser tests ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
            failed = f"{' '.join(command[:2])} failed: {reason[0]}"
            print(f"Browser tests will be skipped: {failed}")
            return


if __name__ == "__main__":
    main()
