"""A temporary PostgreSQL server on loopback.

``python -m tests.postgres`` installs PostgreSQL on Debian if it is missing.
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
NOBODY_UID: Final = 65534  # PostgreSQL refuses to run as root
USER: Final = "grader"


def program_folder() -> Path | None:
    """Return the folder of PostgreSQL's server programs; on Debian it isn't on the PATH."""
    paths = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    initdb = paths[-1] if paths else shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextlib.contextmanager
def run_server() -> Iterator[str]:
    """Run a server; yield its URL, to which a database's name can be appended.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    programs = program_folder()
    if programs is None:
        raise FileNotFoundError(MISSING)
    with tempfile.TemporaryDirectory(prefix="postgres-") as name, socket.socket() as probe:
        folder = Path(name, "data")
        as_nobody = []
        if os.geteuid() == 0:
            as_nobody = [
                "setpriv",
                f"--reuid={NOBODY_UID}",
                f"--regid={NOBODY_UID}",
                "--clear-groups",
            ]
            os.chown(name, NOBODY_UID, NOBODY_UID)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()

        def run(program: str, *options: str) -> None:
            command = [*as_nobody, str(programs / program), f"--pgdata={folder}", *options]
            with Path(name, "output").open("w+") as output:  # the server would keep a pipe open
                done = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False)
                output.seek(0)
                assert done.returncode == 0, output.read()

        run("initdb", "--auth=trust", f"--username={USER}", "--no-sync")
        options = f"-p {port} -h 127.0.0.1 -c unix_socket_directories= -c fsync=off"
        run("pg_ctl", "--wait", "start", f"--log={folder}/log", f"--options={options}")
        try:
            yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "--wait", "--mode=fast", "stop")


def main() -> None:
    """Install PostgreSQL, or print why not and exit normally: other tests don't need it."""
    if program_folder() is not None:
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
