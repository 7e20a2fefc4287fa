"""A PostgreSQL server of our own, on loopback, for as long as a test needs it.

``python -m tests.postgres`` installs it on Debian, if it is missing and we may.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MISSING: Final = "PostgreSQL is not installed (apt-get install postgresql)"
NOBODY: Final = 65534  # PostgreSQL does not run as root
USER: Final = "grader"


def programs() -> Path | None:
    """Where PostgreSQL's own programs are; Debian keeps them off the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Start a server; yield the address of its databases, to which a name is added.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    home = programs()
    if home is None:
        raise FileNotFoundError(MISSING)
    with tempfile.TemporaryDirectory(prefix="postgres-") as name, socket.socket() as probe:
        folder = Path(name, "data")
        drop = []
        if os.geteuid() == 0:
            drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
            os.chown(name, NOBODY, NOBODY)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()

        def run(program: str, *options: str) -> None:
            command = [*drop, str(home / program), f"--pgdata={folder}", *options]
            with Path(name, "said").open("w+") as said:  # a pipe would be kept open by the server
                done = subprocess.run(command, stdout=said, stderr=said, cwd="/", check=False)
                said.seek(0)
                assert done.returncode == 0, said.read()

        run("initdb", "--auth=trust", f"--username={USER}", "--no-sync")
        options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off"
        run("pg_ctl", "--wait", "start", f"--log={folder}/log", f"--options={options}")
        try:
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "--wait", "--mode=fast", "stop")


def main() -> None:
    """Install it, or say in a line why not; either way the other tests can run."""
    if programs() is not None:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "postgresql"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        print((done.stderr or done.stdout).strip()[-300:], file=sys.stderr)
    print("PostgreSQL is missing: its tests are skipped.")


if __name__ == "__main__":
    main()
