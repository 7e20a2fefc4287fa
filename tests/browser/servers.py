"""A real Jupyter server on loopback, with nothing of the user's own settings."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2] / "course"
PREFIX = "/user/jane/named-server/"  # as JupyterHub serves a named server
_GRADER = ("formgrader", "validate_assignment", "assignment_list", "course_list")
_LAB = ("jupyterlab", "notebook", "notebook_shim")
_SLOW = (
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab_jupytext",
    *(f"nbgrader.server_extensions.{name}" for name in _GRADER),
)  # not needed here, and some seconds to load


@dataclass(frozen=True)
class Server:
    """A running server: `url` ends in a slash, `root` is the folder that it shows."""

    url: str
    token: str
    root: Path

    def page(self, kind: str, path: str) -> str:
        """Return the address of a notebook in Notebook 7, or in Lab; of Lab itself without one."""
        if kind == "notebook":
            return f"{self.url}notebooks/{path}?token={self.token}"
        # A workspace of its own: an old tab would match the new one's selectors.
        place = f"/tree/{path}" if path else ""
        return f"{self.url}lab/workspaces/{secrets.token_hex(4)}{place}?token={self.token}"


@contextlib.contextmanager
def serve(program: str, root: Path, home: Path, *options: str) -> Iterator[Server]:
    """Run ``jupyter lab`` or ``jupyter server`` on `root`; `home` takes all that it writes."""
    extensions = dict.fromkeys(_SLOW, False) | dict.fromkeys(_LAB, program == "lab")
    extensions["course.server"] = True
    config = home / "config"
    config.mkdir(parents=True)
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": extensions}})
    )
    quiet = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    quiet.mkdir(parents=True)
    (quiet / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    shown = home / "share" / "labextensions" / "autoencoder-course"
    shutil.copytree(COURSE / "labextension", shown)  # this tree's, not an installed older one
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
    environment |= {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PATH": str(home / "share"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": str(home / "ipython"),
    }
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
    command += [f"--ServerApp.base_url={PREFIX}", *options]
    if program == "lab":
        # The news feed and the extension manager are what would ask the network.
        command += ["--LabApp.extension_manager=readonly", "--LabApp.expose_app_in_browser=True"]
    log = home / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(  # its own group, so that its kernels end with it
            command,
            cwd=root,  # where nbgrader looks for its settings
            env=environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield Server(_ready(home / "runtime", process, token, log), token, root)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ready(runtime: Path, process: subprocess.Popen[bytes], token: str, log: Path) -> str:
    """Wait until the server answers; return its address."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        for info in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError):
                url = str(json.loads(info.read_text())["url"])
                address = f"{url}api/status?token={token}"
                with urllib.request.urlopen(address, timeout=10):
                    return url
        time.sleep(0.1)
    raise RuntimeError(f"the Jupyter server did not start:\n{log.read_text()[-3000:]}")
