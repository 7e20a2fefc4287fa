"""A real Jupyter server on loopback, without any of the user's settings."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

NO_VARIABLES: Final[Mapping[str, str]] = MappingProxyType({})
TIMEOUT_S = 120  # for everything a test waits for: a busy machine may take long
COURSE = Path(__file__).resolve().parents[2] / "course"
PREFIX = "/user/jane/named-server/"  # as for a named server of JupyterHub
_NBGRADER_EXTENSIONS = ("formgrader", "validate_assignment", "assignment_list", "course_list")
_LAB_EXTENSIONS = ("jupyterlab", "notebook", "notebook_shim")
_SLOW_EXTENSIONS = (
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab_jupytext",
    *(f"nbgrader.server_extensions.{name}" for name in _NBGRADER_EXTENSIONS),
)  # not needed here, and some seconds to load


@dataclass(frozen=True)
class Server:
    """A running server: `url` ends in a slash, `root` is the folder that it shows."""

    url: str
    token: str
    root: Path

    def page(self, kind: str, path: str) -> str:
        """Return the URL of a notebook in Notebook 7 ("notebook") or JupyterLab ("lab").

        With an empty path, it is the URL of JupyterLab itself.
        """
        if kind == "notebook":
            return f"{self.url}notebooks/{path}?token={self.token}"
        # Each page has its own workspace: the selectors of a test would match tabs of older ones.
        tree = f"/tree/{path}" if path else ""
        return f"{self.url}lab/workspaces/{secrets.token_hex(4)}{tree}?token={self.token}"


@contextlib.contextmanager
def serve(
    program: str, root: Path, home: Path, *options: str, variables: Mapping[str, str] = NO_VARIABLES
) -> Iterator[Server]:
    """Run ``jupyter lab`` or ``jupyter server`` on `root`; it writes its own files to `home`."""
    token = secrets.token_hex(16)
    environment = {**_environment(home), **variables}
    _write_settings(program, home)
    command = [*_command(program, root, token), *options]
    log = home / "server.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
            cwd=root,  # nbgrader looks for its settings here
            env=environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # so that its kernels end with it
        )
    try:
        yield Server(_wait_for_url(home / "runtime", process, token, log), token, root)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _FileHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Keep the tests' output readable."""


@contextlib.contextmanager
def serve_files(folder: Path) -> Iterator[str]:
    """Serve a folder as a static site, which answers nothing but GET; yield its address."""
    handler = functools.partial(_FileHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _command(program: str, root: Path, token: str) -> list[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", program, "--no-browser", "--allow-root"]
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}"]
    command += [f"--ServerApp.base_url={PREFIX}"]
    if program == "lab":
        command += ["--LabApp.expose_app_in_browser=True"]
        command += ["--JupyterNotebookApp.expose_app_in_browser=True"]
        # The extension manager and the news (see `_write_settings`) would access the network.
        command += ["--LabApp.extension_manager=readonly"]
    return command


def _write_settings(program: str, home: Path) -> None:
    extensions = dict.fromkeys(_SLOW_EXTENSIONS, False)
    extensions |= dict.fromkeys(_LAB_EXTENSIONS, program == "lab")
    extensions["course.server"] = True
    config = home / "config"
    config.mkdir(parents=True)
    (config / "jupyter_server_config.json").write_text(
        json.dumps({"ServerApp": {"jpserver_extensions": extensions}})
    )
    notifications = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    notifications.mkdir(parents=True)
    (notifications / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    # The extension of this checkout, not an older one that is installed.
    extension = home / "share" / "labextensions" / "autoencoder-course"
    shutil.copytree(COURSE / "labextension", extension)


def _environment(home: Path) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY_"))}
    return inherited | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_PATH": str(home / "share"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": str(home / "ipython"),
    }


def _wait_for_url(runtime: Path, process: subprocess.Popen[bytes], token: str, log: Path) -> str:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        for info in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(OSError, ValueError):
                url = str(json.loads(info.read_text())["url"])
                status = f"{url}api/status?token={token}"
                with urllib.request.urlopen(status, timeout=TIMEOUT_S):
                    return url
        time.sleep(0.1)
    raise RuntimeError(f"the Jupyter server did not start:\n{log.read_text()[-3000:]}")
