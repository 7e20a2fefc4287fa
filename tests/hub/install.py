"""Install what the hub needs on Debian, as ``make hub`` does: ``python -m tests.hub.install``.

Without root it says so in one line and leaves: the hub's tests are then skipped. As root, what
can't be installed is an error, and not a reason to test nothing.
"""

from __future__ import annotations

import os
import shutil
import sys

from deploy.hub import network, prepare


def missing() -> str:
    """Say what the hub lacks here; nothing if it can start."""
    absent = [name for name in (*prepare.DEBIAN_PACKAGES, "useradd") if not shutil.which(name)]
    if absent:
        return f"the hub needs {', '.join(absent)}"
    if not network.PROXY_PROGRAM.exists():
        return "the hub's proxy is not installed"
    return ""


def main() -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        print("The hub's tests will be skipped: they need root on Linux.")
        return
    try:
        prepare.install_programs()
        prepare.install_proxy()
    except RuntimeError as error:
        sys.exit(f"What the hub's tests need can't be installed: {error}")


if __name__ == "__main__":
    main()
