"""Install what the hub needs on Debian, as ``make hub`` does: ``python -m tests.hub.install``.

Without root it prints a line and exits: the hub's tests are then skipped. As root, it fails if
something can't be installed, so that the tests aren't skipped unnoticed.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import sys
from pathlib import Path

from deploy.hub import network, prepare
from deploy.hub.settings import CHECKOUT


def missing() -> str:
    """Return a message about what the hub lacks on this machine; empty if it can start."""
    programs = [name for name in (*prepare.DEBIAN_PACKAGES, "useradd") if not shutil.which(name)]
    if programs:
        return f"the hub needs {', '.join(programs)}"
    if not network.PROXY_PROGRAM.exists():
        return "the hub's proxy is not installed"
    return ""


def outdated_extension_files() -> list[str]:
    """Return the files of JupyterLab's extension that differ from the installed ones."""
    installed = Path(sys.prefix, "share/jupyter/labextensions/autoencoder-course/static")
    comparison = filecmp.dircmp(CHECKOUT / "course" / "labextension" / "static", installed)
    return comparison.left_only + comparison.right_only + comparison.diff_files


def main() -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        print("The hub's tests will be skipped: they need root on Linux.")
        return
    try:
        prepare.install_programs()
        prepare.install_proxy()
    except RuntimeError as error:
        sys.exit(f"Can't install what the hub's tests need: {error}")


if __name__ == "__main__":
    main()
